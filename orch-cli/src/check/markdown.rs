//! The Rust in a page: what stands in its code blocks, at the places where it stands.

/// The code blocks of a page, each as a text in which all the rest is blanks. Lines and columns are those of the page.
pub(super) fn blocks(page: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut current: Option<Block<'_>> = None;
    let mut before = String::new();
    for line in page.split_inclusive('\n') {
        let blank = line.chars().map(blank).collect::<String>();
        match &mut current {
            None => current = Block::begins(line.trim(), || before.clone() + &blank),
            Some(block) if block.ends(line.trim()) => {
                all.extend(block.text.take());
                current = None;
            }
            Some(block) => {
                if let Some(text) = &mut block.text {
                    text.push_str(&without_mark(line));
                }
            }
        }
        before += &blank;
    }
    all
}

/// A code block that is not closed by now.
struct Block<'p> {
    /// What it begins with: three backticks or tildes, or more.
    fence: &'p str,
    /// What stands in it, if that is Rust.
    text: Option<String>,
}

impl<'p> Block<'p> {
    fn begins(line: &'p str, before: impl FnOnce() -> String) -> Option<Self> {
        let rest = ['`', '~'].map(|mark| line.trim_start_matches(mark));
        let language = rest.into_iter().min_by_key(|rest| rest.len())?;
        let fence = &line[..line.len() - language.len()];
        // `code` on a line of its own is none.
        let is_one = fence.len() >= 3 && !(fence.starts_with('`') && language.contains('`'));
        is_one.then(|| Self { fence, text: is_rust(language).then(before) })
    }

    fn ends(&self, line: &str) -> bool {
        line.strip_prefix(self.fence)
            .is_some_and(|rest| rest.chars().all(|mark| self.fence.starts_with(mark)))
    }
}

/// Whether a code block with these words is one of Rust.
fn is_rust(words: &str) -> bool {
    let mut words = words.split([',', ' ', '\t']).filter(|word| !word.is_empty());
    words.next() == Some("rust")
        && !words.any(|word| word.starts_with("compile_fail") || word.starts_with("ignore"))
}

/// The `# ` before a line that is not shown.
fn without_mark(line: &str) -> String {
    if line.starts_with("# ") { line.replacen('#', " ", 1) } else { line.to_owned() }
}

/// A blank as long as a character is.
fn blank(c: char) -> String {
    if c == '\n' || c == '\r' { c.to_string() } else { " ".repeat(c.len_utf8()) }
}
