//! Pieces of the text that are handed on as they are: of several lines all but the first move with what they stand in.

use std::ops::Range;

use super::style::Style;
use crate::source::Source;

/// A piece of text.
#[derive(Clone, Debug, Default)]
pub(super) struct Code {
    pub(super) first: String,
    pub(super) rest: Vec<Line>,
}

/// A line of a piece, after the first.
#[derive(Clone, Debug)]
pub(super) enum Line {
    /// It begins so much further right, or left, than the line on which the piece does.
    Moves { by: isize, text: String },
    /// It begins within a literal or a comment. The line break before it is a part of that too.
    Frozen { line_break: &'static str, text: String },
}

impl Code {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self { first: text.into(), rest: Vec::new() }
    }

    /// What stands in a range of the text.
    pub(super) fn of(source: &Source, style: &Style, range: Range<usize>) -> Self {
        let text = &source.text()[range.clone()];
        let base = style.indentation(&source.text()[source.indented_line(range.start)..]);
        let mut code = Code::default();
        let mut at = range.start;
        for (index, written) in text.split('\n').enumerate() {
            let end = at + written.len();
            // Where the line break after it belongs to a literal, so do the blanks before that.
            let goes_on = end < range.end && source.is_frozen(end + 1);
            let bare =
                if goes_on { written.strip_suffix('\r').unwrap_or(written) } else { written.trim_end() };
            if index == 0 {
                bare.clone_into(&mut code.first);
            } else if source.is_frozen(at) {
                let is_windows = source.text()[..at - 1].ends_with('\r');
                let line_break = if is_windows { "\r\n" } else { "\n" };
                code.rest.push(Line::Frozen { line_break, text: bare.to_owned() });
            } else {
                let by = style.indentation(bare).cast_signed() - base.cast_signed();
                code.rest.push(Line::Moves { by, text: bare.trim_start_matches([' ', '\t']).to_owned() });
            }
            at = end + 1;
        }
        code
    }

    /// The text, if it is one line.
    pub(super) fn flat(&self) -> Option<&str> {
        self.rest.is_empty().then_some(self.first.as_str())
    }

    pub(super) fn push(&mut self, text: &str) {
        match self.rest.last_mut() {
            Some(Line::Moves { text: last, .. } | Line::Frozen { text: last, .. }) => last.push_str(text),
            None => self.first.push_str(text),
        }
    }

    pub(super) fn append(&mut self, other: Code) {
        self.push(&other.first);
        self.rest.extend(other.rest);
    }
}
