//! `#[cfg(…)]` before a step or a part of the header, and other attributes, which do not belong there.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};

use super::conditional::ConditionalPart;
use super::cursor::Parser;
use crate::attributes::Attributes;

/// Attributes whose content is not read yet.
pub(super) struct Attributed {
    start: usize,
    content: usize,
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
        if attributes.has("doc") {
            self.errors.at(span, "a step has no documentation; write a comment, `// …`");
        } else if attributes.has_others() {
            self.errors.at(span, "only `#[cfg(…)]` applies to a step; remove this attribute");
        }
        Some(Attributed { start, content: self.at, condition: attributes.condition() })
    }

    /// Notes that what `attributed` stands on ends here.
    pub(super) fn end_attributed(&mut self, attributed: Attributed) {
        let Attributed { start, content, condition } = attributed;
        if content == self.at {
            let at = self.tokens.get(start).map_or_else(Span::call_site, TokenTree::span);
            self.errors.at(at, "expected a step after this attribute");
        } else if let Some(predicate) = condition {
            self.conditionals.push(ConditionalPart { start, content, end: self.at, predicate });
        }
    }

    /// The outermost conditional part that comes first.
    pub(super) fn first_conditional(&mut self) -> Option<ConditionalPart> {
        let conditionals = std::mem::take(&mut self.conditionals);
        conditionals.into_iter().min_by_key(|conditional| conditional.start)
    }
}
