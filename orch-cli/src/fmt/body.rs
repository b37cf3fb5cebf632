//! What stands between the brackets of `pipeline!`, as tokens with their places.

use std::ops::Range;

use orch_syntax::tokens;
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use super::code::{Code, Pieces};
use super::style::Style;
use super::tree::Remark;
use crate::source::{Comment, Source, range};

/// The tokens between two brackets, and a place in them.
pub(super) struct Body<'s> {
    pub(super) source: &'s Source,
    pub(super) style: &'s Style,
    pub(super) tokens: Vec<TokenTree>,
    ranges: Vec<Range<usize>>,
    /// Where the opening bracket ends, and the closing one begins.
    inside: Range<usize>,
    pieces: Pieces,
    pub(super) at: usize,
}

/// What stands between two tokens: comments that belong to the first, others, and whether a line ends before the second.
pub(super) struct Gap {
    pub(super) after: Vec<Remark>,
    pub(super) before: Vec<Remark>,
    /// Whether there is a line break in it.
    pub(super) breaks: bool,
    /// Whether an empty line is right before the second.
    pub(super) apart: bool,
}

impl<'s> Body<'s> {
    pub(super) fn of(source: &'s Source, style: &'s Style, group: &Group) -> Self {
        let inside = range(group.span_open()).end..range(group.span_close()).start;
        let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
        let ranges = tokens.iter().map(|token| range(token.span())).collect();
        Self { source, style, tokens, ranges, inside, pieces: Pieces::default(), at: 0 }
    }

    pub(super) fn text(&self, range: Range<usize>) -> &'s str {
        &self.source.text()[range]
    }

    /// Where a token begins, or after the last one the closing bracket.
    pub(super) fn start(&self, index: usize) -> usize {
        self.ranges.get(index).map_or(self.inside.end, |range| range.start)
    }

    /// Where the token before an index ends, or before the first one the opening bracket.
    pub(super) fn end_before(&self, index: usize) -> usize {
        index
            .checked_sub(1)
            .and_then(|before| self.ranges.get(before))
            .map_or(self.inside.start, |range| range.end)
    }

    /// The index of the token that begins at a place of the text.
    pub(super) fn index_at(&self, start: usize) -> Option<usize> {
        self.ranges.binary_search_by_key(&start, |range| range.start).ok()
    }

    /// The index after the token that ends at a place of the text.
    pub(super) fn index_after(&self, end: usize) -> Option<usize> {
        self.ranges.binary_search_by_key(&end, |range| range.end).ok().map(|index| index + 1)
    }

    pub(super) fn token(&self) -> Option<&TokenTree> {
        self.tokens.get(self.at)
    }

    pub(super) fn punct(&self, c: char) -> bool {
        tokens::is_punct(self.token(), c)
    }

    /// The comments between a token and the one before it.
    pub(super) fn comments(&self, index: usize) -> &'s [Comment] {
        self.source.comments(self.end_before(index)..self.start(index))
    }

    /// The tokens of a range of indices, as they are written.
    pub(super) fn code(&self, from: usize, to: usize) -> Code {
        self.piece(self.start(from)..self.end_before(to))
    }

    /// What stands in a range of the text.
    pub(super) fn piece(&self, range: Range<usize>) -> Code {
        Code::of(self.source, self.style, &self.pieces, range)
    }

    /// The tokens from an index to the end of a comment.
    pub(super) fn code_with(&self, from: usize, last: &Comment) -> Code {
        self.piece(self.start(from)..last.range.end)
    }

    /// How many tokens of an attribute stand here, or none.
    pub(super) fn attribute(&self) -> Option<usize> {
        let is_one = tokens::as_group(self.tokens.get(self.at + 1), Delimiter::Bracket).is_some();
        (self.punct('#') && is_one).then_some(2)
    }

    /// As `code`, with one space for each gap, and none for what is none; as it is written where there are comments in between.
    /// `glued` says of an index that no space stands before it, or one.
    pub(super) fn tidy(&self, from: usize, to: usize, glued: impl Fn(usize) -> Option<bool>) -> Code {
        if (from + 1..to).any(|index| !self.comments(index).is_empty()) {
            return self.code(from, to);
        }
        let mut code = Code::default();
        for index in from..to {
            let touches = self.start(index) == self.end_before(index);
            if index > from && !glued(index).unwrap_or(touches) {
                code.push(" ");
            }
            code.append(self.code(index, index + 1));
        }
        code
    }

    /// What stands between a token and the one before it. `closes` if the token is a bracket at the end.
    pub(super) fn gap(&self, index: usize, closes: bool) -> Gap {
        let (from, to) = (self.end_before(index), self.start(index));
        let comments = self.source.comments(from..to);
        let breaks_in = |from: usize, to: usize| self.text(from..to).matches('\n').count();
        let mut remarks = Vec::new();
        let mut end = from;
        for (position, comment) in comments.iter().enumerate() {
            let next = comments.get(position + 1).map_or(to, |next| next.range.start);
            let line_start = self.source.line_start(comment.range.start);
            let code = self.piece(comment.range.clone());
            let before = breaks_in(end, comment.range.start);
            let ends_line = comment.is_line || breaks_in(comment.range.end, next) > 0;
            let written = self.text(line_start..comment.range.start);
            let (column, bare) = (self.style.width(written), self.style.width(written.trim_end()));
            let (apart, starts_line) = (before > 1, before > 0);
            let (is_line, blanks) = (comment.is_line, column - bare);
            let remark = Remark { code, apart, starts_line, ends_line, is_line, column, blanks };
            remarks.push((remark, before));
            end = comment.range.end;
        }
        let on_line = remarks.iter().take_while(|(_, before)| *before == 0).count();
        let ends = on_line > 0 && (closes || remarks[on_line - 1].0.ends_line || on_line < remarks.len());
        let mut after: Vec<Remark> = remarks.into_iter().map(|(remark, _)| remark).collect();
        let before = after.split_off(if ends { on_line + going_on(&after, on_line) } else { 0 });
        Gap { after, before, breaks: breaks_in(from, to) > 0, apart: breaks_in(end, to) > 1 }
    }

    /// The tokens inside of a group, with what they stand in.
    pub(super) fn inside(&self, group: &Group) -> Body<'s> {
        Body { pieces: self.pieces.clone(), ..Body::of(self.source, self.style, group) }
    }
}

/// How many of the comments from an index on go on with what the one before says: they stand below it in its column.
fn going_on(remarks: &[Remark], index: usize) -> usize {
    let Some(first) = index.checked_sub(1).map(|before| &remarks[before]) else { return 0 };
    let goes_on =
        |remark: &&Remark| first.is_line && remark.is_line && !remark.apart && remark.column == first.column;
    remarks[index..].iter().take_while(goes_on).count()
}

/// Where a stream begins.
pub(super) fn first_start(stream: &TokenStream) -> Option<usize> {
    stream.clone().into_iter().next().map(|token| range(token.span()).start)
}

/// Where a stream ends.
pub(super) fn last_end(stream: &TokenStream) -> Option<usize> {
    stream.clone().into_iter().last().map(|token| range(token.span()).end)
}
