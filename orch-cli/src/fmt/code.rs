//! Pieces of the text that are handed on as they are: of several lines all but the first move with what they stand in.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

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
    Frozen { line_break: &'static str, text: String, is_comment: bool },
}

/// The pieces of several lines that were read by now, each with how far the line is indented that its lines are measured from.
#[derive(Clone, Default)]
pub(super) struct Pieces(Rc<RefCell<Vec<(Range<usize>, usize)>>>);

impl Pieces {
    /// How far the line is indented that a place is measured from. Where that begins within a piece, it is the one of the piece, on
    /// whose last line something goes on.
    fn indentation(&self, source: &Source, style: &Style, at: usize) -> usize {
        let line = source.indented_line(at);
        let all = self.0.borrow();
        let piece = all.iter().rev().find(|(range, _)| range.start < line && line < range.end);
        piece.map_or_else(|| style.indentation(&source.text()[line..]), |(_, indentation)| *indentation)
    }

    fn add(&self, range: Range<usize>, indentation: usize) {
        self.0.borrow_mut().push((range, indentation));
    }
}

impl Code {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self { first: text.into(), rest: Vec::new() }
    }

    /// What stands in a range of the text, beside the pieces before it.
    pub(super) fn of(source: &Source, style: &Style, pieces: &Pieces, range: Range<usize>) -> Self {
        let text = &source.text()[range.clone()];
        let base = pieces.indentation(source, style, range.start);
        if text.contains('\n') {
            pieces.add(range.clone(), base);
        }
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
                let is_comment = source.is_in_comment(at);
                code.rest.push(Line::Frozen { line_break, text: bare.to_owned(), is_comment });
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
