//! The names in scope at a step, and which of them its code mentions.

use orch_syntax::pattern::Pattern;
use orch_syntax::tokens;
use proc_macro2::{Delimiter, Ident, Literal, Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

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
    from: From,
    /// What of it the pattern is for: a call of ours around it, such as the text that it is.
    view: Option<TokenStream>,
    /// Where a pattern stands that takes the value apart.
    place: Option<Span>,
    /// Whether the pattern may not fit: it does where the name is seen, as its arm was chosen.
    refutable: bool,
}

/// Where a value is.
#[derive(Clone)]
enum From {
    /// In the scope, at this level, and there at these fields of the level's tuple: of none if it is all of the level.
    Level(usize, Vec<usize>),
    /// What this expression is, of the names before it.
    Place(TokenStream),
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

    fn add(&mut self, whole: &Pattern, fields: Vec<usize>) {
        let (pattern, bound) = (whole.by_reference().clone(), whole.identifiers().to_vec());
        let from = From::Level(self.places.len(), fields);
        let place = (!whole.is_plain()).then(|| whole.span());
        self.entries.push(Entry { pattern, bound, from, view: None, place, refutable: false });
    }

    /// The names of an arm, of a scrutinee that is one more level.
    pub(super) fn bind_part(&mut self, pattern: &Pattern, view: Option<TokenStream>) {
        let from = From::Level(self.places.len(), Vec::new());
        self.bind_arm(pattern, from, view);
        self.places.push(0);
    }

    /// The names of an arm, of a scrutinee that is this expression of the names so far.
    pub(super) fn bind_place(&mut self, pattern: &Pattern, place: TokenStream) {
        self.bind_arm(pattern, From::Place(place), None);
    }

    fn bind_arm(&mut self, pattern: &Pattern, from: From, view: Option<TokenStream>) {
        let (pattern, bound) = (in_let(pattern.by_reference()), pattern.identifiers().to_vec());
        self.entries.push(Entry { pattern, bound, from, view, place: None, refutable: true });
    }

    /// All names.
    pub(super) fn bound(&self) -> Vec<String> {
        self.entries.iter().flat_map(|entry| &entry.bound).map(ToString::to_string).collect()
    }

    /// How many levels there are.
    pub(super) fn levels(&self) -> usize {
        self.places.len()
    }

    /// Makes one level of all from `level` on: a part of a sequence is over, which is the entry at `place` itself. Whether
    /// there are any.
    pub(super) fn fold(&mut self, level: usize, place: usize) -> bool {
        for entry in &mut self.entries {
            if let From::Level(own, fields) = &mut entry.from
                && *own >= level
            {
                fields.splice(..0, self.places.get(*own).copied());
                *own = level;
            }
        }
        let any = self.places.len() > level;
        self.places.truncate(level);
        self.places.extend(any.then_some(place));
        any
    }

    /// Statements that bind what `code` mentions, out of the scope reference `scope`.
    pub(super) fn open(&self, scope: &Ident, code: &TokenStream) -> TokenStream {
        let mut words = mentioned(code);
        let mut opened = Vec::new();
        // A place is made of names before it.
        for entry in self.entries.iter().rev() {
            if entry.bound.iter().any(|name| words.contains(&name.to_string())) {
                if let From::Place(place) = &entry.from {
                    words.extend(mentioned(place));
                }
                opened.push(entry);
            }
        }
        let mut statements = TokenStream::new();
        for entry in opened.iter().rev() {
            let value = match &entry.from {
                From::Place(place) => place.clone(),
                From::Level(level, fields) => {
                    let outwards = self.outwards(level + 1);
                    let borrow = (!fields.is_empty()).then(|| quote!(&));
                    let fields = fields.iter().map(|field| Literal::usize_unsuffixed(*field));
                    quote!(#borrow #scope #outwards .1 #(.#fields)*)
                }
            };
            let value = match &entry.view {
                Some(view) => quote!(#view(#value)),
                None => value,
            };
            // With the place of the pattern: what is wrong with that is then the same error wherever the name is seen.
            let value = match entry.place {
                Some(place) => quote_spanned!(place=> { #value }),
                None => value,
            };
            let pattern = &entry.pattern;
            statements.extend(if entry.refutable {
                let value = before_else(value);
                quote! {
                    #[allow(unused_variables, irrefutable_let_patterns)]
                    let #pattern = #value else { ::core::unreachable!() };
                }
            } else {
                quote! {
                    #[allow(unused_variables)]
                    let #pattern = #value;
                }
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
        self.used_beyond(&Names::default(), code)
    }

    /// The names that `code` mentions and that were bound after these, each once.
    pub(super) fn used_beyond(&self, outer: &Names, code: &TokenStream) -> Vec<Ident> {
        let words = mentioned(code);
        let mut used: Vec<Ident> = Vec::new();
        for (index, entry) in self.entries.iter().enumerate() {
            for name in &entry.bound {
                if !words.contains(&name.to_string()) {
                    continue;
                }
                // It hides one of the same name further out.
                used.retain(|other| other != name);
                if index >= outer.entries.len() {
                    used.push(name.clone());
                }
            }
        }
        used
    }
}

/// A value where an `else` follows: nothing that ends in braces may stand there by itself.
fn before_else(value: TokenStream) -> TokenStream {
    let list = tokens::list(value.clone());
    let ends_in_braces = tokens::as_group(list.last(), Delimiter::Brace).is_some();
    if ends_in_braces { quote!((#value)) } else { value }
}

/// The pattern of an arm where a `let` has it: alternatives stand in parentheses there, and nothing else may.
fn in_let(pattern: &TokenStream) -> TokenStream {
    let is_bar = |token: TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == '|');
    // One before them all may stand there as it is.
    let several = pattern.clone().into_iter().skip(1).any(is_bar);
    if several { quote!((#pattern)) } else { pattern.clone() }
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
