//! Stepping over Rust that stands where a step is due: it was reported, and the next step begins after it.

use proc_macro2::{Delimiter, TokenTree};

use super::cursor::Parser;
use crate::tokens;

impl Parser<'_> {
    /// How many characters the operator here has; zero if there is none, or one that may begin a step.
    pub(super) fn operator_width(&self) -> usize {
        if self.pair(0, '-', '>') || self.pair(0, '=', '>') || self.pair(0, '|', '>') {
            return 0;
        }
        if self.pair(0, '|', '|') && matches!(self.peek(2), Some(TokenTree::Ident(_) | TokenTree::Literal(_)))
        {
            return 2;
        }
        let mut width = 0;
        while let Some(TokenTree::Punct(punct)) = self.peek(width) {
            let operator = match punct.as_char() {
                '+' | '-' | '*' | '/' | '%' | '^' | '&' | '=' | '!' | '~' | '@' | '$' => true,
                ':' => !self.pair(width, ':', ':'),
                // `a > 1`: a number is no step, so this closes nothing.
                '>' | '<' => {
                    let number = width == 0 && matches!(self.peek(1), Some(TokenTree::Literal(_)));
                    number && !(self.brackets.in_arms() && self.parts_at(self.at + 1).is_some())
                }
                _ => false,
            };
            if !operator {
                break;
            }
            width += 1;
        }
        width
    }

    /// Steps over an expression.
    pub(super) fn skip_expression(&mut self) {
        while self.operator_width() > 0 {
            self.at += self.operator_width();
        }
        self.skip_operand();
        self.skip_expression_tail();
    }

    /// Steps over what goes on with an expression: calls, fields, operators and their operands.
    pub(super) fn skip_expression_tail(&mut self) {
        loop {
            let operator = self.operator_width();
            if operator > 0 {
                self.at += operator;
                self.skip_operand();
            } else if self.punct(0, '.') {
                while self.punct(0, '.') {
                    self.at += 1;
                }
                if matches!(self.peek(0), Some(TokenTree::Ident(_) | TokenTree::Literal(_)))
                    && !self.block_at(self.at)
                {
                    self.at += 1;
                }
            } else if self.pair(0, ':', ':') {
                self.at += 2;
                let generics = self.punct(0, '<').then(|| tokens::angle_end(&self.tokens, self.at)).flatten();
                if let Some(end) = generics {
                    self.at = end + 1;
                } else if self.is_name(0) {
                    self.at += 1;
                }
            } else if self.punct(0, '?')
                || self.group(0, Delimiter::Parenthesis).is_some()
                || self.group(0, Delimiter::Bracket).is_some()
            {
                self.at += 1;
            } else if self.punct(0, '!') && matches!(self.peek(1), Some(TokenTree::Group(_))) {
                self.at += 2;
            } else {
                return;
            }
        }
    }

    pub(super) fn skip_operand(&mut self) {
        match self.peek(0) {
            Some(TokenTree::Literal(_) | TokenTree::Group(_)) => self.at += 1,
            Some(TokenTree::Ident(_)) if self.block_at(self.at) => {}
            Some(TokenTree::Ident(ident))
                if tokens::is_one_of(ident, &["if", "match", "unsafe", "loop", "for", "while", "async"]) =>
            {
                self.skip_braced();
            }
            Some(TokenTree::Ident(ident))
                if tokens::is_one_of(ident, &["return", "break", "continue", "yield"]) =>
            {
                self.skip_jump();
            }
            Some(TokenTree::Ident(ident)) if ident != "let" && ident != "as" => self.at += 1,
            Some(TokenTree::Punct(punct)) if punct.as_char() == ':' && self.pair(0, ':', ':') => {}
            _ => {}
        }
    }

    /// Steps over `if … { … } else { … }` and the like, with what is called on it.
    pub(super) fn skip_braced(&mut self) {
        loop {
            self.at += 1;
            let closes = tokens::closes_angle(&self.tokens, self.at) && !self.is_comparison();
            if self.peek(0).is_none() || closes || self.punct(0, ';') || self.block_at(self.at) {
                return;
            }
            if let Some(group) = self.bump_group(Delimiter::Brace) {
                self.read_blocks_aside(group.stream());
                if !self.word(0, "else") {
                    return self.skip_expression_tail();
                }
            }
        }
    }

    /// Steps over `return value` and the like.
    pub(super) fn skip_jump(&mut self) {
        self.at += 1;
        if self.punct(0, '\'') && self.ident(1).is_some() {
            self.at += 2;
        }
        if !self.starts_line(self.at) {
            self.skip_operand();
        }
        self.skip_expression_tail();
    }

    /// Whether the `>` here stands in the condition of an `if` whose braces follow, and closes no block.
    pub(super) fn is_comparison(&self) -> bool {
        let operand = |token: Option<&TokenTree>| match token {
            Some(TokenTree::Ident(word)) => !tokens::is_keyword(&word.to_string()),
            Some(TokenTree::Literal(_) | TokenTree::Group(_)) => true,
            _ => false,
        };
        let before = self.at.checked_sub(1).and_then(|before| self.tokens.get(before));
        let follows =
            self.pair(0, '>', '=') || operand(self.peek(1)) && self.group(1, Delimiter::Brace).is_none();
        let ends = |index: &usize| {
            let token = self.tokens.get(*index);
            tokens::is_punct(token, ';') || tokens::is_word(token, "let") || self.block_at(*index)
        };
        let rest = self.at + 1..self.tokens.len();
        let is_brace = |index: usize| tokens::as_group(self.tokens.get(index), Delimiter::Brace).is_some();
        let brace = rest.clone().find(|index| is_brace(*index));
        operand(before)
            && follows
            && brace.is_some_and(|brace| !(self.at + 1..brace).any(|index| ends(&index)))
    }
}
