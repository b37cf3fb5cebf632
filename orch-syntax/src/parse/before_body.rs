//! What stands between the keyword of a block and its `<` and belongs into parentheses, or nowhere; and a body that stands
//! between other brackets.

use proc_macro2::{Delimiter, Group, Ident, TokenTree};

use super::cursor::Parser;
use super::options::meant_by;
use crate::ast::Block;
use crate::blocks::{self, Body, Needs, Spec};
use crate::{suggest, tokens};

/// Longer code is not written out in a message.
const SHOWN: usize = 60;

impl Parser<'_> {
    /// Steps over what stands before the `<` of a body and is no part of a block: reported once, and taken for the head or the options
    /// if that is what it is.
    pub(super) fn before_body(
        &mut self,
        spec: &'static Spec,
        keyword: &Ident,
        start: usize,
        group: Option<Group>,
    ) -> Option<Group> {
        if group.is_none()
            && let Some(head) = self.head_before_braces(spec, keyword)
        {
            return Some(head);
        }
        let Some(open) = self.body_after_more(spec, keyword) else { return group };
        let code = tokens::part(&self.tokens, self.at, open).to_vec();
        // `timeout = 2s`, `par: limit = 2`.
        let signs = code
            .iter()
            .take_while(|token| tokens::is_punct(Some(token), '=') || tokens::is_punct(Some(token), ':'))
            .count();
        let given = tokens::part(&code, signs, code.len());
        let (message, group) = match (&group, self.options_meant(spec, keyword, given)) {
            (None, Some((message, meant))) => (message, Some(meant)),
            _ => {
                // The first step of a body has none before it that gives a collection.
                if spec.needs == Needs::Items {
                    self.errors.break_tree();
                }
                let is_first = tokens::is_punct(self.tokens.get(start.wrapping_sub(1)), '<') || start == 0;
                (not_before_body(spec, keyword, given, &code, is_first), group)
            }
        };
        let is_sign = given.is_empty() || message.contains("nothing stands");
        let at = if is_sign { &code[..] } else { given };
        self.errors.beside_over(tokens::collect(at), message);
        self.at = open;
        group
    }

    /// Where the `<` of a body is that does not stand here, but further on in the line.
    fn body_after_more(&self, spec: &'static Spec, keyword: &Ident) -> Option<usize> {
        if self.punct(0, '<') || self.peek(0).is_none() {
            return None;
        }
        // What is in parentheses may have lines of its own.
        let line = self.before().end().line.max(keyword.span().end().line);
        let mut index = self.at;
        let open = loop {
            let token = self.tokens.get(index)?;
            let is_flag = self.is_flag_of(spec, index);
            if token.span().start().line != line || (self.block_at(index) && index > self.at && !is_flag) {
                return None;
            }
            if tokens::is_punct(Some(token), '<') {
                let colons = index.checked_sub(2).filter(|colons| *colons > self.at);
                match colons.filter(|colons| tokens::is_pair(&self.tokens, *colons, ':', ':')) {
                    Some(_) => index = tokens::angle_end(&self.tokens, index)?,
                    None => break index,
                }
                index += 1;
                continue;
            }
            let closes = tokens::closes_angle(&self.tokens, index) && index > self.at + 1;
            if tokens::is_word(Some(token), "let") || (closes && spec.head.is_none()) {
                return None;
            }
            index += 1;
        };
        let first = self.peek(0);
        let is_flag = self.is_flag_of(spec, self.at);
        if (self.block_at(self.at) && !is_flag) || matches!(first, Some(TokenTree::Group(_))) {
            return None;
        }
        // `seq a retyr < b > >`: a `<` is missing, and this one is another's.
        let (closings, depth) = (self.closings_from(open + 1), self.brackets.depth());
        let is_step = matches!(first, Some(TokenTree::Ident(_))) && (open > self.at + 1 || is_flag);
        (closings <= depth + 1 || !is_step).then_some(open)
    }

    /// `for id in ids < … >`, `if flag < … >`: a word of Rust in the place of a keyword, and a body. Gives whether that was there.
    pub(super) fn word_for_keyword(&mut self, word: &str) -> bool {
        let Some(spec) = blocks::meant(word).and_then(blocks::find) else { return false };
        let (start, Some(keyword)) = (self.at, self.ident(0).cloned()) else { return false };
        self.at += 1;
        let open = if self.punct(0, '<') { Some(self.at) } else { self.body_after_more(spec, &keyword) };
        let before_braces = |open: &usize| {
            !tokens::part(&self.tokens, start, *open)
                .iter()
                .any(|token| tokens::as_group(Some(token), Delimiter::Brace).is_some())
        };
        let Some(open) =
            open.filter(before_braces).filter(|open| self.closings_from(open + 1) > self.brackets.depth())
        else {
            self.at = start;
            return false;
        };
        let code = tokens::part(&self.tokens, start + 1, open);
        let after_in =
            code.iter().position(|token| tokens::is_word(Some(token), "in")).map_or(0, |word| word + 1);
        let given = shown(tokens::part(code, after_in, code.len()));
        let keyword = spec.keyword;
        let written = if spec.needs == Needs::Items && !given.is_empty() {
            format!("{given} {keyword} < … >")
        } else if spec.head.is_some() && !given.is_empty() {
            format!("{keyword}({given}) < … >")
        } else {
            format!("{keyword} < … >")
        };
        let span = self.tokens.get(start).map_or_else(proc_macro2::Span::call_site, TokenTree::span);
        self.errors.at(span, format!("`{word}` is no step; write `{written}`"));
        self.at = open;
        self.body(start);
        if self.word(0, "else") {
            self.at += 1;
            if self.punct(0, '<') {
                self.skip_body(self.at - 1);
            }
        }
        true
    }

    /// Whether a flag of the block stands here that is called as a block is, with a `,` before it or alone.
    fn is_flag_of(&self, spec: &'static Spec, index: usize) -> bool {
        let is_flag = tokens::as_ident(self.tokens.get(index))
            .and_then(|word| spec.option(&word.to_string()))
            .is_some_and(|option| option.kind.is_flag());
        is_flag && (index == self.at || tokens::is_punct(self.tokens.get(index - 1), ','))
    }

    /// `par<limit = 2> < … >`
    pub(super) fn options_in_angles(&mut self, spec: &'static Spec, keyword: &Ident) -> Option<Group> {
        let is_option = self.ident(1).is_some_and(|name| spec.option(&name.to_string()).is_some());
        if !(self.punct(0, '<') && is_option && tokens::is_punct(self.peek(2), '=')) {
            return None;
        }
        let end = tokens::angle_end(&self.tokens, self.at)?;
        if !tokens::is_punct(self.tokens.get(end + 1), '<') {
            return None;
        }
        let given = tokens::part(&self.tokens, self.at + 1, end).to_vec();
        let message = format!("options stand in parentheses; write `{keyword}({}) < … >`", shown(&given));
        self.errors.beside_over(tokens::collect(&given), message);
        self.at = end + 1;
        Some(Group::new(Delimiter::Parenthesis, tokens::collect(&given)))
    }

    /// `retry < f > (max_attempts = 3)`: options after the block that they belong to. Gives whether there were any.
    pub(super) fn options_after(&mut self, block: &Block) -> bool {
        let Some(group) = self.group(0, Delimiter::Parenthesis).cloned() else { return false };
        let (spec, content) = (block.spec, tokens::list(group.stream()));
        let is_option = match content.as_slice() {
            [TokenTree::Ident(name), rest @ ..] => spec
                .option(&name.to_string())
                .is_some_and(|option| option.kind.is_flag() || tokens::is_punct(rest.first(), '=')),
            [TokenTree::Literal(_)] => spec.head.is_some() || meant_by(spec, &content).is_some(),
            _ => false,
        };
        if !is_option {
            return false;
        }
        // What the block lacks is told already, where there is nothing in front of its body.
        let is_needed = spec.head.is_some() || spec.requires.iter().any(|requires| requires.by.is_none());
        if !is_needed || !block.options.is_empty() {
            let keyword = &block.keyword;
            let name = meant_by(spec, &content).filter(|_| spec.head.is_none());
            let name = name.map(|name| format!("{name} = ")).unwrap_or_default();
            let message =
                format!("options stand before the `<`; write `{keyword}({name}{}) < … >`", shown(&content));
            self.errors.at(group.span_open(), message);
        }
        self.at += 1;
        true
    }

    /// `choose n { … }`: the braces are reported when the body is read.
    fn head_before_braces(&mut self, spec: &'static Spec, keyword: &Ident) -> Option<Group> {
        spec.head?;
        let line = keyword.span().end().line;
        let ends = |index: &usize| {
            let token = self.tokens.get(*index);
            let other_line = token.is_none_or(|token| token.span().start().line != line);
            other_line
                || tokens::is_punct(token, '<')
                || tokens::is_punct(token, '>')
                || tokens::as_group(token, Delimiter::Brace).is_some()
        };
        let end = (self.at..=self.tokens.len()).find(ends)?;
        let is_brace = tokens::as_group(self.tokens.get(end), Delimiter::Brace).is_some();
        // `timeout |x| { … }` has a closure, and no body.
        let is_closure = self.punct(0, '|');
        if end == self.at || !is_brace || is_closure {
            return None;
        }
        let head = tokens::collect(tokens::part(&self.tokens, self.at, end));
        self.at = end;
        Some(Group::new(Delimiter::Parenthesis, head))
    }

    /// The head or the options that some code before a body is meant for, and what to say of it.
    fn options_meant(
        &self,
        spec: &'static Spec,
        keyword: &Ident,
        code: &[TokenTree],
    ) -> Option<(String, Group)> {
        let (first, second) = (code.first(), code.get(1));
        let stream = |code: &[TokenTree]| Group::new(Delimiter::Parenthesis, tokens::collect(code));
        let name = tokens::as_ident(first).map(ToString::to_string);
        let known = name.as_deref().and_then(|name| {
            spec.option(name).map(|option| option.name).or_else(|| suggest::closest(name, &spec.names()))
        });
        if let (Some(known), Some(name)) = (known, tokens::as_ident(first)) {
            let is_flag = spec.option(known).is_some_and(|option| option.kind.is_flag());
            let assigned = tokens::is_punct(second, '=');
            if assigned || (is_flag && name == known) {
                let written = format!("{keyword}({})", shown(code));
                return Some((
                    format!("options stand in parentheses; write `{written} < … >`"),
                    stream(code),
                ));
            }
            let value = tokens::part(code, 1 + usize::from(tokens::is_punct(second, ':')), code.len());
            if !value.is_empty() && !is_flag {
                let written = format!("{keyword}({known} = {})", shown(value));
                let mut meant = vec![TokenTree::Ident(Ident::new(known, name.span()))];
                meant.push(proc_macro2::Punct::new('=', proc_macro2::Spacing::Alone).into());
                meant.extend_from_slice(value);
                return Some((
                    format!("options stand in parentheses; write `{written} < … >`"),
                    stream(&meant),
                ));
            }
        }
        if let Some(head) = spec.head {
            let begins = matches!(first, Some(TokenTree::Ident(_) | TokenTree::Literal(_)))
                || ['!', '*', '&', '-', '|'].iter().any(|c| tokens::is_punct(first, *c));
            let is_text = matches!(code, [TokenTree::Literal(text)] if text.to_string().starts_with('"'));
            if begins && !tokens::is_word(first, "as") && !is_text {
                let written = format!("{keyword}({})", shown(code));
                let message = format!(
                    "the {} of `{keyword}` stands in parentheses; write `{written} < … >`",
                    head.name
                );
                return Some((message, stream(code)));
            }
            return None;
        }
        let meant = meant_by(spec, code)?;
        let written = format!("{keyword}({meant} = {})", shown(code));
        let mut given = vec![TokenTree::Ident(Ident::new(meant, keyword.span()))];
        given.push(proc_macro2::Punct::new('=', proc_macro2::Spacing::Alone).into());
        given.extend_from_slice(code);
        Some((format!("options stand in parentheses; write `{written} < … >`"), stream(&given)))
    }

    /// A body between brackets of another kind, or between the parentheses of the options. Gives whether there is one.
    pub(super) fn body_in_brackets(
        &mut self,
        spec: &'static Spec,
        keyword: &Ident,
        group: Option<&Group>,
    ) -> bool {
        if self.punct(0, '<') || self.closings_from(self.at) > self.brackets.depth() {
            return false;
        }
        if tokens::is_punct(self.peek(1), '<') {
            return false;
        }
        if let (Some(TokenTree::Group(body)), true) =
            (self.peek(0).cloned(), spec.head.is_none() || group.is_some())
        {
            // Braces: with arms they are something else.
            if body.delimiter() == Delimiter::Brace || body.delimiter() == Delimiter::None {
                return false;
            }
            let before =
                group.map(|group| format!("({})", shown(&tokens::list(group.stream())))).unwrap_or_default();
            self.at += 1;
            self.report_body(spec, keyword, &before, &body, body.span_open());
            return true;
        }
        let Some(group) = group else { return false };
        let content = tokens::list(group.stream());
        let parts = tokens::split_commas(&content);
        let is_step = |position: usize, part: &[TokenTree]| match part {
            [TokenTree::Ident(name), rest @ ..] if name != "_" => {
                (position > 0 || spec.head.is_none())
                    && !(tokens::is_punct(rest.first(), '=') || tokens::is_punct(rest.first(), ':'))
                    && suggest::closest(&name.to_string(), &spec.names()).is_none()
                    && spec.option(&name.to_string()).is_none()
            }
            _ => false,
        };
        let Some(first) = parts.iter().enumerate().position(|(at, (part, _))| is_step(at, part)) else {
            return false;
        };
        let before = parts.iter().take(first).map(|(part, comma)| part.len() + usize::from(comma.is_some()));
        let start: usize = before.sum();
        let (given, steps) = content.split_at(start.min(content.len()));
        let given = tokens::part(given, 0, given.len().saturating_sub(1));
        let before = if given.is_empty() { String::new() } else { format!("({})", shown(given)) };
        let span = steps.first().map_or(group.span_open(), TokenTree::span);
        let body = Group::new(Delimiter::Parenthesis, tokens::collect(steps));
        self.report_body(spec, keyword, &before, &body, span);
        true
    }

    fn report_body(
        &mut self,
        spec: &'static Spec,
        keyword: &Ident,
        before: &str,
        body: &Group,
        span: proc_macro2::Span,
    ) {
        let message = if spec.body == Body::Arms {
            format!("arms stand between `<` and `>`; write `{keyword}(x) < pattern => step, … >`")
        } else {
            format!("the body of a block stands between `<` and `>`; write `{keyword}{before} < … >`")
        };
        self.errors.at(span, message);
        self.read_aside(body.stream());
    }
}

/// What to say of what stands before a body and is neither its head nor an option.
fn not_before_body(
    spec: &'static Spec,
    keyword: &Ident,
    given: &[TokenTree],
    code: &[TokenTree],
    is_first: bool,
) -> String {
    let name = match given {
        [TokenTree::Literal(text)] if text.to_string().starts_with('"') => Some(text.to_string()),
        [TokenTree::Ident(word), TokenTree::Literal(text)] if word == "as" => Some(text.to_string()),
        [TokenTree::Ident(word), TokenTree::Ident(name)] if word == "as" => Some(format!("\"{name}\"")),
        [TokenTree::Ident(name)] if spec.needs != Needs::Items => Some(format!("\"{name}\"")),
        [TokenTree::Ident(name), colon]
            if spec.needs != Needs::Items && tokens::is_punct(Some(colon), ':') =>
        {
            Some(format!("\"{name}\""))
        }
        _ => None,
    };
    if let Some(name) = name {
        return format!("a block is named by an option; write `{keyword}(name = {name}) < … >`");
    }
    if spec.needs == Needs::Items {
        let names = |item: &[TokenTree]| {
            let item = shown(item);
            format!(
                "the step before `{keyword}` gives the collection; to name an item write `{keyword} < let {item} = _ … >`"
            )
        };
        let after_in = given.iter().position(|token| tokens::is_word(Some(token), "in"));
        match given {
            [bar, item @ .., last]
                if tokens::is_punct(Some(bar), '|') && tokens::is_punct(Some(last), '|') =>
            {
                return names(item);
            }
            [TokenTree::Ident(_)] if !is_first => return names(given),
            _ => {}
        }
        return match after_in {
            Some(word) => {
                let collection = shown(tokens::part(given, word + 1, given.len()));
                format!(
                    "the step before `{keyword}` gives the collection; write `{collection} {keyword} < … >`"
                )
            }
            None => format!(
                "the step before `{keyword}` gives the collection; write `{} {keyword} < … >`",
                shown(given)
            ),
        };
    }
    if given.is_empty() || !given.iter().any(|token| !matches!(token, TokenTree::Punct(_))) {
        return format!("nothing stands between `{keyword}` and its `<`; remove the `{}`", shown(code));
    }
    format!(
        "nothing stands between `{keyword}` and its `<`; options stand in parentheses, `{keyword}(…) < … >`"
    )
}

/// Code as it is written, if it is short.
fn shown(code: &[TokenTree]) -> String {
    let text = tokens::source_text(&tokens::collect(code));
    if text.chars().count() > SHOWN { "…".to_owned() } else { text }
}
