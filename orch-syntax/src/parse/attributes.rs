//! `#[cfg(…)]` before a step or a part of the header, and other attributes, which do not belong there.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};

use super::conditional::ConditionalPart;
use super::cursor::Parser;
use crate::attributes::Attributes;
use crate::tokens;

/// Attributes whose content is not read yet.
pub(super) struct Attributed {
    start: usize,
    content: usize,
    durable: bool,
    condition: Option<TokenStream>,
}

impl Parser<'_> {
    /// Reads the attributes here, if there are any, and reports those that are no condition.
    pub(super) fn attributes(&mut self) -> Option<Attributed> {
        let start = self.at;
        let mut attributes = Attributes::default();
        let mut first: Option<Span> = None;
        while self.punct(0, '#') && self.group(1, Delimiter::Bracket).is_some() {
            let here = self.here();
            self.at += 1;
            let Some(group) = self.bump_group(Delimiter::Bracket) else { break };
            attributes.add(group.stream());
            first.get_or_insert(here);
            self.open_invisible();
        }
        let span = first?;
        if attributes.durable() {
            self.durable(span);
        }
        if attributes.has("doc") {
            self.errors.beside(span, "a step has no documentation; write a comment, `// …`");
        } else if attributes.has_others() {
            self.errors
                .beside(span, "only `#[cfg(…)]` and `#[durable]` apply to a step; remove this attribute");
        }
        Some(Attributed {
            start,
            content: self.at,
            durable: attributes.durable(),
            condition: attributes.condition(),
        })
    }

    /// Notes that what `attributed` stands on ends here.
    pub(super) fn end_attributed(&mut self, attributed: Attributed) {
        let Attributed { start, content, durable, condition } = attributed;
        self.durable = None;
        if content == self.at {
            let at = self.tokens.get(start).map_or_else(Span::call_site, TokenTree::span);
            self.errors.at(at, "expected a step after this attribute");
        } else if let Some(predicate) = condition {
            self.conditionals.push(ConditionalPart { start, content, durable, end: self.at, predicate });
        }
    }

    /// Notes that the step here says `#[durable]`, if it is one that can.
    fn durable(&mut self, span: Span) {
        let step = if self.word(0, "let") {
            let after = |index: &usize| tokens::is_punct(self.tokens.get(*index), '=');
            (self.at..self.tokens.len()).find(after).map_or(self.at, |equals| equals + 1)
        } else {
            self.at
        };
        let token = self.tokens.get(step);
        if tokens::is_word(token, "async") {
            self.durable = Some(span);
        } else if tokens::is_punct(token, '|') || self.is_moving_closure(step) {
            self.errors.at(span, "a step that awaits nothing is durable as it is; remove `#[durable]`");
        } else if token.is_some() {
            self.errors.at(
                span,
                "`#[durable]` is for an `async` inline step; a task says it itself, by `#[task(durable)]`",
            );
        }
    }

    /// The outermost conditional part that comes first.
    pub(super) fn first_conditional(&mut self) -> Option<ConditionalPart> {
        let conditionals = std::mem::take(&mut self.conditionals);
        conditionals.into_iter().min_by_key(|conditional| conditional.start)
    }
}
