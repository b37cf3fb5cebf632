//! `step undo step` and `step finally step`

use proc_macro2::{Ident, TokenStream};

use super::cursor::{MAX_DEPTH, Parser};
use crate::ast::{Step, Undo, When};

impl Parser<'_> {
    /// What the word here says of the step before it. `undo::x` is a path.
    pub(super) fn undo_word(&self, ahead: usize) -> Option<When> {
        let when = When::ALL.into_iter().find(|when| self.word(ahead, when.word()))?;
        (!self.pair(ahead + 1, ':', ':')).then_some(when)
    }

    /// Reads `undo` and its step, after the step that began at `start`.
    pub(super) fn undo(&mut self, step: Step, start: usize) -> Step {
        let (Some(when), Some(word)) = (self.undo_word(0), self.ident(0).cloned()) else { return step };
        self.at += 1;
        let undo = self.undo_step(&word, start);
        let mut reported = false;
        while self.undo_word(0).is_some() {
            let (again, before) = (self.ident(0).cloned().unwrap_or_else(|| word.clone()), self.at);
            if !std::mem::replace(&mut reported, true) {
                let message = if again == word {
                    format!("a step has one `{word}`; for several steps write `{word} seq < … >`")
                } else {
                    "a step has an `undo` or a `finally`; for both write `seq < … undo … > finally …`"
                        .to_owned()
                };
                self.errors.at(again.span(), message);
            }
            self.at = before + 1;
            if !self.ends_undo(&again, start) {
                self.only_step();
            }
        }
        Step::Undo(Box::new(Undo { step, word, when, undo }))
    }

    /// The step after the word.
    fn undo_step(&mut self, word: &Ident, start: usize) -> Step {
        if self.punct(0, '<') {
            let message = format!("`{word}` takes a step; for several write `{word} seq < … >`");
            self.errors.at(self.here(), message);
            if self.brackets.depth() >= MAX_DEPTH {
                self.skip_body(self.at);
            } else {
                self.body(self.at);
            }
            return Step::Hole(TokenStream::new());
        }
        if self.ends_undo(word, start) {
            if !self.lost {
                self.errors.at(word.span(), format!("expected a step after `{word}`"));
            }
            return Step::Hole(TokenStream::new());
        }
        self.only_step()
    }

    /// Whether what stands here is no longer a part of `undo`: nothing, or a step on a line of its own that begins no further
    /// right than the step before the word. That would be undone with the wrong one, and never done.
    fn ends_undo(&self, word: &Ident, start: usize) -> bool {
        let Some(token) = self.peek(0) else { return true };
        let ends =
            self.punct(0, '>') || self.punct(0, ',') || self.word(0, "let") || self.undo_word(0).is_some();
        let begins_line = token.span().start().line > word.span().end().line;
        ends || (begins_line && token.span().start().column <= self.indentation(start))
    }

    /// A step that has no undo.
    fn only_step(&mut self) -> Step {
        let outside = std::mem::replace(&mut self.in_undo, true);
        let step = self.step();
        self.in_undo = outside;
        step
    }

    /// `undo` where a step begins.
    pub(super) fn undo_of_nothing(&mut self) -> Step {
        let word = self.ident(0).map(ToString::to_string).unwrap_or_default();
        let does = if word == "undo" { "it undoes" } else { "it ends" };
        let message =
            format!("`{word}` stands after the step that {does}; a task of that name is `r#{word}`");
        self.errors.at(self.here(), message);
        while self.undo_word(0).is_some() {
            self.at += 1;
        }
        // What it does is read, and left out: it is no step of its own.
        if self.punct(0, '<') {
            self.skip_body(self.at);
        } else if !(self.peek(0).is_none() || self.punct(0, '>') || self.punct(0, ',')) {
            self.only_step();
        }
        Step::Hole(TokenStream::new())
    }
}
