//! The names in scope at a step, and which of them its code mentions.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::quote;

use crate::pattern::Pattern;

/// What is bound before a step, outermost first.
#[derive(Clone, Default)]
pub(super) struct Names {
    entries: Vec<Entry>,
}

/// One value in scope and the pattern that takes it apart.
#[derive(Clone)]
struct Entry {
    pattern: TokenStream,
    bound: Vec<Ident>,
}

impl Names {
    /// One more value, seen through a pattern.
    pub(super) fn bind(&mut self, pattern: &Pattern) {
        self.entries
            .push(Entry { pattern: pattern.by_reference().clone(), bound: pattern.identifiers().to_vec() });
    }

    /// Statements that bind what `code` mentions, out of the scope reference `scope`.
    pub(super) fn open(&self, scope: &Ident, code: &TokenStream) -> TokenStream {
        let words = mentioned(code);
        let depth = self.entries.len();
        let mut statements = TokenStream::new();
        for (index, entry) in self.entries.iter().enumerate() {
            if !entry.bound.iter().any(|name| words.contains(&name.to_string())) {
                continue;
            }
            let outwards = std::iter::repeat_n(quote!(.0), depth - 1 - index);
            let pattern = &entry.pattern;
            statements.extend(quote! {
                #[allow(unused_variables)]
                let #pattern = #scope #(#outwards)* .1;
            });
        }
        statements
    }

    /// The names that `code` mentions, each once.
    pub(super) fn used_in(&self, code: &TokenStream) -> Vec<Ident> {
        let words = mentioned(code);
        let mut used: Vec<Ident> = Vec::new();
        for name in self.entries.iter().flat_map(|entry| &entry.bound) {
            if words.contains(&name.to_string()) && !used.contains(name) {
                used.push(name.clone());
            }
        }
        used
    }
}

/// Every word in the code, those in the braces of a format string included.
fn mentioned(code: &TokenStream) -> Vec<String> {
    fn collect(code: TokenStream, words: &mut Vec<String>) {
        for token in code {
            match token {
                TokenTree::Ident(word) => words.push(word.to_string()),
                TokenTree::Group(group) => collect(group.stream(), words),
                TokenTree::Literal(literal) => {
                    let text = literal.to_string();
                    if text.contains('{') {
                        let between = |c: char| !(c.is_alphanumeric() || c == '_');
                        for word in text.split(between) {
                            words.push(word.to_owned());
                        }
                    }
                }
                TokenTree::Punct(_) => {}
            }
        }
    }

    let mut words = Vec::new();
    collect(code.clone(), &mut words);
    words
}

/// An identifier of the expansion's own, which user code cannot see, placed at `span`.
pub(super) fn hidden(name: &str, span: Span) -> Ident {
    Ident::new(name, span.resolved_at(Span::mixed_site()))
}
