//! The mistakes found in one invocation.

use proc_macro2::{Span, TokenStream};

/// More than this helps nobody: the rest is most likely the noise of one misplaced character.
const CAP: usize = 24;

/// Collects mistakes, so that one run of the compiler reports all of them.
#[derive(Default)]
pub(crate) struct Errors {
    /// With the place where each begins, in the order of the text.
    list: Vec<(Place, syn::Error)>,
    /// Set when brackets are missing and nothing says where: which step belongs to which block is then a
    /// guess, and no rule about blocks may be held against the user.
    pub(super) structure_unsure: bool,
}

impl Errors {
    /// Records a mistake at one token.
    pub(crate) fn at(&mut self, span: Span, message: impl Into<String>) {
        let message: String = message.into();
        self.push(Place::of(span), syn::Error::new(span, message));
    }

    /// Records a mistake that spans several tokens.
    pub(crate) fn over(&mut self, tokens: TokenStream, message: impl Into<String>) {
        let message: String = message.into();
        let first = tokens.clone().into_iter().next().map_or_else(Span::call_site, |token| token.span());
        self.push(Place::of(first), syn::Error::new_spanned(tokens, message));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    /// Takes over what another reading found.
    pub(super) fn absorb(&mut self, other: Errors) {
        self.structure_unsure |= other.structure_unsure;
        for (place, error) in other.list {
            self.push(place, error);
        }
    }

    /// One place, one mistake: what is reported there later follows from the first.
    fn push(&mut self, place: Place, error: syn::Error) {
        if self.list.len() < CAP && !self.list.iter().any(|(known, _)| *known == place) {
            let after = |known: &Place| (known.line, known.column) > (place.line, place.column);
            let at = self.list.iter().position(|(known, _)| after(known)).unwrap_or(self.list.len());
            self.list.insert(at, (place, error));
        }
    }

    /// The mistakes in the order of the text.
    pub(super) fn into_sorted(self) -> Vec<syn::Error> {
        let mut errors = Vec::new();
        for (_, error) in self.list {
            errors.push(error);
        }
        errors
    }

    /// One `compile_error!` per mistake; empty if there is none.
    pub(crate) fn into_compile_errors(self) -> TokenStream {
        combined(self.into_sorted()).map(syn::Error::into_compile_error).unwrap_or_default()
    }
}

/// All mistakes as one that reports each.
pub(crate) fn combined(errors: Vec<syn::Error>) -> Option<syn::Error> {
    let mut errors = errors.into_iter();
    let mut all = errors.next()?;
    for error in errors {
        all.combine(error);
    }
    Some(all)
}

/// Where a mistake begins.
#[derive(PartialEq)]
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
