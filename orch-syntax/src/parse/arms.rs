//! The arms of a block: patterns, guards, steps, and the commas between them.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use quote::quote;

use super::cursor::Parser;
use super::placeholder;
use crate::ast::{Arm, Item, Step};
use crate::pattern::Pattern;
use crate::{duration, tokens};

/// How many tokens are looked at for the arrow of an arm.
const REACH: usize = 200;

/// Where the parts of an arm are.
#[derive(Clone, Copy)]
pub(super) struct Parts {
    /// The `if` of its guard.
    guard: Option<usize>,
    /// What stands between pattern and step.
    arrow: usize,
    width: usize,
    /// Whether that is `=>`.
    sound: bool,
}

impl Parser<'_> {
    /// The arms up to the `>` of this block or the end of the input.
    pub(super) fn arms(&mut self) -> Vec<Item> {
        let mut items = Vec::new();
        loop {
            self.open_invisible();
            self.comparison_for_pattern(items.is_empty());
            if self.peek(0).is_none() || self.punct(0, '>') {
                return items;
            }
            let before = self.at;
            if self.punct(0, ',') {
                self.errors.at(self.here(), "expected an arm before this `,`: `pattern => step`");
                self.at += 1;
                items.push(Item::Step(Step::Hole(TokenStream::new())));
            } else if let Some(attributed) = self.attributes() {
                if !(self.peek(0).is_none() || self.punct(0, '>')) {
                    items.push(self.arm_and_comma());
                }
                self.end_attributed(attributed);
            } else if self.pair(0, '=', '>') {
                self.errors.at(self.here(), "expected a pattern before this `=>`");
                self.at += 2;
                self.rest_of_arm();
                self.end_of_arm();
                items.push(Item::Step(Step::Hole(TokenStream::new())));
            } else if self.punct(0, ';') {
                self.errors.at(self.here(), "a `,` stands between arms; remove the `;`");
                self.at += 1;
            } else {
                items.push(self.arm_and_comma());
            }
            if self.at == before {
                self.at += 1;
            }
        }
    }

    /// Reports and steps over the sign of `> 5 => step`. `first` where there are no arms yet that a `>` would close.
    fn comparison_for_pattern(&mut self, first: bool) {
        let closes = self.closings_from(self.at + 1) < self.brackets.depth();
        let (more, less) = (self.punct(0, '>') && first && !closes, self.punct(0, '<'));
        let width = if self.punct(1, '=') && !self.pair(1, '=', '>') { 2 } else { 1 };
        let number = self.at + width;
        if !(more || less)
            || !matches!(self.tokens.get(number), Some(TokenTree::Literal(_)))
            || self.arm_at(number).is_none()
        {
            return;
        }
        let sign = tokens::source_text(&tokens::collect(tokens::part(&self.tokens, self.at, number)));
        let than = self.tokens.get(number).map_or_else(String::new, ToString::to_string);
        let message =
            format!("a comparison is no pattern; write a range, or `n if (*n {sign} {than}) => step`");
        self.errors.at(self.here(), message);
        self.at = number;
    }

    fn arm_and_comma(&mut self) -> Item {
        let item = self.arm();
        self.lost = false;
        self.end_of_arm();
        item
    }

    /// Looks for the arm that begins at an index: up to its arrow, without the guard, it is a pattern.
    pub(super) fn arm_at(&self, start: usize) -> Option<Parts> {
        let parts = self.parts_at(start).filter(|parts| parts.sound)?;
        let end = parts.guard.unwrap_or(parts.arrow);
        is_pattern(tokens::part(&self.tokens, start, end)).then_some(parts)
    }

    /// Whether the next arm begins here, in a block of arms.
    pub(super) fn next_arm(&self) -> bool {
        let may_be = match self.peek(0) {
            Some(TokenTree::Group(group)) => {
                matches!(group.delimiter(), Delimiter::Parenthesis | Delimiter::Bracket)
            }
            Some(TokenTree::Punct(punct)) => matches!(punct.as_char(), '|' | '&' | '-' | '.'),
            _ => false,
        };
        may_be && self.brackets.in_arms() && self.arm_at(self.at).is_some()
    }

    /// Where arrow and guard of an arm are that begins at an index, if there is anything like an arrow.
    pub(super) fn parts_at(&self, start: usize) -> Option<Parts> {
        let mut guard = None;
        let mut angles = 0usize;
        let mut index = start;
        while index < start + REACH {
            let token = self.tokens.get(index)?;
            let found = |width, sound| Some(Parts { guard, arrow: index, width, sound });
            if tokens::is_pair(&self.tokens, index, '=', '>') {
                return found(2, true);
            }
            if tokens::is_punct(Some(token), ';') || tokens::is_word(Some(token), "let") {
                return None;
            }
            if guard.is_none() {
                if self.block_at(index) && index > start {
                    return None;
                }
                let on_line = self.tokens.get(index + 1).is_some() && !self.starts_line(index + 1);
                match token {
                    TokenTree::Ident(word) if word == "if" => guard = Some(index),
                    TokenTree::Punct(punct) if index > start => match punct.as_char() {
                        ',' if angles == 0 => return None,
                        '<' => angles += 1,
                        '-' if tokens::is_pair(&self.tokens, index, '-', '>') => return found(2, false),
                        '=' if angles == 0 && !self.is_part_of_operator(index) && on_line => {
                            return found(1, false);
                        }
                        '>' if angles == 0 => {
                            // `A > b`, where enough other brackets close the blocks.
                            let closes = self.closings_from(index + 1) < self.brackets.depth();
                            let step = matches!(
                                self.tokens.get(index + 1),
                                Some(TokenTree::Ident(_) | TokenTree::Punct(_))
                            ) && !tokens::is_punct(self.tokens.get(index + 1), '>');
                            return if closes || !step || !on_line { None } else { found(1, false) };
                        }
                        '>' => angles -= 1,
                        _ => {}
                    },
                    _ => {}
                }
            }
            index += 1;
        }
        None
    }

    /// Reads an arm. Consumes at least one token.
    fn arm(&mut self) -> Item {
        let start = self.at;
        let hole = Item::Step(Step::Hole(TokenStream::new()));
        let parts = self.parts_at(start);
        let Some(parts) = parts.filter(|parts| parts.sound || self.is_broken(start, *parts)) else {
            self.half_typed(start);
            return hole;
        };
        let end = parts.guard.unwrap_or(parts.arrow);
        let code = tokens::part(&self.tokens, start, end).to_vec();
        if !is_pattern(&code)
            && let Some(next) =
                (start + 1..end).find(|index| self.starts_line(*index) && self.arm_at(*index).is_some())
        {
            self.no_arm(start);
            self.at = next;
            return hole;
        }
        let pattern = if code.is_empty() {
            self.errors.at(self.here(), "expected a pattern before this `if`");
            Pattern::wild()
        } else if let [TokenTree::Ident(word)] = &code[..]
            && word == "else"
        {
            self.errors.at(word.span(), "the arm for all else is `_ => …`");
            Pattern::wild()
        } else {
            let pattern = self.pattern_or_wild(&code, "");
            self.no_mut(&pattern);
            pattern
        };
        let guard = parts.guard.map(|guard| self.guard(guard, parts.arrow));
        self.at = parts.arrow;
        if !parts.sound {
            let arrow = tokens::collect(tokens::part(&self.tokens, self.at, self.at + parts.width));
            let shown = tokens::source_text(&arrow);
            self.errors.over(
                arrow,
                format!("between the pattern and the step of an arm stands `=>`; write it for `{shown}`"),
            );
        }
        self.at += parts.width;
        let step = self.rest_of_arm();
        Item::Arm(Arm { pattern, guard, step })
    }

    /// Whether an arm with another arrow stands here.
    fn is_broken(&self, start: usize, parts: Parts) -> bool {
        parts.guard.is_none() && is_pattern(tokens::part(&self.tokens, start, parts.arrow))
    }

    /// The condition after the `if` at an index, up to the arrow.
    fn guard(&mut self, at: usize, arrow: usize) -> TokenStream {
        let code = tokens::part(&self.tokens, at + 1, arrow).to_vec();
        let stream = tokens::collect(&code);
        let sole = tokens::sole(&code);
        if code.is_empty() {
            let span = self.tokens.get(at).map_or_else(Span::call_site, TokenTree::span);
            self.errors.at(span, "expected a condition after this `if`; write `if (x > 9)`");
            return quote!((true));
        }
        let group = tokens::as_group(sole.as_ref(), Delimiter::Parenthesis);
        if group.is_none() {
            let shown = tokens::source_text(&stream);
            self.errors.over(
                stream.clone(),
                format!("the guard of an arm stands in parentheses; write `if ({shown})`"),
            );
        }
        if let Some(place) = placeholder::in_code(&code) {
            let message = "`_` is no expression; name what is piped before the block, `let x = _`";
            self.errors.at(place, message);
        }
        duration::refuse(stream, self.errors)
    }

    /// The step after an arrow.
    fn rest_of_arm(&mut self) -> Step {
        // Both characters of it.
        let arrow = tokens::part(&self.tokens, self.at.saturating_sub(2), self.at);
        let arrow = tokens::collect(arrow);
        self.open_invisible();
        let missing = self.peek(0).is_none()
            || self.punct(0, '>')
            || self.punct(0, ',')
            || (self.starts_line(self.at) && self.arm_at(self.at).is_some());
        if missing {
            self.errors.over(arrow, "expected a step after this `=>`");
            return Step::Hole(TokenStream::new());
        }
        if self.word(0, "let") {
            self.errors.at(self.here(), "an arm is one step; write `seq < let … >`");
            self.item();
            return Step::Hole(TokenStream::new());
        }
        self.step()
    }

    /// What stands between an arm and the next one.
    fn end_of_arm(&mut self) {
        let closed = self.at.checked_sub(1).and_then(|before| self.tokens.get(before)).is_some_and(|token| {
            tokens::is_punct(Some(token), '>') || tokens::as_group(Some(token), Delimiter::Brace).is_some()
        });
        let mut reported = false;
        loop {
            self.open_invisible();
            if self.punct(0, ',') {
                self.at += 1;
                return;
            }
            let ends = self.peek(0).is_none() || self.punct(0, '>') || self.punct(0, ';');
            let attribute = self.punct(0, '#') && self.group(1, Delimiter::Bracket).is_some();
            if ends || attribute || self.pair(0, '=', '>') {
                return;
            }
            let here = self.here();
            if self.next_arm() {
                if !(closed || reported) {
                    self.errors.at(here, "expected `,` before this pattern");
                }
                return;
            }
            let is_arm = self.parts_at(self.at).is_some_and(|parts| {
                if parts.sound { self.arm_at(self.at).is_some() } else { self.is_broken(self.at, parts) }
            });
            if is_arm || self.begins_no_step(self.at) {
                return;
            }
            if !reported {
                self.errors
                    .at(here, "an arm is one step; write `seq < … >` around several, and `,` between arms");
                reported = true;
            }
            let before = self.at;
            // What is wrong in there comes after what was reported.
            self.item();
            self.at = self.at.max(before + 1);
        }
    }

    /// Reports what stands in the place of an arm, up to where the next one may begin.
    fn half_typed(&mut self, start: usize) {
        self.no_arm(start);
        self.at += 1;
        while let Some(token) = self.peek(0) {
            let ends = tokens::is_punct(Some(token), ',')
                || tokens::closes_angle(&self.tokens, self.at)
                || self.block_at(self.at)
                || (self.starts_line(self.at) && self.parts_at(self.at).is_some_and(|parts| parts.sound));
            if ends {
                break;
            }
            self.at += 1;
        }
        if self.block_at(self.at) {
            // Read for what is wrong in it.
            self.step();
        }
    }

    fn no_arm(&mut self, start: usize) {
        let span = self.tokens.get(start).map_or_else(Span::call_site, TokenTree::span);
        self.errors.at(span, "an arm is a pattern, `=>` and a step");
    }

    /// Whether an arm begins here that can be no step, outside of a block of arms.
    pub(super) fn arm_that_is_no_step(&self) -> bool {
        self.begins_no_step(self.at) && self.arm_at(self.at).is_some()
    }

    /// Whether what stands at an index looks like a pattern rather than a step.
    fn begins_no_step(&self, index: usize) -> bool {
        match self.tokens.get(index) {
            Some(TokenTree::Literal(_)) => true,
            Some(TokenTree::Group(group)) => group.delimiter() != Delimiter::Brace,
            Some(TokenTree::Punct(punct)) => matches!(punct.as_char(), '&' | '-' | '.'),
            Some(TokenTree::Ident(word)) if word == "_" => true,
            Some(TokenTree::Ident(_)) => {
                let mut last = index;
                while tokens::is_pair(&self.tokens, last + 1, ':', ':')
                    && tokens::as_ident(self.tokens.get(last + 3)).is_some()
                {
                    last += 3;
                }
                tokens::as_ident(self.tokens.get(last))
                    .is_some_and(|word| word.to_string().starts_with(char::is_uppercase))
            }
            None => false,
        }
    }

    /// Reads an arm in a block that has none.
    pub(super) fn stray_arm(&mut self) -> Item {
        if !self.stray_arms {
            self.errors.at(self.here(), "arms stand in `choose(…) < … >`");
            self.stray_arms = true;
        }
        // What else is wrong with it is of no interest.
        let errors = self.errors.clone();
        if let Item::Arm(_) = self.arm() {
            self.end_of_arm();
        }
        *self.errors = errors;
        Item::Step(Step::Hole(TokenStream::new()))
    }
}

fn is_pattern(code: &[TokenTree]) -> bool {
    !code.is_empty() && tokens::is_reasonable(code) && Pattern::parse(code).is_some()
}
