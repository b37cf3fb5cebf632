//! `|pattern| { body }` as a step, and the `as "name"` of leaves and inline steps.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};

use super::cursor::Parser;
use super::slips;
use crate::ast::{Inline, Step, Text};
use crate::pattern::Pattern;
use crate::{duration, tokens};

impl Parser<'_> {
    /// Reads an inline step that begins here, with `async`, `move` or with its bar.
    pub(super) fn inline(&mut self) -> Step {
        let async_token = self.own_word("async");
        let move_token = self.own_word("move");
        let durable = self.durable.take();
        let bars = self.bars_at(self.at);
        let Some(after) = bars.after else {
            self.errors.at(bars.open, "this `|` is not closed; an inline step is written `|x| { … }`");
            self.at = bars.resume.max(self.at + 1);
            self.bump_group(Delimiter::Brace);
            return Step::Hole(TokenStream::new());
        };
        let mut sound = true;
        if let (Some(comma), None) = (bars.comma, &bars.context) {
            let (at, message) = several_parameters(&bars.pattern, comma);
            self.errors.at(at, message);
            sound = false;
        } else if bars.pattern.is_empty() {
            self.errors.at(bars.open, "an inline step takes one value; write `|_| { … }`");
            sound = false;
        }
        if let (Some(durable), Some(_), None, true) = (durable, async_token, &bars.context, sound) {
            let shown = tokens::show(&bars.pattern);
            self.errors.at(
                durable,
                format!(
                    "`#[durable]` is for a step that awaits what its context does; write `async |{shown}, cx| {{ … }}`"
                ),
            );
        }
        self.at = after;
        let (pattern, ty) = if sound {
            let pattern = self.pattern_or_wild(&bars.pattern, "");
            // Of `Result<T, Infallible>` one of the others is every value.
            self.no_variant(&pattern, &["Some"]);
            self.at = after - 1;
            let ty = bars.ty.as_deref().and_then(|ty| self.type_of(ty));
            self.at = after;
            (pattern, ty)
        } else {
            (Pattern::wild(), None)
        };
        let errors = self.errors.len();
        let body = self.inline_body(&bars.pattern, !sound);
        let is_body = self.errors.len() == errors;
        if is_body {
            slips::in_body(&body.stream(), self.errors);
        }
        let body = if is_body && duration::occurs(&body.stream()) {
            duration::regroup(&body, duration::refuse(body.stream(), self.errors))
        } else {
            body
        };
        let name = self.step_name();
        self.lost = false;
        if sound {
            Step::Inline(Inline {
                async_token,
                move_token,
                durable: durable.is_some(),
                bar: bars.open,
                pattern,
                ty,
                context: bars.context,
                body,
                name,
            })
        } else {
            Step::Hole(TokenStream::new())
        }
    }

    /// Whether `move |` stands at an index.
    pub(super) fn is_moving_closure(&self, index: usize) -> bool {
        tokens::is_word(self.tokens.get(index), "move") && tokens::is_punct(self.tokens.get(index + 1), '|')
    }

    /// A word that an inline step may begin with, if it stands here.
    fn own_word(&mut self, word: &str) -> Option<Span> {
        let span = self.word(0, word).then(|| self.here())?;
        self.at += 1;
        Some(span)
    }

    /// The braced body; what stands there without braces, in ours. `silent` if something is reported already.
    fn inline_body(&mut self, pattern: &[TokenTree], silent: bool) -> Group {
        if let Some(body) = self.bump_group(Delimiter::Brace) {
            return body;
        }
        let shown = tokens::show(pattern);
        if self.pair(0, '-', '>') {
            let here = self.here();
            let body = (self.at..self.tokens.len())
                .take_while(|index| !tokens::is_punct(self.tokens.get(*index), '|') && !self.block_at(*index))
                .find(|index| tokens::as_group(self.tokens.get(*index), Delimiter::Brace).is_some());
            if let Some(body) = body {
                if !silent {
                    self.errors
                        .at(here, format!("an inline step has no return type; write `|{shown}| {{ … }}`"));
                }
                self.at = body;
                if let Some(body) = self.bump_group(Delimiter::Brace) {
                    return body;
                }
            }
        }
        if !silent {
            let nothing = self.peek(0).is_none() || self.punct(0, '>');
            let at = if nothing { self.before() } else { self.here() };
            let message = if self.block_at(self.at) {
                format!(
                    "to name what is piped here write `let {shown} = _`; a closure has a braced body, `|{shown}| {{ … }}`"
                )
            } else if self.word(0, "async") {
                format!("an inline step that awaits is written `async |{shown}| {{ … }}`")
            } else if let Some(message) = self.call_for_body(pattern) {
                message
            } else {
                format!("an inline step has a braced body; write `|{shown}| {{ … }}`")
            };
            self.errors.at(at, message);
        }
        let start = self.at;
        self.skip_expression();
        Group::new(Delimiter::Brace, tokens::collect(self.since(start)))
    }

    /// `as "name"`
    pub(super) fn step_name(&mut self) -> Option<Text> {
        if !self.word(0, "as") {
            return None;
        }
        let as_span = self.here();
        self.at += 1;
        self.open_invisible();
        let token = self.peek(0).cloned();
        match token {
            Some(TokenTree::Literal(literal)) => {
                self.at += 1;
                let name = Text::read(TokenTree::Literal(literal.clone()).into());
                let problem = match &name {
                    None => "the name of a step is a string; write `as \"name\"`",
                    Some(name) if name.value.is_empty() => Text::EMPTY,
                    Some(_) => return name,
                };
                self.errors.beside(literal.span(), problem);
                name
            }
            Some(TokenTree::Ident(ident)) if !self.block_at(self.at) && self.reserved(0).is_none() => {
                self.at += 1;
                self.errors.at(
                    ident.span(),
                    format!("the name of a step is a string, `as \"{ident}\"`; to use its output write `let {ident} = …`"),
                );
                None
            }
            _ => {
                self.errors.at(as_span, "expected a name after `as`; write `as \"name\"`");
                None
            }
        }
    }
}

/// What is said of several parameters, of which the second is not the context alone, and where.
fn several_parameters(parameters: &[TokenTree], comma: Span) -> (Span, String) {
    let parts: Vec<&[TokenTree]> =
        tokens::split_commas(parameters).into_iter().map(|(part, _)| part).collect();
    let called = |part: Option<&&[TokenTree]>, words: &[&str]| {
        let name = tokens::as_ident(part.and_then(|part| part.first()))?;
        tokens::is_one_of(name, words).then(|| name.span())
    };
    let is_context = |part: Option<&&[TokenTree]>| called(part, &["cx", "_cx"]).is_some();
    let (first, last) = (parts.first(), parts.iter().rev().find(|part| !part.is_empty()));
    let other_name = called(last, &["ctx", "context", "_ctx", "_context"]);
    let message = match (parts.len(), other_name) {
        _ if is_context(first) => "the context comes after the value; write `|x, cx| { … }`",
        (2, _) if is_context(last) => "the type of the context is known; write `|x, cx| { … }`",
        (2, Some(name)) => {
            let value = tokens::show(first.copied().unwrap_or_default());
            return (name, format!("the context has the name `cx`; write `|{value}, cx| {{ … }}`"));
        }
        _ if is_context(last) => {
            "an inline step takes one value, and the context after it; write `|(a, b), cx| { … }`"
        }
        _ => "an inline step takes one value; take a tuple apart with `|(a, b)| { … }`",
    };
    (comma, message.to_owned())
}
