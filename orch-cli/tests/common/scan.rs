//! A second reading of a text, by its letters: what is code, what are comments, what are literals. It shares nothing with the formatter.

/// A text in parts.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Scanned {
    /// Without blanks, comments and literals; each of these is a mark.
    pub(crate) code: String,
    /// Without what their lines are indented by.
    pub(crate) comments: Vec<String>,
    pub(crate) literals: Vec<String>,
    /// The first line that ends in blanks, outside of literals and comments of several lines.
    pub(crate) blanks_at_ends: Option<usize>,
}

pub(crate) fn scan(text: &str) -> Scanned {
    let mut scanned = Scanned::default();
    let (mut at, mut line) = (0, 1);
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let (length, kind) = if rest.starts_with("//") {
            (rest.find('\n').unwrap_or(rest.len()), Kind::Comment)
        } else if rest.starts_with("/*") {
            (block(rest), Kind::Comment)
        } else if let Some(length) = literal(rest, &text[..at]) {
            (length, Kind::Literal)
        } else {
            (c.len_utf8(), Kind::Code)
        };
        let part = &rest[..length];
        match kind {
            Kind::Comment => {
                let is_line = part.starts_with("//");
                let lines: Vec<&str> = part.split('\n').map(str::trim_start).collect();
                scanned.comments.push(if is_line { part.trim_end().to_owned() } else { lines.join("\n") });
                scanned.code.push('\u{1}');
            }
            Kind::Literal => {
                scanned.literals.push(part.to_owned());
                scanned.code.push('\u{2}');
            }
            Kind::Code if c == '\n' => {
                if text[..at].trim_end_matches('\r').ends_with([' ', '\t'])
                    && scanned.blanks_at_ends.is_none()
                {
                    scanned.blanks_at_ends = Some(line);
                }
            }
            Kind::Code if c.is_whitespace() => {}
            Kind::Code => scanned.code.push(c),
        }
        line += part.matches('\n').count();
        at += length;
    }
    scanned
}

enum Kind {
    Code,
    Comment,
    Literal,
}

fn block(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    loop {
        if text[at..].starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if text[at..].starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
}

/// How long the string or character is that a text begins with.
fn literal(text: &str, before: &str) -> Option<usize> {
    if before.ends_with(|c: char| c.is_alphanumeric() || c == '_') {
        return None;
    }
    let prefix = ["br", "cr", "r", "b", "c", ""].into_iter().find(|prefix| {
        text.strip_prefix(prefix).is_some_and(|rest| {
            rest.starts_with('"') || (prefix.ends_with('r') && rest.trim_start_matches('#').starts_with('"'))
        })
    });
    if let Some(prefix) = prefix {
        let rest = &text[prefix.len()..];
        let hashes = rest.len() - rest.trim_start_matches('#').len();
        if prefix.ends_with('r') {
            let end = format!("\"{}", "#".repeat(hashes));
            let from = prefix.len() + hashes + 1;
            return Some(from + text[from..].find(&end)? + end.len());
        }
        let mut escaped = false;
        for (index, c) in rest.char_indices().skip(1) {
            match c {
                '"' if !escaped => return Some(prefix.len() + index + 1),
                '\\' => escaped = !escaped,
                _ => escaped = false,
            }
        }
        return None;
    }
    // A character, not a lifetime.
    let rest = text.strip_prefix('\'')?;
    let mut letters = rest.char_indices();
    let (_, first) = letters.next()?;
    if first == '\\' {
        let end = rest.get(2..)?.find('\'')?;
        return Some(1 + 2 + end + 1);
    }
    let (end, second) = letters.next()?;
    (second == '\'').then_some(1 + end + 1)
}
