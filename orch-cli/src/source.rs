//! A file: its text, its tokens, its comments, and where its lines are.

use std::ops::Range;

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};

use crate::problem::Problem;

/// A Rust file as text and as tokens, whose spans are places in the text.
#[derive(Debug)]
pub struct Source {
    name: String,
    text: String,
    tokens: TokenStream,
    comments: Vec<Comment>,
    /// What of the text must stay as it is, line by line: literals and block comments of several lines.
    frozen: Vec<Range<usize>>,
    /// Where each line begins.
    lines: Vec<usize>,
}

/// A comment that is no documentation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Comment {
    pub(crate) range: Range<usize>,
    /// Whether it ends with its line.
    pub(crate) is_line: bool,
}

/// A place in a file, as it is shown: line and column from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl Source {
    /// Reads a text. `name` is what the file is called in messages.
    ///
    /// # Errors
    ///
    /// If the text does not consist of Rust's tokens: a bracket or a quote is not closed, say.
    pub fn read(name: impl Into<String>, text: &str) -> Result<Self, Problem> {
        let (name, text) = (name.into(), text.strip_prefix('\u{feff}').unwrap_or(text).to_owned());
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let mut source =
            Self { name, text, tokens: TokenStream::new(), comments: Vec::new(), frozen: Vec::new(), lines };
        source.tokens = without_shebang(&source.text).parse().map_err(|error: proc_macro2::LexError| {
            let start = error.span().start();
            let position = Position { line: start.line.max(1), column: start.column + 1 };
            Problem::new(
                &source.name,
                position,
                "this file does not consist of Rust's tokens; it is left as it is",
            )
        })?;
        let mut leaves = Leaves { all: Vec::new(), frozen: Vec::new(), text: &source.text };
        leaves.add(source.tokens.clone());
        let Leaves { all, frozen, .. } = leaves;
        source.frozen = frozen;
        let mut end = 0;
        let shebang = source.text.len() - without_shebang(&source.text).trim_start().len();
        let after_all = source.text.len()..source.text.len();
        for leaf in all.into_iter().chain(std::iter::once(after_all)) {
            if leaf.start > end && leaf.start > shebang {
                let found = comments_in(&source.text, end..leaf.start);
                source
                    .frozen
                    .extend(found.iter().filter(|comment| !comment.is_line).map(|c| c.range.clone()));
                source.comments.extend(found);
            }
            end = end.max(leaf.end);
        }
        source.frozen.retain(|range| source.text[range.clone()].contains('\n'));
        source.frozen.sort_by_key(|range| range.start);
        Ok(source)
    }

    /// What the file is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its text, without a byte order mark.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its tokens.
    #[must_use]
    pub fn tokens(&self) -> TokenStream {
        self.tokens.clone()
    }

    /// Where a byte of the text is.
    #[must_use]
    pub fn position(&self, at: usize) -> Position {
        let line = self.line_of(at);
        Position { line: line + 1, column: self.text[self.lines[line]..at].chars().count() + 1 }
    }

    /// The comments in a part of the text.
    pub(crate) fn comments(&self, range: Range<usize>) -> &[Comment] {
        let from = self.comments.partition_point(|comment| comment.range.start < range.start);
        let to = self.comments.partition_point(|comment| comment.range.start < range.end);
        self.comments.get(from..to).unwrap_or_default()
    }

    /// The index of the line that a byte is in.
    pub(crate) fn line_of(&self, at: usize) -> usize {
        self.lines.partition_point(|start| *start <= at).saturating_sub(1)
    }

    /// Where the line begins that a byte is in.
    pub(crate) fn line_start(&self, at: usize) -> usize {
        self.lines[self.line_of(at)]
    }

    /// Where the line begins that says how far a place is indented: a line within a literal or a comment does not, but the one on which
    /// that begins.
    pub(crate) fn indented_line(&self, at: usize) -> usize {
        let mut line = self.line_of(at);
        while line > 0 && self.is_frozen(self.lines[line]) {
            line -= 1;
        }
        self.lines[line]
    }

    /// Whether a place is in a comment.
    pub(crate) fn is_in_comment(&self, at: usize) -> bool {
        let before = self.comments.partition_point(|comment| comment.range.start < at);
        before.checked_sub(1).is_some_and(|before| self.comments[before].range.end > at)
    }

    /// Whether the line break before `at`, where a line begins, is a part of a literal or of a block comment.
    pub(crate) fn is_frozen(&self, at: usize) -> bool {
        let before = self.frozen.partition_point(|range| range.start < at);
        self.frozen[..before].iter().rev().take(8).any(|range| range.end > at)
    }
}

/// The bytes that a span covers.
pub(crate) fn range(span: Span) -> Range<usize> {
    span.byte_range()
}

/// A first line `#!/usr/bin/…` is no Rust; spaces are as long.
fn without_shebang(text: &str) -> String {
    let is_shebang = text.starts_with("#!") && !text[2..].trim_start().starts_with('[');
    let end = text.find('\n').unwrap_or(text.len());
    if is_shebang { " ".repeat(end) + &text[end..] } else { text.to_owned() }
}

/// Where the smallest parts of a stream are, in the order of the text.
struct Leaves<'t> {
    all: Vec<Range<usize>>,
    frozen: Vec<Range<usize>>,
    text: &'t str,
}

impl Leaves<'_> {
    fn add(&mut self, stream: TokenStream) {
        for token in stream {
            match token {
                TokenTree::Group(group) if group.delimiter() != Delimiter::None => {
                    let whole = range(group.span());
                    // A comment that is documentation is tokens too, which all have its place.
                    if self.text[whole.start..].starts_with(['(', '[', '{']) {
                        self.all.push(range(group.span_open()));
                        self.add(group.stream());
                        self.all.push(range(group.span_close()));
                    } else {
                        self.frozen.push(whole.clone());
                        self.all.push(whole);
                    }
                }
                TokenTree::Group(group) => self.add(group.stream()),
                token => {
                    if matches!(token, TokenTree::Literal(_)) {
                        self.frozen.push(range(token.span()));
                    }
                    self.all.push(range(token.span()));
                }
            }
        }
    }
}

/// The comments in what stands between two tokens.
fn comments_in(text: &str, gap: Range<usize>) -> Vec<Comment> {
    let mut found = Vec::new();
    let mut at = gap.start;
    while at < gap.end {
        let rest = &text[at..gap.end];
        let length = if rest.starts_with("//") {
            let line = rest.find('\n').unwrap_or(rest.len());
            rest[..line].trim_end().len()
        } else if rest.starts_with("/*") {
            block_comment(rest)
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
            continue;
        };
        found.push(Comment { range: at..at + length, is_line: rest.starts_with("//") });
        at += length;
    }
    found
}

/// How long the block comment is that a text begins with. They stand in each other.
fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if rest.starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                break;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    at
}
