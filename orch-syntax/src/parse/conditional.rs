//! A step or a part of the header that is there under a condition.

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;

use crate::tokens;

/// What is there only under a condition, as places in the tokens.
pub(super) struct ConditionalPart {
    /// Of the first attribute.
    pub(super) start: usize,
    /// After the attributes.
    pub(super) content: usize,
    /// Whether `#[durable]` is among the attributes.
    pub(super) durable: bool,
    /// After what they stand on.
    pub(super) end: usize,
    pub(super) predicate: TokenStream,
}

impl ConditionalPart {
    /// The text where the condition holds, and where it does not.
    pub(super) fn cases(&self, all: &[TokenTree]) -> (TokenStream, TokenStream) {
        let part = |from, to| tokens::collect(tokens::part(all, from, to));
        let (mut with, rest) = (part(0, self.start), part(self.end, all.len()));
        let mut without = with.clone();
        if self.durable {
            with.extend(quote!(#[durable]));
        }
        with.extend(part(self.content, self.end));
        with.extend(rest.clone());
        without.extend(rest);
        (with, without)
    }
}
