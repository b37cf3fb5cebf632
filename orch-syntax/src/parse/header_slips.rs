//! What is meant as a part of the header and is written otherwise.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};

use super::body::DECLARING;
use super::cursor::Parser;
use super::header::{Header, infer};
use crate::ast::{HeaderLet, Input};
use crate::pattern::Pattern;
use crate::{blocks, duration, suggest, tokens, types};

impl Parser<'_> {
    /// Reports a part of the header that lacks its word, or has another, and takes it for what it is meant as. Gives whether there
    /// was one.
    pub(super) fn header_slip(&mut self, header: &mut Header) -> bool {
        if let Some(group) = self.group(0, Delimiter::Parenthesis).cloned() {
            let content = tokens::list(group.stream());
            if content.len() > 2 && declares(&content, 0) && !header.has_input() {
                let shown = tokens::show(&content).replacen(':', ": ", 1);
                self.errors.at(group.span_open(), format!("the input is declared as `|{shown}|`"));
                header.take_input(Input { pattern: pattern_of(&content), ty: infer(group.span_open()) });
                self.at += 1;
                return true;
            }
            return false;
        }
        if self.punct(0, '=') && !self.is_part_of_operator(self.at) {
            let Some(end) = self.end_of_entry() else { return false };
            let message = "expected what is set before this `=`: `error = …;`, or `let name = …;`";
            self.errors.at(self.here(), message);
            self.after_entry(end);
            return true;
        }
        let Some(word) = self.ident(0).cloned() else { return false };
        let end = self.end_of_entry().filter(|end| {
            let bar = |index: &usize| tokens::is_punct(self.tokens.get(*index), '|');
            !declares(&self.tokens, self.at) || !(self.at..*end).any(|index| bar(&index))
        });
        if tokens::is_one_of(&word, DECLARING) && self.ident(1).is_some() {
            let named = tokens::is_punct(self.peek(2), '=') || tokens::is_punct(self.peek(2), ':');
            let (Some(name), Some(end), true) = (self.ident(1).cloned(), end, named) else { return false };
            self.errors
                .beside(word.span(), format!("a value of the header is declared as `let {name} = …;`"));
            self.take_let(header, &word, &name, end);
            return true;
        }
        if word == "async" {
            let bar = self.at + 1 + usize::from(self.word(1, "move"));
            let bars = self.bars_at(bar);
            let is_input =
                tokens::is_punct(self.tokens.get(bar), '|') && bars.ty.is_some() && !header.has_input();
            let braced = bars
                .after
                .is_some_and(|after| tokens::as_group(self.tokens.get(after), Delimiter::Brace).is_some());
            if is_input && bars.after.is_some() && !braced {
                self.errors.beside(word.span(), "a pipeline is async by itself; remove the `async`");
                self.at += 1;
                return true;
            }
            return false;
        }
        if self.reserved(0).is_some() && !(word == "_" && declares(&self.tokens, self.at)) {
            return tokens::is_one_of(&word, &["type", "use"]) && self.header_item(&word, end);
        }
        if declares(&self.tokens, self.at) {
            return self.colon_for_equals(&word, end, header);
        }
        let is_type = word == "error" || word == "crate";
        if is_type && matches!(self.peek(1), Some(TokenTree::Ident(_))) && end.is_some() {
            self.errors.at(word.span(), format!("`{word}` is set with `=`; write `{word} = …;`"));
            self.after_entry(end.unwrap_or(self.at));
            return true;
        }
        let assigned = tokens::is_punct(self.peek(1), '=') && !self.is_part_of_operator(self.at + 1);
        let Some(end) = end.filter(|_| assigned) else { return false };
        self.entry_without_let(&word, end, header);
        true
    }

    /// `name = value;`
    fn entry_without_let(&mut self, name: &Ident, end: usize, header: &mut Header) {
        let value = tokens::part(&self.tokens, self.at + 2, end);
        let is_input = tokens::is_punct(value.first(), '|') || name == "input";
        let text = name.to_string();
        let is_error = suggest::closest(&text.to_lowercase(), &["error"]).is_some()
            || matches!(text.to_lowercase().as_str(), "err" | "error_type" | "errortype");
        if is_input {
            let shown = if tokens::is_punct(value.first(), '|') {
                tokens::source_text(&tokens::collect(value))
            } else {
                format!("|{name}: {}|", tokens::show(value))
            };
            self.errors.at(name.span(), format!("the input is declared as `{shown}`"));
            header.take_input(Input { pattern: Pattern::name(name), ty: infer(name.span()) });
            self.after_entry(end);
        } else if blocks::is_name_of_blocks(&text) {
            let shown = tokens::show(value);
            let message =
                format!("a pipeline is named at its first block; write `seq(name = {shown}) < … >`");
            self.errors.beside(name.span(), message);
            self.after_entry(end);
        } else if is_error {
            self.errors.at(name.span(), "the error type of a pipeline is declared as `error = …;`");
            self.after_entry(end);
        } else {
            self.errors
                .beside(name.span(), format!("a value of the header is declared as `let {name} = …;`"));
            self.take_let(header, name, name, end);
        }
    }

    /// `name: Type`, with a `;` or without.
    fn colon_for_equals(&mut self, name: &Ident, end: Option<usize>, header: &mut Header) -> bool {
        if (name == "error" || name == "crate") && end.is_some() {
            self.errors.at(name.span(), format!("`{name}` is set with `=`; write `{name} = …;`"));
            self.after_entry(end.unwrap_or(self.at));
            return true;
        }
        if header.has_input() {
            return false;
        }
        let type_end = end.unwrap_or_else(|| {
            let ends = |index: &usize| {
                let token = self.tokens.get(*index);
                let path = matches!(self.tokens.get(index - 1), Some(TokenTree::Punct(_)));
                let is_word = matches!(token, Some(TokenTree::Ident(_)));
                token.is_none()
                    || tokens::is_punct(token, '|')
                    || self.block_at(*index)
                    || (*index > self.at + 2 && (self.starts_line(*index) || (is_word && !path)))
            };
            (self.at + 2..=self.tokens.len()).find(ends).unwrap_or(self.tokens.len())
        });
        let code = tokens::part(&self.tokens, self.at, type_end);
        let ty = tokens::source_text(&tokens::collect(tokens::part(code, 2, code.len())));
        self.errors.at(name.span(), format!("the input is declared as `|{name}: {ty}|`"));
        let pattern = if name == "_" { Pattern::wild() } else { Pattern::name(name) };
        header.take_input(Input { pattern, ty: infer(name.span()) });
        self.after_entry(type_end);
        self.at += usize::from(self.punct(0, '|'));
        true
    }

    /// `type Error = …;`, `use …;`
    fn header_item(&mut self, word: &Ident, end: Option<usize>) -> bool {
        let Some(end) = end else { return false };
        let is_error = word == "type"
            && self.ident(1).is_some_and(|name| name.to_string().to_lowercase().contains("err"));
        let message = if is_error {
            "the error type of a pipeline is declared as `error = …;`".to_owned()
        } else {
            format!("`{word}` begins an item, which stands before the pipeline")
        };
        self.errors.at(word.span(), message);
        self.after_entry(end);
        true
    }

    /// The `let` that was meant.
    fn take_let(&mut self, header: &mut Header, word: &Ident, name: &Ident, end: usize) {
        let equals = |index: &usize| tokens::is_punct(self.tokens.get(*index), '=');
        let value = (self.at..end).find(equals).map_or(end, |equals| equals + 1);
        let value = tokens::collect(tokens::part(&self.tokens, value, end));
        if duration::occurs(&value) {
            self.errors.break_tree();
        }
        let value =
            if value.is_empty() { TokenStream::from(duration::unit_value(name.span())) } else { value };
        header.lets.push(HeaderLet {
            let_token: Ident::new("let", word.span()),
            pattern: Pattern::name(name),
            ty: None,
            value,
        });
        self.after_entry(end);
    }

    /// Reads on after the end of a part.
    fn after_entry(&mut self, end: usize) {
        self.at = end + usize::from(tokens::is_punct(self.tokens.get(end), ';'));
    }

    /// Where the `;` of a part of the header stands, before any block; or the bars of the input, where there is none.
    fn end_of_entry(&self) -> Option<usize> {
        let ends = |index: &usize| {
            let token = self.tokens.get(*index);
            let bars = tokens::is_punct(token, '|')
                && *index > self.at + 2
                && tokens::ends_expression(self.tokens.get(index - 1))
                && self.bars_at(*index).after.is_some()
                && self.bars_at(*index).ty.is_some();
            token.is_none() || tokens::is_punct(token, ';') || self.block_at(*index) || bars
        };
        let end = (self.at..=self.tokens.len()).find(ends)?;
        let before_input = tokens::is_punct(self.tokens.get(end), '|');
        (before_input || tokens::is_punct(self.tokens.get(end), ';')).then_some(end)
    }

    /// What stands after the input and ends nothing: `;`, `,`, or a type that it gives.
    pub(super) fn after_input(&mut self) {
        let here = self.here();
        if self.punct(0, ';') || self.punct(0, ',') {
            let sign = if self.punct(0, ';') { ';' } else { ',' };
            self.errors.beside(here, format!("the first step follows the input; remove the `{sign}`"));
            self.at += 1;
            return;
        }
        let arrow = self.pair(0, '-', '>');
        let ends = |index: &usize| {
            let token = self.tokens.get(*index);
            token.is_none()
                || self.block_at(*index)
                || self.starts_line(*index)
                || tokens::is_punct(token, ';')
        };
        let end = (self.at + 2..=self.tokens.len()).find(ends).unwrap_or(self.tokens.len());
        let is_type =
            end > self.at + 2 && (tokens::is_punct(self.tokens.get(end), ';') || self.block_at(end));
        let (is_type, end) = match self.type_end(self.at + 2).filter(|_| arrow && !is_type) {
            Some(end) => (true, end),
            None => (is_type, end),
        };
        if arrow && is_type {
            self.errors
                .beside(here, "a pipeline gives what its last step gives; remove the `->` and its type");
            self.at = end + usize::from(tokens::is_punct(self.tokens.get(end), ';'));
        }
    }
}

impl Parser<'_> {
    /// Where a type ends that stands at an index, begins with a large letter or is Rust's own, and has a step after it.
    fn type_end(&self, index: usize) -> Option<usize> {
        let mut end = index;
        while tokens::as_ident(self.tokens.get(end)).is_some()
            && tokens::is_pair(&self.tokens, end + 1, ':', ':')
        {
            end += 3;
        }
        let name = tokens::as_ident(self.tokens.get(end))?;
        if !(types::begins_large(name) || types::is_primitive(name)) {
            return None;
        }
        end += 1;
        if tokens::is_punct(self.tokens.get(end), '<') {
            end = tokens::angle_end(&self.tokens, end)? + 1;
        }
        let step = match self.tokens.get(end)? {
            TokenTree::Ident(_) => true,
            token => tokens::is_punct(Some(token), '|'),
        };
        step.then_some(end)
    }
}

/// Whether `name:` stands at an index.
fn declares(code: &[TokenTree], at: usize) -> bool {
    tokens::as_ident(code.get(at)).is_some()
        && tokens::is_punct(code.get(at + 1), ':')
        && !tokens::is_pair(code, at + 1, ':', ':')
        && code.get(at + 2).is_some()
}

fn pattern_of(content: &[TokenTree]) -> Pattern {
    tokens::as_ident(content.first()).map_or_else(Pattern::wild, Pattern::name)
}
