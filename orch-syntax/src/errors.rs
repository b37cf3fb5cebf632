//! The mistakes found in one text.

use std::fmt;

use proc_macro2::{LineColumn, Span, TokenStream};

/// More than this helps nobody: the rest is most likely the noise of one misplaced character.
const CAP: usize = 24;

/// One thing that is wrong with a text, and what to write instead.
///
/// It displays as its message. As a [`syn::Error`] it is what a macro gives to the compiler.
#[derive(Clone, Debug)]
pub struct Mistake {
    place: Place,
    error: syn::Error,
}

impl Mistake {
    /// What is wrong: one sentence, in which what is to be written stands between backticks.
    #[must_use]
    pub fn message(&self) -> String {
        self.error.to_string()
    }

    /// The tokens that are wrong, as far as the compiler can join their spans; else the first of them.
    #[must_use]
    pub fn span(&self) -> Span {
        self.error.span()
    }

    /// Where the mistake begins: the line from 1, the column from 0, in characters.
    #[must_use]
    pub fn start(&self) -> LineColumn {
        LineColumn { line: self.place.line, column: self.place.column }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl From<Mistake> for syn::Error {
    fn from(mistake: Mistake) -> Self {
        mistake.error
    }
}

/// The mistakes of one text, in the order of the text: one for each place, and two dozen at most.
#[derive(Clone, Debug, Default)]
pub struct Errors {
    list: Vec<Mistake>,
    /// Set when brackets are missing and nothing says where: which step belongs to which block is then a
    /// guess, and no rule about blocks may be held against the user.
    pub(crate) structure_unsure: bool,
    /// Set when something is left out of the tree, or stands in it that is no code.
    broken: bool,
}

impl Errors {
    /// Whether there is no mistake.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// All of them, in the order of the text.
    pub fn iter(&self) -> std::slice::Iter<'_, Mistake> {
        self.list.iter()
    }

    /// Whether the tree is that of a pipeline all the same: what was wrong is left out or mended, and no step is missing. Then the
    /// compiler can say what else is wrong.
    #[doc(hidden)]
    #[must_use]
    pub fn leave_a_pipeline(&self) -> bool {
        !self.broken
    }

    /// Notes that what the tree has is no pipeline, whatever is reported.
    pub(crate) fn break_tree(&mut self) {
        self.broken = true;
    }

    /// Records a mistake at one token, beside which the tree is that of a pipeline.
    pub(crate) fn beside(&mut self, span: Span, message: impl Into<String>) {
        let message: String = message.into();
        self.push(Mistake { place: Place::of(span), error: syn::Error::new(span, message) });
    }

    /// Records a mistake that spans several tokens, beside which the tree is that of a pipeline.
    pub(crate) fn beside_over(&mut self, tokens: TokenStream, message: impl Into<String>) {
        let message: String = message.into();
        let first = tokens.clone().into_iter().next().map_or_else(Span::call_site, |token| token.span());
        self.push(Mistake { place: Place::of(first), error: syn::Error::new_spanned(tokens, message) });
    }

    /// Records a mistake at one token.
    pub(crate) fn at(&mut self, span: Span, message: impl Into<String>) {
        self.broken = true;
        self.beside(span, message);
    }

    /// Records a mistake that spans several tokens.
    pub(crate) fn over(&mut self, tokens: TokenStream, message: impl Into<String>) {
        self.broken = true;
        self.beside_over(tokens, message);
    }

    /// Takes over what another reading found.
    pub(crate) fn absorb(&mut self, other: Errors) {
        self.structure_unsure |= other.structure_unsure;
        self.broken |= other.broken;
        for mistake in other.list {
            self.push(mistake);
        }
    }

    /// One place, one mistake: what is reported there later follows from the first.
    fn push(&mut self, mistake: Mistake) {
        let place = &mistake.place;
        if self.list.len() < CAP && !self.list.iter().any(|known| known.place == *place) {
            let after = |known: &Mistake| (known.place.line, known.place.column) > (place.line, place.column);
            let at = self.list.iter().position(after).unwrap_or(self.list.len());
            self.list.insert(at, mistake);
        }
    }
}

impl IntoIterator for Errors {
    type Item = Mistake;
    type IntoIter = std::vec::IntoIter<Mistake>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

impl<'e> IntoIterator for &'e Errors {
    type Item = &'e Mistake;
    type IntoIter = std::slice::Iter<'e, Mistake>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Where a mistake begins.
#[derive(Clone, Debug, PartialEq)]
struct Place {
    line: usize,
    column: usize,
    /// rust-analyzer gives the same line and column for every token; what tells its spans apart is only in
    /// their `Debug` form, `…10..15…` there as in the compiler.
    start: String,
}

impl Place {
    fn of(span: Span) -> Self {
        let (location, text) = (span.start(), format!("{span:?}"));
        let start = text.split_once("..").map_or(text.as_str(), |(start, _)| start).to_owned();
        Self { line: location.line, column: location.column, start }
    }
}
