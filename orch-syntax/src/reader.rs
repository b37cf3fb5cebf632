//! Reading tokens one after another, for what the macros tell apart themselves: patterns, types and paths.

use proc_macro2::{Delimiter, Group, TokenTree};

use crate::tokens;

/// A place in a list of tokens.
pub(crate) struct Reader {
    pub(crate) tokens: Vec<TokenTree>,
    pub(crate) at: usize,
}

impl Reader {
    pub(crate) fn of(tokens: Vec<TokenTree>) -> Self {
        Self { tokens, at: 0 }
    }

    pub(crate) fn peek(&self, ahead: usize) -> Option<&TokenTree> {
        self.tokens.get(self.at + ahead)
    }

    pub(crate) fn at_end(&self) -> bool {
        self.peek(0).is_none()
    }

    pub(crate) fn punct(&self, ahead: usize, c: char) -> bool {
        tokens::is_punct(self.peek(ahead), c)
    }

    pub(crate) fn pair(&self, ahead: usize, first: char, second: char) -> bool {
        tokens::is_pair(&self.tokens, self.at + ahead, first, second)
    }

    pub(crate) fn word(&self, word: &str) -> bool {
        tokens::is_word(self.peek(0), word)
    }

    pub(crate) fn group(&self, ahead: usize, delimiter: Delimiter) -> Option<&Group> {
        tokens::as_group(self.peek(ahead), delimiter)
    }

    /// Steps over a character, if it stands here.
    pub(crate) fn eat(&mut self, c: char) -> bool {
        let there = self.punct(0, c);
        self.at += usize::from(there);
        there
    }

    pub(crate) fn eat_word(&mut self, word: &str) -> bool {
        let there = self.word(word);
        self.at += usize::from(there);
        there
    }

    pub(crate) fn eat_pair(&mut self, first: char, second: char) -> bool {
        let there = self.pair(0, first, second);
        self.at += 2 * usize::from(there);
        there
    }

    pub(crate) fn is_lifetime(&self) -> bool {
        self.punct(0, '\'') && matches!(self.peek(1), Some(TokenTree::Ident(_)))
    }

    pub(crate) fn eat_lifetime(&mut self) -> bool {
        let there = self.is_lifetime();
        self.at += 2 * usize::from(there);
        there
    }
}
