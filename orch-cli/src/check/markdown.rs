//! The Rust in a page: what stands in its code blocks, at the places where it stands.

/// The code blocks of a page, each as a text in which all the rest is blanks. Lines and columns are those of the page.
pub(super) fn blocks(page: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut current: Option<String> = None;
    let mut before = String::new();
    for line in page.split_inclusive('\n') {
        let blank = line.chars().map(blank).collect::<String>();
        let trimmed = line.trim();
        match &mut current {
            None if is_rust(trimmed) => current = Some(before.clone() + &blank),
            Some(text) if trimmed.starts_with("```") => {
                all.push(std::mem::take(text));
                current = None;
            }
            Some(text) => text.push_str(&without_mark(line)),
            None => {}
        }
        before += &blank;
    }
    all
}

/// Whether a code block of Rust begins.
fn is_rust(line: &str) -> bool {
    let Some(language) = line.strip_prefix("```") else { return false };
    language.split(',').next() == Some("rust")
        && !language.contains("compile_fail")
        && !language.contains("ignore")
}

/// The `# ` before a line that is not shown.
fn without_mark(line: &str) -> String {
    if line.starts_with("# ") { line.replacen('#', " ", 1) } else { line.to_owned() }
}

/// A blank as long as a character is.
fn blank(c: char) -> String {
    if c == '\n' || c == '\r' { c.to_string() } else { " ".repeat(c.len_utf8()) }
}
