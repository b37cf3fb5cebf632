//! Who asks for an expansion, and where a person types in the text.
//!
//! An editor shows at a word whatever has the place of the word. So what it is not to show has none there.

use std::sync::OnceLock;

use orch_syntax::tokens;
use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};

/// What an editor puts at the place where it wants to know what could go on: at the end of the word that is typed, or alone.
const MARKS: &[&str] = &["raCompletionMarker", "intellijRulezz"];

/// Whether it is rust-analyzer, and not the compiler: its server of macros is a program of its own.
pub(crate) fn is_editor() -> bool {
    static IS_EDITOR: OnceLock<bool> = OnceLock::new();
    *IS_EDITOR.get_or_init(|| {
        let program = std::env::current_exe().ok();
        let name = program.as_deref().and_then(|program| program.file_name()).and_then(|name| name.to_str());
        name.is_some_and(|name| name.starts_with("rust-analyzer"))
    })
}

/// The word at which a person types.
pub(crate) struct Mark {
    /// With the mark in it.
    marked: Ident,
    /// What is typed; nothing if there is no word yet.
    typed: String,
    place: String,
}

impl Mark {
    /// Takes the mark out of a text, so that it reads as it stands in the file. Where no word is typed yet, the mark is one.
    pub(crate) fn take(input: TokenStream) -> (TokenStream, Option<Self>) {
        let mut found = None;
        let input = each(input, &mut |token| {
            if let TokenTree::Ident(word) = token
                && let Some(mark) = Mark::of(word)
            {
                let typed = mark.typed.clone();
                if !typed.is_empty() {
                    *word = Ident::new(&typed, word.span());
                }
                found.get_or_insert(mark);
            }
        });
        (input, found)
    }

    fn of(word: &Ident) -> Option<Self> {
        let text = word.to_string();
        let mark = MARKS.iter().find(|mark| text.contains(**mark))?;
        // Before a number it makes a word of it, and of a raw name another one.
        let mut typed = text.replacen(mark, "", 1);
        if typed.contains('#') || typed.starts_with(|first: char| first.is_numeric()) {
            typed.clear();
        }
        Some(Mark { marked: word.clone(), typed, place: place(word.span()) })
    }

    /// Whether no word is typed yet.
    pub(crate) fn is_alone(&self) -> bool {
        self.typed.is_empty()
    }

    /// Whether it is at this word.
    pub(crate) fn is_at(&self, word: &Ident) -> bool {
        place(word.span()) == self.place
    }

    /// The word with the mark.
    pub(crate) fn marked(&self) -> &Ident {
        &self.marked
    }

    /// Puts the mark back.
    pub(crate) fn put_back(&self, code: TokenStream) -> TokenStream {
        each(code, &mut |token| {
            if let TokenTree::Ident(word) = token
                && *word == self.typed
                && self.is_at(word)
            {
                *word = self.marked.clone();
            }
        })
    }
}

/// What tells one place in a text from another: an editor may give the same line and column for all of them.
pub(crate) fn place(span: Span) -> String {
    format!("{span:?}")
}

/// Code without any place in the user's text: an editor finds nothing of it there.
pub(crate) fn placeless(code: TokenStream) -> TokenStream {
    each(code, &mut |token| token.set_span(Span::call_site().resolved_at(token.span())))
}

/// A report, of which an editor takes the place of the macro's name, and shows nothing at the rest.
pub(crate) fn report(code: TokenStream) -> TokenStream {
    each(code, &mut |token| {
        if let TokenTree::Ident(word) = token
            && *word != "compile_error"
        {
            word.set_span(Span::call_site().resolved_at(word.span()));
        }
    })
}

/// Changes each token, those in groups too, before the group.
fn each(code: TokenStream, change: &mut dyn FnMut(&mut TokenTree)) -> TokenStream {
    let mut changed = Vec::new();
    for mut token in tokens::list(code) {
        if let TokenTree::Group(group) = &token {
            let mut inner = Group::new(group.delimiter(), each(group.stream(), change));
            inner.set_span(group.span());
            token = inner.into();
        }
        change(&mut token);
        changed.push(token);
    }
    changed.into_iter().collect()
}
