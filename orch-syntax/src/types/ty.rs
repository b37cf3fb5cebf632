//! Types of every kind.

use proc_macro2::{Delimiter, TokenTree};

use super::{Form, Plus, Reader, Style, reader};
use crate::tokens;

impl Reader {
    /// One type, as far as it goes.
    pub(super) fn ty(&mut self, plus: Plus) -> Option<Form> {
        match self.peek(0)? {
            TokenTree::Group(group) => {
                let mut inner = reader(group.stream());
                let delimiter = group.delimiter();
                self.at += 1;
                match delimiter {
                    Delimiter::Parenthesis => return self.parenthesized(inner, plus),
                    Delimiter::Bracket => inner.element(),
                    Delimiter::None => {
                        inner.ty(Plus::Joins)?;
                        inner.at_end().then_some(())
                    }
                    Delimiter::Brace => None,
                }?;
            }
            TokenTree::Punct(punct) => match punct.as_char() {
                '&' => {
                    self.at += 1;
                    self.eat_lifetime();
                    self.eat_word("mut");
                    self.ty(Plus::Ends)?;
                }
                '*' => {
                    self.at += 1;
                    (self.eat_word("const") || self.eat_word("mut")).then_some(())?;
                    self.ty(Plus::Ends)?;
                }
                '!' if !self.pair(0, '!', '=') => self.at += 1,
                '\'' => self.bounds(plus)?,
                '<' => self.qualified()?,
                ':' => return self.named(plus),
                _ => return None,
            },
            TokenTree::Ident(word) => match word.to_string().as_str() {
                "_" => self.at += 1,
                "dyn" | "impl" => {
                    self.at += 1;
                    self.bounds(plus)?;
                }
                "fn" | "unsafe" | "extern" => self.function()?,
                "for" => {
                    self.binder()?;
                    let word = tokens::as_ident(self.peek(0))?;
                    if tokens::is_one_of(word, &["fn", "unsafe", "extern"]) {
                        self.function()?;
                    } else {
                        self.named(plus)?;
                    }
                }
                _ => return self.named(plus),
            },
            TokenTree::Literal(_) => return None,
        }
        Some(Form::Other)
    }

    /// What parentheses hold: a type or a tuple.
    fn parenthesized(&mut self, mut inner: Reader, plus: Plus) -> Option<Form> {
        if inner.at_end() {
            return Some(Form::Other);
        }
        let first = inner.ty(Plus::Joins)?;
        if inner.eat(',') {
            inner.types()?;
        } else if first != Form::Other && plus == Plus::Joins {
            self.more_bounds()?;
        }
        inner.at_end().then_some(Form::Other)
    }

    /// Types between commas, up to the end.
    pub(super) fn types(&mut self) -> Option<()> {
        while !self.at_end() {
            self.ty(Plus::Joins)?;
            (self.eat(',') || self.at_end()).then_some(())?;
        }
        Some(())
    }

    /// What brackets hold: `T` or `T; length`.
    fn element(&mut self) -> Option<()> {
        self.ty(Plus::Joins)?;
        (self.at_end() || self.eat(';') && !self.at_end()).then_some(())
    }

    /// A type that begins with a path, also `macro!(…)` and `Trait + Trait`.
    fn named(&mut self, plus: Plus) -> Option<Form> {
        let form = self.path(Style::Type)?;
        if self.punct(0, '!') && !self.pair(0, '!', '=') {
            self.at += 1;
            let Some(TokenTree::Group(_)) = self.peek(0) else { return None };
            self.at += 1;
            return Some(Form::Other);
        }
        if plus == Plus::Joins && self.punct(0, '+') {
            self.more_bounds()?;
            return Some(Form::Other);
        }
        Some(form)
    }

    /// `unsafe extern "C" fn(name: A, ...) -> B`
    fn function(&mut self) -> Option<()> {
        self.eat_word("unsafe");
        if self.eat_word("extern") && matches!(self.peek(0), Some(TokenTree::Literal(_))) {
            self.at += 1;
        }
        self.eat_word("fn").then_some(())?;
        let mut inner = reader(self.group(0, Delimiter::Parenthesis)?.stream());
        self.at += 1;
        while !inner.at_end() {
            inner.parameter()?;
            (inner.eat(',') || inner.at_end()).then_some(())?;
        }
        self.returns()
    }

    /// `name: A`, `A` or `...`
    fn parameter(&mut self) -> Option<()> {
        while self.eat('#') {
            self.group(0, Delimiter::Bracket)?;
            self.at += 1;
        }
        let named = tokens::as_ident(self.peek(0)).is_some() && self.punct(1, ':') && !self.pair(1, ':', ':');
        self.at += 2 * usize::from(named);
        if self.pair(0, '.', '.') && self.punct(2, '.') {
            self.at += 3;
            return Some(());
        }
        self.ty(Plus::Joins)?;
        Some(())
    }

    pub(super) fn returns(&mut self) -> Option<()> {
        if self.eat_pair('-', '>') {
            self.ty(Plus::Ends)?;
        }
        Some(())
    }
}
