//! What stands before the first step.

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};

use super::bars::Bars;
use super::body::{LetHead, OF_REFERENCES};
use super::cursor::Parser;
use super::slips;
use crate::ast::{HeaderLet, Inline, Input};
use crate::pattern::Pattern;
use crate::types;
use crate::{duration, tokens};

#[derive(Default)]
pub(super) struct Header {
    pub(super) krate: Option<TokenStream>,
    pub(super) error: Option<TokenStream>,
    pub(super) lets: Vec<HeaderLet>,
    pub(super) move_token: Option<Span>,
    pub(super) input: Option<Input>,
    /// What was written as a header and can only be meant as the first step.
    pub(super) inline: Option<Inline>,
    has_input: bool,
    crate_given: bool,
    error_given: bool,
}

impl Header {
    pub(super) fn has_input(&self) -> bool {
        self.has_input
    }

    pub(super) fn take_input(&mut self, input: Input) {
        self.has_input = true;
        self.input = Some(input);
    }
}

impl Parser<'_> {
    /// Reads the parts of the header, in whatever order they come.
    pub(super) fn header(&mut self) -> Header {
        let mut header = Header::default();
        loop {
            self.open_invisible();
            let before = self.at;
            let attributed = if self.begins_attributed_part() { self.attributes() } else { None };
            let content = self.at;
            let is_setting =
                tokens::is_punct(self.peek(1), '=') && !self.pair(1, '=', '=') && !self.pair(1, '=', '>');
            if is_setting && (self.word(0, "crate") || self.word(0, "error")) {
                self.setting(&mut header);
            } else if self.word(0, "let") {
                self.header_let(&mut header);
            } else if self.word(0, "move") && !(header.has_input && self.is_moving_inline()) {
                self.header_move(&mut header);
            } else if self.punct(0, '|') && !self.pair(0, '|', '>') {
                self.input(&mut header);
                if self.at > before && header.inline.is_none() {
                    self.after_input();
                }
            } else if !(attributed.is_some() || self.block_at(self.at)) {
                self.header_slip(&mut header);
            }
            if let Some(attributed) = attributed {
                if self.at == content {
                    // It is the first step's.
                    self.at = before;
                    return header;
                }
                self.end_attributed(attributed);
            }
            if self.at == before || header.inline.is_some() {
                self.header_moves = header.move_token.is_some();
                return header;
            }
        }
    }

    /// Whether attributes stand here, and a part of the header after them.
    fn begins_attributed_part(&self) -> bool {
        let mut ahead = 0;
        while self.punct(ahead, '#') && self.group(ahead + 1, Delimiter::Bracket).is_some() {
            ahead += 2;
        }
        let is_setting = (self.word(ahead, "crate") || self.word(ahead, "error"))
            && tokens::is_punct(self.peek(ahead + 1), '=');
        let is_input = self.punct(ahead, '|')
            && self
                .bars_at(self.at + ahead)
                .after
                .is_some_and(|after| tokens::as_group(self.tokens.get(after), Delimiter::Brace).is_none());
        ahead > 0 && (is_setting || is_input || self.word(ahead, "let") || self.word(ahead, "move"))
    }

    /// Says the order, if something that comes later has been read. Gives whether it did.
    fn check_order(&mut self, what: &str, too_late: bool) -> bool {
        if too_late {
            let message = format!(
                "{what} comes earlier; the order is `crate = …;`, `error = …;`, `let …;`, `move`, `|input: Type|`, step"
            );
            self.errors.at(self.here(), message);
        }
        too_late
    }

    /// `crate = path;` or `error = Type;`
    fn setting(&mut self, header: &mut Header) {
        let is_crate = self.word(0, "crate");
        let given = if is_crate { &mut header.crate_given } else { &mut header.error_given };
        let twice = std::mem::replace(given, true);
        let name = if is_crate { "crate" } else { "error" };
        let late = header.has_input || header.move_token.is_some() || !header.lets.is_empty();
        let mut reported = self.check_order(&format!("`{name} = …;`"), late);
        if twice && !reported {
            self.errors.at(self.here(), format!("`{name}` is given twice; remove one"));
            reported = true;
        }
        self.at += 2;
        let equals = self.before();
        let value = self.up_to_semicolon(reported);
        if value.is_empty() {
            let due = if is_crate { "a path, such as `::async_orch`" } else { "a type, such as `MyError`" };
            self.errors.at(equals, format!("expected {due}, after this `=`"));
        } else if is_crate {
            match types::path(&value) {
                Some(path) if !twice => header.krate = Some(path),
                Some(_) => {}
                None => {
                    let message = "expected the path of the crate, such as `::async_orch`";
                    self.errors.over(tokens::collect(&value), message);
                }
            }
        } else if let Some(ty) = self.type_of(&value).filter(|_| !twice) {
            header.error = Some(ty);
        }
    }

    /// `let pattern: Type = expression;`
    fn header_let(&mut self, header: &mut Header) {
        let late = header.has_input || header.move_token.is_some();
        let reported = self.check_order("a `let` of the header", late);
        let errors = self.errors.len();
        let LetHead { let_token, pattern, ty } = self.let_head();
        self.no_variant(&pattern, OF_REFERENCES);
        let reported = reported || self.errors.len() > errors;
        self.lost = false;
        let value = self.up_to_semicolon(reported);
        let value = if value.is_empty() {
            if !reported {
                self.errors.at(self.before(), "expected a value after `=`: write `let name = expression;`");
            }
            duration::unit_value(let_token.span()).into()
        } else {
            if !reported && slips::in_value(&value, "`;` after the value", self.errors) {
                self.errors.break_tree();
            }
            duration::refuse(tokens::collect(&value), self.errors)
        };
        header.lets.push(HeaderLet { let_token, pattern, ty, value });
    }

    /// Whether the `move` here is the first step's own, after the input.
    fn is_moving_inline(&self) -> bool {
        let bars = self.bars_at(self.at + 1);
        let braced = bars
            .after
            .is_some_and(|after| tokens::as_group(self.tokens.get(after), Delimiter::Brace).is_some());
        self.is_moving_closure(self.at) && (braced || bars.ty.is_none())
    }

    fn header_move(&mut self, header: &mut Header) {
        let late = header.has_input;
        if !self.check_order("`move`", late) && header.move_token.is_some() {
            self.errors.at(self.here(), "`move` is given twice; remove one");
        }
        header.move_token = Some(self.here());
        self.at += 1;
    }

    /// The tokens up to a `;`, which is consumed. Without one, up to where the next part clearly begins.
    fn up_to_semicolon(&mut self, mut reported: bool) -> Vec<TokenTree> {
        let start = self.at;
        let is_semicolon = |token: &TokenTree| tokens::is_punct(Some(token), ';');
        let mut end = start;
        while let Some(token) = self.tokens.get(end) {
            if is_semicolon(token)
                || (end > start && (self.begins_part(end) || self.is_comma_of_header(end)))
                || (end == start && self.block_at(end))
            {
                break;
            }
            end += 1;
        }
        let value = tokens::part(&self.tokens, start, end).to_vec();
        self.at = end;
        if self.punct(0, ';') {
            self.at += 1;
        } else if self.punct(0, ',') {
            if !reported {
                self.errors.at(self.here(), "a part of the header ends with `;`; write it for the `,`");
            }
            self.at += 1;
        } else {
            reported |= value.is_empty();
            if !reported {
                self.errors.at(self.before(), "expected `;` after this; a part of the header ends with one");
            }
        }
        value
    }

    /// Whether a comma stands here, and another part of the header or a block after it.
    fn is_comma_of_header(&self, index: usize) -> bool {
        let next = self.tokens.get(index + 1);
        let is_part = tokens::is_word(next, "let")
            || tokens::is_word(next, "move")
            || self.block_at(index + 1)
            || (tokens::is_punct(next, '|') && self.bars_at(index + 1).ty.is_some());
        tokens::is_punct(self.tokens.get(index), ',') && is_part
    }

    /// Whether something begins here that cannot go on with an expression of the header.
    fn begins_part(&self, index: usize) -> bool {
        let before = index.checked_sub(1).and_then(|before| self.tokens.get(before));
        let bar = if tokens::is_word(self.tokens.get(index), "move") { index + 1 } else { index };
        let is_input = tokens::is_punct(self.tokens.get(bar), '|') && {
            let bars = self.bars_at(bar);
            bars.after.is_some() && bars.ty.is_some()
        };
        let is_part = tokens::is_word(self.tokens.get(index), "let") || self.block_at(index) || is_input;
        if is_part && tokens::ends_expression(before) {
            return true;
        }
        let operator =
            matches!(before, Some(TokenTree::Punct(punct)) if !matches!(punct.as_char(), '?' | '>'));
        if operator || !self.starts_line(index) {
            return false;
        }
        let token = self.tokens.get(index);
        if tokens::ends_expression(before) && tokens::begins_another(token) {
            return true;
        }
        is_part
    }

    /// `|pattern: Type|`, unless the bars begin an inline step.
    fn input(&mut self, header: &mut Header) {
        let bars = self.bars_at(self.at);
        let braced = bars
            .after
            .and_then(|after| tokens::as_group(self.tokens.get(after), Delimiter::Brace))
            .map(proc_macro2::Group::stream);
        if header.has_input {
            if bars.ty.is_some() && bars.after.is_some() && braced.is_none() {
                self.errors.at(
                    bars.open,
                    "a pipeline has one input; for several values declare a tuple, `|(a, b): (A, B)|`",
                );
                self.at = bars.after.unwrap_or(bars.resume);
            }
            return;
        }
        let Some(after) = bars.after else {
            self.errors.at(bars.open, "this `|` is not closed; the input is declared as `|name: Type|`");
            header.has_input = true;
            // What is typed of it, for an editor.
            if let Some(ty) = bars.ty.filter(|ty| types::is_type(ty)) {
                let pattern = Pattern::parse(&bars.pattern).unwrap_or_else(Pattern::wild);
                header.input = Some(Input { pattern, ty: tokens::collect(&ty) });
            }
            self.at = bars.resume;
            return;
        };
        let untyped = bars.ty.is_none();
        let is_type = types::is_surely_type(&bars.pattern);
        if untyped && !is_type && (braced.is_some() || self.is_bare_closure(&bars, after)) {
            return;
        }
        header.has_input = true;
        let error_before = self.errors.len();
        if let Some(comma) = bars.comma {
            self.errors.at(
                comma,
                "a pipeline has one input; for several values declare a tuple, `|(a, b): (A, B)|`",
            );
            self.at = after;
            return;
        }
        if bars.pattern.is_empty() {
            self.errors.at(bars.open, "a pipeline without input has no bars; declare one as `|name: Type|`");
            self.at = after;
            return;
        }
        if untyped
            && let Some(ty) = types::is_surely_type(&bars.pattern).then(|| tokens::collect(&bars.pattern))
        {
            let shown = tokens::source_text(&ty);
            self.errors.beside_over(ty.clone(), format!("the input has a name or `_`; write `|_: {shown}|`"));
            self.at = after;
            header.input = Some(Input { pattern: Pattern::wild(), ty });
            return;
        }
        if untyped {
            let shown = tokens::show(&bars.pattern);
            self.errors.over(
                tokens::collect(&bars.pattern),
                format!("the input needs its type; write `|{shown}: Type|`"),
            );
        }
        let pattern = self.pattern_or_wild(&bars.pattern, "expected a name");
        self.no_variant(&pattern, OF_REFERENCES);
        self.no_mut(&pattern);
        self.at = after.saturating_sub(1);
        let ty = bars.ty.as_deref().and_then(|ty| self.type_of(ty));
        self.at = after;
        let meant_inline = braced.is_some_and(|body| pattern.names().any(|name| mentions(&body, &name)));
        if meant_inline && self.errors.len() == error_before {
            header.inline = self.inline_after_header(&bars, &pattern);
            let ty = ty.unwrap_or_else(|| infer(bars.open));
            header.input = Some(Input { pattern: Pattern::wild(), ty });
            return;
        }
        let bars_text = tokens::collect(tokens::part(&self.tokens, after - bars.length, after));
        self.header_input = Some(tokens::source_text(&bars_text));
        header.input = Some(Input { pattern, ty: ty.unwrap_or_else(|| infer(bars.open)) });
    }

    /// Whether untyped bars are followed by an expression, not by a step: `|x| x + 1`.
    fn is_bare_closure(&self, bars: &Bars, after: usize) -> bool {
        let names: Vec<String> = bars.pattern.iter().map(ToString::to_string).collect();
        let next = self.tokens.get(after);
        match next {
            None => true,
            Some(TokenTree::Literal(_)) => true,
            Some(TokenTree::Ident(ident)) => {
                let operator = match self.tokens.get(after + 1) {
                    Some(TokenTree::Punct(punct)) => {
                        matches!(punct.as_char(), '+' | '-' | '*' | '/' | '.' | '!' | '%')
                    }
                    _ => false,
                };
                operator || names.contains(&ident.to_string())
            }
            Some(TokenTree::Group(_)) => true,
            Some(TokenTree::Punct(punct)) => matches!(punct.as_char(), '-' | '&' | '*' | '!'),
        }
    }

    /// `|n: u32| { n + 1 }`: what the text declares as the input can only be meant as an inline step.
    fn inline_after_header(&mut self, bars: &Bars, pattern: &Pattern) -> Option<Inline> {
        let (name, ty) = (tokens::show(&bars.pattern), tokens::show(bars.ty.as_deref().unwrap_or(&[])));
        self.errors.at(
            bars.open,
            format!(
                "the first `|…|` declares the input; for an inline step write `|_: {ty}| |{name}| {{ … }}`"
            ),
        );
        let body = self.bump_group(Delimiter::Brace)?;
        let name = self.step_name();
        Some(Inline {
            durable: false,
            async_token: None,
            move_token: None,
            bar: bars.open,
            pattern: pattern.clone(),
            ty: None,
            context: None,
            body,
            name,
        })
    }
}

/// `_` as a type.
pub(super) fn infer(span: Span) -> TokenStream {
    TokenTree::Ident(Ident::new("_", span)).into()
}

/// Whether a name occurs in code.
fn mentions(code: &TokenStream, name: &str) -> bool {
    let mut todo = vec![code.clone()];
    while let Some(tokens) = todo.pop() {
        for token in tokens {
            match token {
                TokenTree::Ident(ident) if ident == name => return true,
                TokenTree::Group(group) => todo.push(group.stream()),
                // `"{n}"` in a formatting macro.
                TokenTree::Literal(literal) if literal.to_string().contains(&format!("{{{name}")) => {
                    return true;
                }
                _ => {}
            }
        }
    }
    false
}
