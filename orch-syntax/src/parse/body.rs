//! What stands between the brackets of a block.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use quote::ToTokens;

use super::cursor::Parser;
use super::slips;
use crate::ast::{Item, LetPiped, LetStep, Step};
use crate::pattern::Pattern;
use crate::tokens;
use crate::types;

/// Words that declare a value elsewhere.
pub(super) const DECLARING: &[&str] = &["var", "val", "mut", "const", "static", "auto", "def"];

/// Variants that every module sees, and that do not match every reference.
pub(super) const OF_REFERENCES: &[&str] = &["Some", "Ok", "Err"];

/// `let pattern: Type =`, up to the value.
pub(super) struct LetHead {
    pub(super) let_token: Ident,
    pub(super) pattern: Pattern,
    pub(super) ty: Option<TokenStream>,
}

impl Parser<'_> {
    /// The steps up to the `>` of this block or the end of the input.
    pub(super) fn items(&mut self) -> Vec<Item> {
        let mut items = Vec::new();
        loop {
            self.open_invisible();
            if self.peek(0).is_none() || (self.punct(0, '>') && self.sign_of_others().is_none()) {
                return items;
            }
            let before = self.at;
            if self.punct(0, ',') {
                if items.is_empty() {
                    self.errors.at(self.here(), "expected a step before this `,`");
                    items.push(Item::Step(Step::Hole(TokenStream::new())));
                }
                self.at += 1;
                if self.punct(0, ',') {
                    self.errors.at(self.here(), "expected a step before this `,`");
                    self.at += 1;
                }
            } else if let Some(attributed) = self.attributes() {
                if !(self.peek(0).is_none() || self.punct(0, '>')) {
                    items.push(self.item());
                }
                // Between steps it means nothing, and before the first one it would be a mistake.
                self.at += usize::from(self.punct(0, ',') && self.at > before + 2);
                self.end_attributed(attributed);
            } else if self.arm_that_is_no_step() {
                items.push(self.stray_arm());
            } else if !self.separator() {
                let errors = self.errors.len();
                items.push(self.item());
                self.statement_end(errors);
            }
            // Whatever the text: each round consumes something.
            if self.at == before {
                self.at += 1;
            }
        }
    }

    pub(super) fn item(&mut self) -> Item {
        let declares = self.ident(0).is_some_and(|word| tokens::is_one_of(word, DECLARING))
            && self.ident(1).is_some()
            && tokens::is_punct(self.peek(2), '=');
        if declares {
            let shown = self.ident(1).map(ToString::to_string).unwrap_or_default();
            self.errors.beside(self.here(), format!("the output of a step is named by `let {shown} = …`"));
        }
        if declares || self.word(0, "let") { self.let_item() } else { Item::Step(self.step()) }
    }

    /// What users of other languages write between steps.
    pub(super) fn separator(&mut self) -> bool {
        let Some((width, message)) = self.sign() else { return false };
        let pair = self.tokens.get(self.at..self.at + width).map(tokens::collect).unwrap_or_default();
        self.separators.push((message, pair));
        self.at += width;
        true
    }

    /// Steps over the `;` of a statement that was reported as no step.
    pub(super) fn statement_end(&mut self, errors: usize) {
        if self.errors.len() > errors && self.punct(0, ';') {
            self.at += 1;
        }
    }

    /// Reports the separators, each kind once: who writes one writes them all.
    pub(super) fn report_separators(&mut self) {
        let separators = std::mem::take(&mut self.separators);
        for (at, (message, tokens)) in separators.iter().enumerate() {
            let same = |others: &[(&str, TokenStream)]| others.iter().any(|(other, _)| other == message);
            if !same(separators.get(..at).unwrap_or(&[])) {
                let more = if same(separators.get(at + 1..).unwrap_or(&[])) {
                    ", and the others like it"
                } else {
                    ""
                };
                self.errors.beside_over(tokens.clone(), format!("{message}{more}"));
            }
        }
    }

    fn let_item(&mut self) -> Item {
        let LetHead { let_token, pattern, ty } = self.let_head();
        self.open_invisible();
        if self.word(0, "_") {
            let piped = self.here();
            self.at += 1;
            self.end_piped(&pattern);
            return Item::Piped(LetPiped { let_token, pattern, ty, piped });
        }
        let step = if self.word(0, "let") || self.peek(0).is_none() || self.punct(0, ',') {
            self.expected_value();
            Step::Hole(TokenStream::new())
        } else if self.punct(0, ';') {
            self.expected_value();
            self.at += 1;
            Step::Hole(TokenStream::new())
        } else if self.punct(0, '>') {
            self.expected_value();
            Step::Hole(TokenStream::new())
        } else {
            self.step()
        };
        self.end_let(&pattern);
        Item::Let(LetStep { let_token, pattern, ty, step })
    }

    /// Looks at what follows the `_` of a `let` and belongs to it.
    fn end_piped(&mut self, pattern: &Pattern) {
        let (here, name) = (self.here(), self.word(0, "as"));
        if name {
            self.errors.at(
                here,
                "a piped value is no step, and has no name but that of the `let`; remove this `as`",
            );
            self.at += 1;
            self.at += usize::from(matches!(self.peek(0), Some(TokenTree::Literal(_))));
        } else if self.punct(0, '.') || self.punct(0, '?') || self.group(0, Delimiter::Parenthesis).is_some()
        {
            let message = "`let name = _` names the piped value as it is; for a part of it write \
                           `let name = |x| { … }`, or take it apart by the pattern";
            self.errors.at(here, message);
            self.skip_expression_tail();
        } else {
            self.end_let(pattern);
        }
    }

    /// What may follow a `let` that does not always match.
    fn end_let(&mut self, pattern: &Pattern) {
        if self.word(0, "else") {
            self.no_else();
        } else {
            self.no_variant(pattern, OF_REFERENCES);
        }
    }

    fn no_else(&mut self) {
        let message = "a step has no `else`; name the whole value, or let an inline step give the error: \
                       `|x| { x.ok_or(\"…\") }`";
        self.errors.at(self.here(), message);
        self.at += 1;
        self.bump_group(Delimiter::Brace);
    }

    fn expected_value(&mut self) {
        if self.lost {
            self.lost = false;
            return;
        }
        let at = self.before();
        self.errors.at(at, "expected a step after this: write `let name = step`");
    }

    /// Reads `let pattern: Type =`. Without a `=`, the first name or group is the pattern.
    pub(super) fn let_head(&mut self) -> LetHead {
        let let_token = Ident::new("let", self.here());
        self.at += 1;
        let start = self.at;
        let mut colon = None;
        let mut angles = 0usize;
        let mut index = start;
        let equals = loop {
            let token = self.tokens.get(index);
            let at_keyword = index > start && angles == 0 && self.block_at(index);
            if token.is_none() || at_keyword || tokens::is_word(token, "let") || tokens::is_punct(token, ';')
            {
                break None;
            }
            if tokens::is_pair(&self.tokens, index, ':', ':') {
                index += 2;
                continue;
            }
            if tokens::is_punct(token, ':') && colon.is_none() && angles == 0 {
                colon = Some(index);
            } else if colon.is_none() && tokens::is_pair(&self.tokens, index, '<', '-') {
                break Some(index);
            } else if tokens::is_punct(token, '<') {
                angles += 1;
            } else if tokens::closes_angle(&self.tokens, index) {
                if angles == 0 {
                    break None;
                }
                angles -= 1;
            } else if tokens::is_punct(token, '=') && angles == 0 && !self.is_part_of_operator(index) {
                break Some(index);
            }
            index += 1;
        };
        let Some(equals) = equals else {
            if let Some(open) = slips::unclosed_type(&self.tokens, start.saturating_sub(1)) {
                self.errors.at(open, "this `<` of a type is not closed; write `>` where it ends");
                let value = |index: &usize| tokens::is_punct(self.tokens.get(*index), '=');
                self.at = (start..self.tokens.len()).find(value).map_or(self.at, |equals| equals + 1);
                return LetHead { let_token, pattern: Pattern::wild(), ty: None };
            }
            return self.let_head_without_value(let_token);
        };
        // `:=` and `<-` of other languages.
        let assigned = colon.is_some_and(|colon| colon + 1 == equals);
        let arrow = usize::from(tokens::is_punct(self.tokens.get(equals), '<'));
        if assigned || arrow > 0 {
            let (from, to) = if assigned { (equals - 1, equals + 1) } else { (equals, equals + 2) };
            let sign = tokens::collect(tokens::part(&self.tokens, from, to));
            let shown = tokens::source_text(&sign);
            self.errors.beside_over(sign, format!("a `let` is written with `=`; write it for `{shown}`"));
        }
        let colon = colon.filter(|_| !assigned);
        let pattern_end = if assigned { equals - 1 } else { colon.unwrap_or(equals) };
        let pattern = tokens::part(&self.tokens, start, pattern_end).to_vec();
        let ty = colon.map(|colon| tokens::part(&self.tokens, colon + 1, equals).to_vec());
        self.at = if pattern.is_empty() { start } else { pattern_end };
        let pattern = self.pattern_of_names(&pattern);
        self.at = equals;
        let ty = ty.filter(|_| arrow == 0).and_then(|ty| self.type_of(&ty));
        self.at = equals + 1 + usize::from(arrow > 0);
        LetHead { let_token, pattern, ty }
    }

    /// Whether the `=` here belongs to `==`, `=>`, `..=` and the like.
    pub(super) fn is_part_of_operator(&self, index: usize) -> bool {
        let pair = |at, first, second| tokens::is_pair(&self.tokens, at, first, second);
        let follows = pair(index, '=', '=') || pair(index, '=', '>');
        let precedes = index
            .checked_sub(1)
            .is_some_and(|before| pair(before, '=', '=') || pair(before, '.', '=') || pair(before, '!', '='));
        follows || precedes
    }

    fn let_head_without_value(&mut self, let_token: Ident) -> LetHead {
        let start = self.at;
        while self.word(0, "mut") || self.word(0, "ref") || self.punct(0, '&') {
            self.at += 1;
        }
        let named = (self.is_name(0) && !self.block_at(self.at)) || self.word(0, "_");
        if named
            || self.group(0, Delimiter::Parenthesis).is_some()
            || self.group(0, Delimiter::Bracket).is_some()
        {
            self.at += 1;
        }
        let pattern = self.since(start).to_vec();
        if pattern.is_empty() {
            self.errors.at(self.before(), "expected a name or pattern after `let`: write `let name = step`");
            self.lost = true;
            return LetHead { let_token, pattern: Pattern::wild(), ty: None };
        }
        let shown = tokens::show(&pattern);
        let span = if self.peek(0).is_some() { self.here() } else { self.before() };
        self.errors.at(span, format!("expected `=` after `let {shown}`"));
        self.lost = true;
        let pattern = self.pattern_or_wild(&pattern, "");
        LetHead { let_token, pattern, ty: None }
    }

    /// The pattern of a `let`: what it names is borrowed by later steps.
    fn pattern_of_names(&mut self, code: &[TokenTree]) -> Pattern {
        let bar = code.iter().position(|token| tokens::is_punct(Some(token), '|'));
        if let Some(bar) = bar.and_then(|bar| code.get(bar)) {
            let message = "a `let` has one pattern, which always matches; for one or another write `choose(x) < pattern => step, … >`";
            self.errors.at(bar.span(), message);
            return Pattern::wild();
        }
        let pattern = self.pattern_or_wild(code, "expected a name or pattern after `let`");
        self.no_mut(&pattern);
        pattern
    }

    /// Reports a name that is to be changed.
    pub(super) fn no_mut(&mut self, pattern: &Pattern) {
        if let Some(span) = pattern.mutable() {
            let message = "what has a name is shared by all later steps, and cannot be changed; change a clone in an inline step";
            self.errors.at(span, message);
        }
    }

    /// Reports a pattern that is `None` or one of these variants around another, and so does not match every value.
    pub(super) fn no_variant(&mut self, pattern: &Pattern, variants: &[&str]) {
        let code = tokens::list(pattern.to_token_stream());
        let Some(TokenTree::Ident(variant)) = code.first() else { return };
        let is_variant = match code.get(1) {
            None => variant == "None",
            Some(_) => {
                code.len() == 2
                    && tokens::is_one_of(variant, variants)
                    && tokens::as_group(code.get(1), Delimiter::Parenthesis).is_some()
            }
        };
        if is_variant {
            let shown = tokens::show(&code);
            let message = format!(
                "a pattern here always matches; name the whole and look inside with `choose(x) < {shown} => step, … >`"
            );
            self.errors.over(pattern.to_token_stream(), message);
        }
    }

    /// A pattern, or `_` where these tokens are none.
    pub(super) fn pattern_or_wild(&mut self, tokens: &[proc_macro2::TokenTree], if_empty: &str) -> Pattern {
        if tokens.is_empty() {
            self.errors.at(self.here(), if_empty);
            return Pattern::wild();
        }
        let stream = tokens::collect(tokens);
        if !tokens::is_reasonable(tokens) {
            self.errors.over(stream, "this pattern is too deep for the macro to read");
            return Pattern::wild();
        }
        Pattern::parse(tokens).unwrap_or_else(|| {
            self.errors.over(stream, "expected a pattern, such as a name or `(a, b)`");
            Pattern::wild()
        })
    }

    /// What to say of `&mut u32: u32`.
    fn one_of_two_types(&self, code: &[TokenTree]) -> Option<String> {
        let parts = tokens::split_outside_angles(code, ':');
        let has_path = (0..code.len()).any(|at| tokens::is_pair(code, at, ':', ':'));
        let last = parts.last().filter(|_| parts.len() == 2 && !has_path)?;
        let shown = tokens::source_text(&tokens::collect(last));
        types::is_type(last).then(|| format!("a value has one type; write `{shown}`"))
    }

    pub(super) fn type_of(&mut self, tokens: &[proc_macro2::TokenTree]) -> Option<TokenStream> {
        if tokens.is_empty() {
            self.errors.at(self.here(), "expected a type after `:`");
            return None;
        }
        let stream = tokens::collect(tokens);
        if !tokens::is_reasonable(tokens) {
            self.errors
                .over(stream, "this type is too deep for the macro to read; give it a name with `type`");
            return None;
        }
        if !types::is_type(tokens) {
            let first = self.one_of_two_types(tokens);
            self.errors.over(stream, first.unwrap_or_else(|| "expected a type".to_owned()));
            return None;
        }
        Some(stream)
    }
}
