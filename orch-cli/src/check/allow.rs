//! `// orch: allow(name)`: what is meant as it is.

use std::ops::Range;

use super::lints::LINTS;
use crate::source::Source;

/// A comment that allows lints.
#[derive(Debug)]
pub(super) struct Allowed {
    /// From the first line on which it holds to the last.
    lines: Range<usize>,
    names: Vec<String>,
}

/// A name in such a comment that no lint has, and where it stands.
#[derive(Debug)]
pub(super) struct Unknown {
    pub(super) place: Range<usize>,
    pub(super) name: String,
}

/// What the comments of a file allow. Each holds for its own line and for the next one that is no comment.
pub(super) fn read(source: &Source) -> (Vec<Allowed>, Vec<Unknown>) {
    let (mut allowed, mut unknown) = (Vec::new(), Vec::new());
    let comments = source.comments(0..source.text().len());
    let starts_line = |at: usize| source.text()[source.line_start(at)..at].trim().is_empty();
    for (index, comment) in comments.iter().enumerate() {
        let text = &source.text()[comment.range.clone()];
        let Some(start) = text.find("orch: allow(") else { continue };
        // What explains the rule is none.
        if !text[..start].trim_matches(['/', '*', ' ', '!']).is_empty() {
            continue;
        }
        let from = start + "orch: allow(".len();
        let Some(length) = text[from..].find(')') else { continue };
        let mut names = Vec::new();
        for written in text[from..from + length].split(',') {
            let name = written.trim().trim_start_matches("orch::");
            if LINTS.iter().any(|lint| lint.name == name) {
                names.push(name.to_owned());
            } else if !name.is_empty() {
                let at = comment.range.start + from + written_at(&text[from..], written);
                unknown.push(Unknown { place: at..at + written.trim().len(), name: name.to_owned() });
            }
        }
        let first = source.line_of(comment.range.start);
        let mut last = source.line_of(comment.range.end);
        for next in comments.get(index + 1..).unwrap_or_default() {
            if source.line_of(next.range.start) != last + 1 || !starts_line(next.range.start) {
                break;
            }
            last = source.line_of(next.range.end);
        }
        if starts_line(comment.range.start) {
            last += 1;
        }
        allowed.push(Allowed { lines: first..last + 1, names });
    }
    (allowed, unknown)
}

/// Where a part of a text begins in it, without its blanks.
fn written_at(text: &str, part: &str) -> usize {
    let offset = part.as_ptr() as usize - text.as_ptr() as usize;
    offset + (part.len() - part.trim_start().len())
}

impl Allowed {
    /// Whether a lint is allowed on a line, which counts from 0.
    pub(super) fn allows(&self, lint: &str, line: usize) -> bool {
        self.lines.contains(&line) && self.names.iter().any(|name| name == lint)
    }
}
