//! The names in scope at a step, and which of them its code mentions.

use orch_syntax::pattern::Pattern;
use proc_macro2::{Ident, Literal, Span, TokenStream, TokenTree};
use quote::quote;

/// What is bound before a step, outermost first.
///
/// The scope has a level for each reference that a step is given: to what a `let` named, or to a tuple that holds several
/// such values, as the header's are held, and those of a part of a long sequence that is over.
#[derive(Clone, Default)]
pub(super) struct Names {
    /// Of each level, the place of its value in the tuple that the sequence around it is made of.
    places: Vec<usize>,
    entries: Vec<Entry>,
}

/// One value in scope and the pattern that takes it apart.
#[derive(Clone)]
struct Entry {
    pattern: TokenStream,
    bound: Vec<Ident>,
    level: usize,
    /// Where it is in the level's tuple; nothing if it is all of the level.
    fields: Vec<usize>,
}

impl Names {
    /// One more value, seen through a pattern: the output of the entry at `place` in its sequence.
    pub(super) fn bind(&mut self, pattern: &Pattern, place: usize) {
        self.add(pattern, Vec::new());
        self.places.push(place);
    }

    /// One more level, with a value that has no name.
    pub(super) fn bind_level(&mut self) {
        self.places.push(0);
    }

    /// The values of a tuple: one more level.
    pub(super) fn bind_tuple(&mut self, names: &[Ident]) {
        for (field, name) in names.iter().enumerate() {
            self.add(&Pattern::name(name), vec![field]);
        }
        self.places.push(0);
    }

    fn add(&mut self, pattern: &Pattern, fields: Vec<usize>) {
        let (pattern, bound) = (pattern.by_reference().clone(), pattern.identifiers().to_vec());
        self.entries.push(Entry { pattern, bound, level: self.places.len(), fields });
    }

    /// How many levels there are.
    pub(super) fn levels(&self) -> usize {
        self.places.len()
    }

    /// Makes one level of all from `level` on: a part of a sequence is over, which is the entry at `place` itself. Whether
    /// there are any.
    pub(super) fn fold(&mut self, level: usize, place: usize) -> bool {
        for entry in self.entries.iter_mut().filter(|entry| entry.level >= level) {
            entry.fields.splice(..0, self.places.get(entry.level).copied());
            entry.level = level;
        }
        let any = self.places.len() > level;
        self.places.truncate(level);
        self.places.extend(any.then_some(place));
        any
    }

    /// Statements that bind what `code` mentions, out of the scope reference `scope`.
    pub(super) fn open(&self, scope: &Ident, code: &TokenStream) -> TokenStream {
        let words = mentioned(code);
        let mut statements = TokenStream::new();
        for entry in &self.entries {
            if !entry.bound.iter().any(|name| words.contains(&name.to_string())) {
                continue;
            }
            let outwards = self.outwards(entry.level + 1);
            let fields = entry.fields.iter().map(|field| Literal::usize_unsuffixed(*field));
            let borrow = (!entry.fields.is_empty()).then(|| quote!(&));
            let pattern = &entry.pattern;
            statements.extend(quote! {
                #[allow(unused_variables)]
                let #pattern = #borrow #scope #outwards .1 #(.#fields)*;
            });
        }
        statements
    }

    /// From the scope reference to that of its first `levels` levels.
    pub(super) fn outwards(&self, levels: usize) -> TokenStream {
        std::iter::repeat_n(quote!(.0), self.levels().saturating_sub(levels)).collect()
    }

    /// From the scope reference to the value of a level.
    pub(super) fn level(&self, level: usize) -> TokenStream {
        let outwards = self.outwards(level + 1);
        quote!(#outwards .1)
    }

    /// The names that `code` mentions, each once.
    pub(super) fn used_in(&self, code: &TokenStream) -> Vec<Ident> {
        self.used_from(0, code)
    }

    /// The names that `code` mentions and whose value is at `level` or further in, each once.
    pub(super) fn used_from(&self, level: usize, code: &TokenStream) -> Vec<Ident> {
        let words = mentioned(code);
        let mut used: Vec<Ident> = Vec::new();
        for entry in &self.entries {
            for name in &entry.bound {
                if !words.contains(&name.to_string()) {
                    continue;
                }
                // It hides one of the same name further out.
                used.retain(|other| other != name);
                if entry.level >= level {
                    used.push(name.clone());
                }
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
