//! Paths and their generic arguments.

use proc_macro2::{Delimiter, TokenTree};

use super::{Form, Plus, Reader, Style};
use crate::tokens;

impl Reader {
    pub(super) fn path(&mut self, style: Style) -> Option<Form> {
        let mut form = if self.eat_pair(':', ':') { Form::Path } else { Form::Name };
        self.segment(style)?;
        // `Fn::(…)` goes on as a bound.
        while self.pair(0, ':', ':') && self.group(2, Delimiter::Parenthesis).is_none() {
            self.at += 2;
            self.segment(style)?;
            form = Form::Path;
        }
        Some(form)
    }

    /// A name of a path with its generic arguments.
    fn segment(&mut self, style: Style) -> Option<()> {
        let word = tokens::as_ident(self.peek(0))?.to_string();
        self.at += 1;
        if matches!(word.as_str(), "self" | "super" | "crate") {
            return Some(());
        }
        if word != "Self" && tokens::is_keyword(&word) {
            return None;
        }
        let turbofish = self.pair(0, ':', ':') && self.punct(2, '<');
        self.at += 2 * usize::from(turbofish);
        if turbofish || style == Style::Type && self.punct(0, '<') { self.arguments() } else { Some(()) }
    }

    /// `<T as Trait>::Name`
    pub(super) fn qualified(&mut self) -> Option<()> {
        self.at += 1;
        self.ty(Plus::Joins)?;
        if self.eat_word("as") {
            self.path(Style::Type)?;
        }
        self.eat('>').then_some(())?;
        self.pair(0, ':', ':').then_some(())?;
        while self.eat_pair(':', ':') {
            self.segment(Style::Type)?;
        }
        Some(())
    }

    /// `<…>`
    pub(super) fn arguments(&mut self) -> Option<()> {
        self.eat('<').then_some(())?;
        while !self.eat('>') {
            self.argument()?;
            (self.eat(',') || self.punct(0, '>')).then_some(())?;
        }
        Some(())
    }

    /// A lifetime, a constant, a type, `Item = …` or `Item: …`.
    fn argument(&mut self) -> Option<()> {
        if self.is_lifetime() && !self.punct(2, '+') {
            self.at += 2;
            return Some(());
        }
        if self.eat_constant() {
            return Some(());
        }
        if self.ty(Plus::Joins)? != Form::Name {
            return Some(());
        }
        if self.eat('=') {
            if !self.eat_constant() {
                self.ty(Plus::Joins)?;
            }
        } else if self.eat(':') {
            while !(self.punct(0, ',') || self.punct(0, '>')) {
                self.bound()?;
                if !self.eat('+') {
                    break;
                }
            }
        }
        Some(())
    }

    /// A literal or a block, as the argument for a constant.
    fn eat_constant(&mut self) -> bool {
        let width = match self.peek(0) {
            Some(TokenTree::Literal(_)) => 1,
            Some(TokenTree::Ident(word)) if word == "true" || word == "false" => 1,
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => 1,
            Some(TokenTree::Punct(minus))
                if minus.as_char() == '-' && matches!(self.peek(1), Some(TokenTree::Literal(_))) =>
            {
                2
            }
            _ => 0,
        };
        self.at += width;
        width > 0
    }
}
