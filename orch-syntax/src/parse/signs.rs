//! Signs between steps, which users of other languages write.

use proc_macro2::{Delimiter, TokenTree};

use super::cursor::Parser;
use crate::tokens;

macro_rules! signs {
    ($($sign:literal)*) => {
        &[$(($sign, concat!("the output of a step goes to the next one by itself; remove the `", $sign, "`"))),*]
    };
}

/// What each of them is told; a longer one comes before one that it begins with.
const SIGNS: &[(&str, &str)] = signs!["-->" "==>" ">>>" ">>" "<<" "<-" "&&" "||" "&" "|" "~"];

impl Parser<'_> {
    /// How long the sign here is, and what to say of it, if one stands between two steps.
    pub(super) fn sign(&self) -> Option<(usize, &'static str)> {
        if self.punct(0, ';') {
            return Some((1, "nothing stands between steps; remove the `;`"));
        }
        if self.pair(0, '-', '>') {
            return Some((2, "the output of a step goes to the next one by itself; remove the `->`"));
        }
        if self.pair(0, '=', '>') {
            return Some((
                2,
                "the output of a step goes to the next one by itself; remove the `=>` (arms stand in `choose(…) < … >`)",
            ));
        }
        if self.pair(0, '|', '>') {
            return Some((2, "the output of a step goes to the next one by itself; remove the `|>`"));
        }
        self.sign_of_others()
    }

    /// A sign that means something else before anything but a step.
    pub(super) fn sign_of_others(&self) -> Option<(usize, &'static str)> {
        let (sign, message) = SIGNS.iter().find(|(sign, _)| self.spells(sign))?;
        let width = sign.len();
        let step = self.ident(width).filter(|_| self.is_name(width))?;
        let before = self.at.checked_sub(1).and_then(|before| self.tokens.get(before));
        if !(tokens::ends_expression(before) || tokens::is_punct(before, '>')) {
            return None;
        }
        let fits = match *sign {
            // Enough others close the blocks.
            ">>" | ">>>" => self.closings_from(self.at + width) >= self.brackets.depth(),
            "|" => self.is_between(width, &step.to_string()),
            _ => true,
        };
        fits.then_some((width, message))
    }

    /// Whether these characters stand here, as one sign.
    fn spells(&self, sign: &str) -> bool {
        let joint = |ahead: usize| matches!(self.peek(ahead), Some(TokenTree::Punct(punct)) if punct.spacing() == proc_macro2::Spacing::Joint);
        let last = sign.len() - 1;
        sign.chars().enumerate().all(|(ahead, c)| self.punct(ahead, c) && (ahead == last || joint(ahead)))
            && !(joint(last) && self.punct(sign.len(), '|'))
    }

    /// Whether the `|` here opens no inline step, which would take `name`.
    fn is_between(&self, width: usize, name: &str) -> bool {
        // Bars stand close to what they hold.
        let gap = self.here().end() != self.peek(width).map_or(self.here().end(), |step| step.span().start());
        if !gap {
            return false;
        }
        let bars = self.bars_at(self.at);
        let Some(after) = bars.after else {
            return tokens::as_group(self.peek(width + 1), Delimiter::Brace).is_none();
        };
        let is_name = matches!(bars.pattern.as_slice(), [TokenTree::Ident(_)]) && bars.ty.is_none();
        match self.tokens.get(after) {
            Some(TokenTree::Ident(next)) => {
                is_name
                    && next != name
                    && next != "async"
                    && next != "move"
                    && !self.is_operand(after)
                    && !self.block_at(after)
            }
            _ => false,
        }
    }

    /// Whether an expression goes on after the word at an index.
    fn is_operand(&self, index: usize) -> bool {
        matches!(self.tokens.get(index + 1), Some(TokenTree::Punct(punct)) if "+-*/%.!?=".contains(punct.as_char()))
    }
}
