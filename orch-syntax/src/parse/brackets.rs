//! The brackets of blocks, as they are opened and closed.

use proc_macro2::Span;

use crate::errors::Errors;

/// The `<` of a block.
#[derive(Clone)]
pub(super) struct Bracket {
    pub(super) open: Span,
    pub(super) keyword: String,
    /// Whether arms stand in it.
    pub(super) of_arms: bool,
    /// The index of the `<`.
    pub(super) index: usize,
    /// The column in which the line of the block's keyword begins.
    pub(super) indentation: usize,
    /// The token before which its `>` is missing, where the layout tells.
    pub(super) missing_before: Option<usize>,
}

impl Bracket {
    /// Reports it.
    pub(super) fn report(&self, errors: &mut Errors) {
        let keyword = &self.keyword;
        let message = format!("this `<` of `{keyword}` is not closed; write `>` where the block ends");
        errors.beside(self.open, message);
    }
}

pub(super) enum Event {
    Open(Bracket),
    Close {
        index: usize,
        /// The column of a `>` that is the first on its line.
        column: Option<usize>,
    },
}

/// All brackets of the text, in order.
#[derive(Default)]
pub(super) struct Brackets {
    pub(super) open: Vec<Bracket>,
    pub(super) unclosed: Vec<Bracket>,
    pub(super) events: Vec<Event>,
}

impl Brackets {
    /// Whether a block around this place is one of arms.
    pub(super) fn in_arms(&self) -> bool {
        self.open.iter().any(|bracket| bracket.of_arms)
    }

    pub(super) fn depth(&self) -> usize {
        self.open.len()
    }
}
