//! Bounds: `Trait + 'a`, after `dyn`, `impl` and a colon.

use proc_macro2::{Delimiter, TokenTree};

use super::{Plus, Reader, Style, reader};
use crate::tokens;

impl Reader {
    /// Bounds, with a trait among them.
    pub(super) fn bounds(&mut self, plus: Plus) -> Option<()> {
        let mut is_trait = self.bound()?;
        while plus == Plus::Joins && self.eat('+') && self.begins_bound() {
            is_trait |= self.bound()?;
        }
        is_trait.then_some(())
    }

    /// The bounds after the first.
    pub(super) fn more_bounds(&mut self) -> Option<()> {
        while self.eat('+') && self.begins_bound() {
            self.bound()?;
        }
        Some(())
    }

    /// Whether a bound may begin here: a `+` may also be the last.
    fn begins_bound(&self) -> bool {
        matches!(self.peek(0), Some(TokenTree::Ident(_) | TokenTree::Group(_)))
            || self.pair(0, ':', ':')
            || self.punct(0, '?')
            || self.is_lifetime()
    }

    /// A lifetime or a trait. Gives whether it is a trait.
    pub(super) fn bound(&mut self) -> Option<bool> {
        if self.eat_lifetime() {
            return Some(false);
        }
        if let Some(group) = self.group(0, Delimiter::Parenthesis) {
            let mut inner = reader(group.stream());
            self.at += 1;
            inner.trait_bound()?;
            return inner.at_end().then_some(true);
        }
        self.trait_bound()?;
        Some(true)
    }

    /// `for<'a> Trait<'a>`, `?Sized`, `Fn(A) -> B`
    fn trait_bound(&mut self) -> Option<()> {
        if !self.eat('?') && tokens::is_word(self.peek(0), "for") {
            self.binder()?;
        }
        self.path(Style::Type)?;
        let generic = self.at.checked_sub(1).is_some_and(|last| tokens::closes_angle(&self.tokens, last));
        if generic {
            return Some(());
        }
        self.eat_pair(':', ':');
        let Some(group) = self.group(0, Delimiter::Parenthesis) else { return Some(()) };
        let mut inner = reader(group.stream());
        self.at += 1;
        inner.types()?;
        self.returns()
    }

    /// `for<'a, 'b: 'a>`
    pub(super) fn binder(&mut self) -> Option<()> {
        self.at += 1;
        self.eat('<').then_some(())?;
        while !self.eat('>') {
            self.eat_lifetime().then_some(())?;
            if self.eat(':') {
                while self.eat_lifetime() && self.eat('+') {}
            }
            (self.eat(',') || self.punct(0, '>')).then_some(())?;
        }
        Some(())
    }
}
