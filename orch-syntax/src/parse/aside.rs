//! Steps between brackets that no steps stand in: read for what is in them.

use proc_macro2::{Group, TokenStream};

use super::cursor::Parser;
use crate::tokens;

/// So many brackets around steps are taken away.
const MAX_SPLICED: usize = 16;

impl Parser<'_> {
    /// Whether a block stands in a group, and first.
    pub(super) fn opens_block(&self, group: &Group) -> bool {
        let mut errors = crate::Errors::default();
        let mut parser = Parser::of(tokens::list(group.stream()), &mut errors);
        parser.open_invisible();
        parser.block_at(0) && self.spliced < MAX_SPLICED
    }

    /// Puts what stands in the group here in its place.
    pub(super) fn splice(&mut self, group: &Group) {
        self.spliced += 1;
        self.tokens.splice(self.at..=self.at, tokens::list(group.stream()));
    }

    /// Reads what stands in brackets, if it is steps side by side.
    pub(super) fn read_steps_aside(&mut self, code: TokenStream) {
        if tokens::second_expression(&tokens::list(code.clone())).is_some() {
            self.read_aside(code);
        }
    }

    /// Reads code that is no step, if it is one that has blocks in it.
    pub(super) fn read_blocks_aside(&mut self, code: TokenStream) {
        let mut errors = crate::Errors::default();
        let parser = Parser::of(tokens::list(code.clone()), &mut errors);
        if (0..parser.tokens.len()).any(|index| parser.block_at(index)) {
            self.read_aside(code);
        }
    }

    /// Reads steps that stand where none are read, for the names in them.
    pub(super) fn read_aside(&mut self, steps: TokenStream) {
        let mut errors = crate::Errors::default();
        let mut parser = Parser::of(tokens::list(steps), &mut errors);
        while parser.peek(0).is_some() {
            let before = parser.at;
            parser.items();
            parser.at = parser.at.max(before + 1);
        }
        let paths = std::mem::take(&mut parser.paths);
        self.paths.extend(paths);
    }
}
