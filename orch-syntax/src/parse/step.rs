//! One step: which kind it is, by its first token.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::cursor::Parser;
use super::placeholder::{self, MAX_SHOWN};
use super::slips;
use crate::ast::{Embed, Step};
use crate::{duration, tokens};

impl Parser<'_> {
    /// Reads a step. Consumes at least one token, unless there is none or it closes the block.
    pub(super) fn step(&mut self) -> Step {
        self.open_invisible();
        let start = self.at;
        let step = match self.peek(0) {
            Some(TokenTree::Ident(_)) => self.step_of_word(),
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => self.embed(),
            Some(TokenTree::Punct(punct)) => match punct.as_char() {
                '|' => self.inline(),
                ':' if self.pair(0, ':', ':') => self.leaf(),
                '<' => self.headless(),
                '>' => {
                    self.expected_step();
                    return Step::Hole(TokenStream::new());
                }
                _ => self.misplaced(),
            },
            Some(_) => self.misplaced(),
            None => {
                self.expected_step();
                return Step::Hole(TokenStream::new());
            }
        };
        self.suffix(step, start)
    }

    fn step_of_word(&mut self) -> Step {
        if let Some(spec) = self.keyword_at(self.at) {
            return self.block(spec);
        }
        if self.undo_word(0).is_some() {
            return self.undo_of_nothing();
        }
        let bars = self.at + usize::from(self.word(0, "async"));
        if self.is_moving_closure(bars) || (bars > self.at && self.punct(1, '|')) {
            return self.inline();
        }
        if self.reserved(0).is_some() { self.misplaced() } else { self.leaf() }
    }

    fn embed(&mut self) -> Step {
        let block = self.group(0, Delimiter::Brace).filter(|group| self.opens_block(group)).cloned();
        if let Some(group) = block {
            self.errors
                .beside(group.span_open(), "braces hold a pipeline that is built elsewhere; remove them");
            self.splice(&group);
            return self.step();
        }
        let Some(group) = self.bump_group(Delimiter::Brace) else { return Step::Hole(TokenStream::new()) };
        if group.stream().is_empty() {
            self.errors
                .at(group.span(), "expected a pipeline between the braces; a body belongs to `|x| { … }`");
            return Step::Hole(TokenStream::new());
        }
        self.lost = false;
        slips::in_body(&group.stream(), self.errors);
        let content = tokens::list(group.stream());
        if let Some(place) = placeholder::in_code(&content) {
            let shown = placeholder::shown(&content, place);
            let message =
                format!("`_` is no expression; an inline step sees what is piped, `|x| {{ {shown} }}`");
            self.errors.at(place, message);
            return Step::Hole(TokenStream::new());
        }
        if is_no_pipeline(&content) {
            let code = tokens::source_text(&group.stream());
            let shown = if tokens::count(&content) > MAX_SHOWN { "…" } else { &code };
            let message = format!("braces hold a pipeline; an inline step is `|_| {{ {shown} }}`");
            self.errors.at(group.span_open(), message);
            return Step::Hole(TokenStream::new());
        }
        if duration::occurs(&group.stream()) {
            let content = duration::refuse(group.stream(), self.errors);
            return Step::Embed(Embed { group: duration::regroup(&group, content) });
        }
        Step::Embed(Embed { group })
    }

    pub(super) fn expected_step(&mut self) {
        if !self.lost {
            let at = self.here();
            self.errors.at(at, "expected a step, such as a task `fetch` or a block `seq < … >`");
        }
    }
}

/// Whether code gives nothing, a literal, or what an operator or a macro for text makes: no pipeline then.
fn is_no_pipeline(code: &[TokenTree]) -> bool {
    let last = code.rsplit(|token| tokens::is_punct(Some(token), ';')).next().unwrap_or_default();
    let is_operator = |at: usize| {
        let operand = tokens::ends_expression(last.get(at.wrapping_sub(1)));
        let sign = matches!(last.get(at), Some(TokenTree::Punct(punct)) if "+-*/%".contains(punct.as_char()));
        operand && sign
    };
    match last {
        [] | [TokenTree::Literal(_)] => !code.is_empty(),
        [TokenTree::Ident(word), sign, TokenTree::Group(_)] if tokens::is_punct(Some(sign), '!') => {
            tokens::is_one_of(word, &["format", "println", "vec"])
        }
        // After braces a statement may end, and a sign begin an expression; in angles it is one of types.
        last => {
            let is_unsure = |token: &TokenTree| {
                tokens::as_group(Some(token), Delimiter::Brace).is_some()
                    || tokens::is_punct(Some(token), '<')
            };
            !last.iter().any(is_unsure) && (1..last.len()).any(is_operator)
        }
    }
}
