//! What is no step: saying what to write instead, and where the next step begins.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};

use super::cursor::{MAX_DEPTH, Parser};
use crate::ast::{Leaf, Step};
use crate::{blocks, tokens};

const EXPRESSION: &str = "an expression is no step; write `|x| { … }` with it as the body";
const ITEM: &str = "`{}` begins an item, which stands before the pipeline";

impl Parser<'_> {
    /// Reports and steps over a token that begins no step, with the expression that it belongs to.
    pub(super) fn misplaced(&mut self) -> Step {
        let here = self.here();
        let hole = Step::Hole(TokenStream::new());
        if let Some(word) = self.reserved(0).map(ToString::to_string) {
            if self.surplus_words() {
                return self.step();
            }
            self.misplaced_word(&word);
            return hole;
        }
        let Some(token) = self.peek(0).cloned() else { return hole };
        match token {
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                let message = if text.contains('"') && text.len() < 40 {
                    format!("a string is no step; to name the step before it write `as {text}`")
                } else {
                    "a value is no step; to pipe one write `|_| { … }` with it as the body".to_owned()
                };
                self.errors.at(here, message);
                self.skip_expression();
            }
            TokenTree::Group(group)
                if group.delimiter() == Delimiter::Parenthesis && self.opens_block(&group) =>
            {
                self.errors.beside(group.span_open(), "parentheses do not stand around a step; remove them");
                self.splice(&group);
                return self.step();
            }
            TokenTree::Group(group)
                if group.delimiter() == Delimiter::Parenthesis
                    && tokens::is_punct(self.peek(1), '<')
                    && self.arm_at(self.at + 2).is_some() =>
            {
                self.errors.at(group.span_open(), "arms stand in `choose(…) < … >`");
                self.at += 1;
                self.skip_body(self.at);
            }
            TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => {
                self.read_steps_aside(group.stream());
                self.errors.at(
                    group.span_open(),
                    "parentheses are no step; \
                     write `|x| { … }` for an expression, `par < … >` for several steps at once",
                );
                self.skip_expression();
            }
            TokenTree::Group(group) => {
                self.errors.at(group.span_open(), EXPRESSION);
                self.skip_expression();
            }
            TokenTree::Punct(punct) => match punct.as_char() {
                '\'' => {
                    self.errors.at(here, "a lifetime is no step; remove it");
                    self.at += if self.ident(1).is_some() { 2 } else { 1 };
                    self.at += usize::from(self.punct(0, ':') && !self.pair(0, ':', ':'));
                    // `'a: loop { … }`
                    self.skip_operand();
                    self.skip_expression_tail();
                }
                '#' => {
                    self.errors.at(here, "an attribute of the whole does not belong here; remove it");
                    self.at += 1;
                    self.at += usize::from(self.punct(0, '!'));
                    self.bump_group(Delimiter::Bracket);
                }
                '&' | '*' | '!' | '-' | '+' | '/' | '%' | '^' => {
                    let borrowed = self.borrowed_step().filter(|_| punct.as_char() == '&');
                    self.errors.at(here, borrowed.unwrap_or_else(|| EXPRESSION.to_owned()));
                    self.at += 1;
                    self.skip_expression();
                }
                other => {
                    self.unexpected(&other.to_string());
                    self.at += 1;
                }
            },
            TokenTree::Ident(_) => {
                self.at += 1;
            }
        }
        hole
    }

    /// Reports `async`, `await` and `move` before a step that has no use for them. Gives whether there is such a step.
    fn surplus_words(&mut self) -> bool {
        let start = self.at;
        let is_surplus = |word: &Ident| tokens::is_one_of(word, &["async", "await", "move"]);
        let mut at = start;
        while tokens::as_ident(self.tokens.get(at)).is_some_and(is_surplus)
            && !tokens::is_punct(self.tokens.get(at + 1), '|')
        {
            at += 1;
        }
        let follows = match self.tokens.get(at) {
            Some(TokenTree::Ident(word)) => is_surplus(word) || !tokens::is_keyword(&word.to_string()),
            _ => false,
        };
        let (Some(word), true) = (self.ident(0).cloned(), follows) else { return false };
        if word == "move" {
            if self.word(1, "async") && self.punct(2, '|') {
                self.errors.beside(word.span(), "`move` follows the `async`; write `async move |x| { … }`");
            } else {
                self.misplaced_move();
            }
        } else {
            let what = if self.keyword_at(at).is_some() { "block" } else { "task" };
            self.errors.beside(word.span(), format!("a {what} is awaited by itself; remove the `{word}`"));
        }
        self.at = at;
        true
    }

    /// `move` before a task or a block, which is no closure.
    fn misplaced_move(&mut self) {
        let message = match (&self.header_moves, &self.header_input) {
            (true, _) => {
                "`move` stands in the header already, and holds for all steps; remove it here".to_owned()
            }
            (false, Some(input)) => {
                format!("`move` stands in the header, and holds for all steps; write `move {input}`")
            }
            (false, None) => {
                "`move` stands once, before the first step, and holds for all; write it there".to_owned()
            }
        };
        self.errors.beside(self.here(), message);
    }

    fn unexpected(&mut self, found: &str) {
        if !self.lost {
            self.errors.at(self.here(), format!("expected a step, found `{found}`"));
            self.lost = true;
        }
    }

    fn misplaced_word(&mut self, word: &str) {
        let here = self.here();
        let body = if self.group(1, Delimiter::Parenthesis).is_some() { 2 } else { 1 };
        if self.punct(body, '<')
            && let Some(meant) = blocks::meant(word)
        {
            self.errors.at(here, format!("there is no block `{word}`; did you mean `{meant}`?"));
            let start = self.at;
            self.at += body;
            if self.brackets.depth() >= MAX_DEPTH || self.arm_at(self.at + 1).is_some() {
                self.skip_body(start);
            } else {
                self.body(start);
            }
            return;
        }
        match word {
            "_" => {
                self.errors.at(here, "`_` is the piped value in a task's parentheses, not a step; to pipe it on unchanged, leave it out");
                self.at += 1;
            }
            "async" => {
                self.errors.at(here, "an inline step takes the piped value; write `async |_| { … }`");
                self.skip_operand();
                self.skip_expression_tail();
            }
            "const" if self.group(1, Delimiter::Brace).is_none() => {
                self.errors.at(here, ITEM.replace("{}", word));
                self.skip_braced();
            }
            "if" | "for" | "while" | "match" if self.word_for_keyword(word) => {}
            "match" => {
                let message = "`match` is no step; write `|x| { match … }`, or to run one step or another \
                               `choose(x) < pattern => step, … >`";
                self.errors.at(here, message);
                self.skip_braced();
            }
            "for" => {
                self.errors.at(
                    here,
                    "`for` is no step; write `each < … >` for the items of a collection, or `|x| { for … }`",
                );
                self.skip_braced();
            }
            "if" | "while" if self.word(1, "let") && self.let_before_body() => {}
            "if" => {
                self.errors
                    .at(here, "`if` is no step; write `when(…) < … >` around steps, or `|x| { if … }`");
                self.skip_braced();
            }
            "while" | "loop" | "unsafe" | "const" => {
                self.errors.at(here, format!("`{word}` is no step; write `|x| {{ {word} … }}`"));
                self.skip_braced();
            }
            "true" | "false" => {
                self.errors.at(here, "a value is no step; to pipe one write `|_| { … }` with it as the body");
                self.skip_expression();
            }
            "return" | "break" | "continue" | "await" | "yield" => {
                self.errors
                    .at(here, format!("`{word}` is no step; an inline step `|x| {{ … }}` may hold it"));
                self.skip_jump();
            }
            "fn" | "struct" | "enum" | "trait" | "impl" | "mod" | "pub" | "static" | "use" | "type"
            | "extern" => {
                self.errors.at(here, ITEM.replace("{}", word));
                self.skip_braced();
            }
            "move" => {
                self.misplaced_move();
                self.errors.break_tree();
                self.at += 1;
            }
            _ => {
                self.unexpected(word);
                self.at += 1;
            }
        }
    }

    /// `if let Some(x) = y < … >`: a pattern that decides whether steps run. Gives whether that was there.
    fn let_before_body(&mut self) -> bool {
        let word = self.ident(0).map_or_else(String::new, ToString::to_string);
        // The next of these signs, with nothing before it that ends a condition.
        let next = |from: usize, sign: char| {
            let ends = |at: &usize| {
                let token = self.tokens.get(*at);
                ['=', '<', '>', ';'].into_iter().any(|sign| tokens::is_punct(token, sign))
                    || tokens::is_word(token, "let")
                    || tokens::as_group(token, Delimiter::Brace).is_some()
            };
            let found = (from..self.tokens.len()).find(ends)?;
            tokens::is_punct(self.tokens.get(found), sign).then_some(found)
        };
        let Some(equals) = next(self.at + 2, '=') else { return false };
        let Some(open) = next(equals + 1, '<') else { return false };
        if self.closings_from(open + 1) <= self.brackets.depth() {
            return false;
        }
        let show = |from, to| tokens::source_text(&tokens::collect(tokens::part(&self.tokens, from, to)));
        let (pattern, value) = (show(self.at + 2, equals), show(equals + 1, open));
        let written = if word == "while" {
            "repeat < … >`, whose last step gives a `ControlFlow".to_owned()
        } else {
            format!("choose({value}) < {pattern} => step, … >")
        };
        self.errors.at(self.here(), format!("`{word} let` is no step; write `{written}`"));
        let start = self.at;
        self.at = open;
        self.skip_body(start);
        if self.word(0, "else") {
            self.at += 1;
            if self.punct(0, '<') {
                self.skip_body(self.at - 1);
            }
        }
        true
    }

    /// Looks at what follows a step and belongs to no step.
    pub(super) fn suffix(&mut self, step: Step, start: usize) -> Step {
        loop {
            if self.next_arm() {
                return step;
            }
            let here = self.here();
            if self.word(0, "as") {
                self.suffix_name(&step);
                continue;
            }
            if self.undo_word(0).is_some() && !self.in_undo {
                return self.undo(step, start);
            }
            let is_name = matches!(step, Step::Leaf(_));
            let Some(TokenTree::Punct(punct)) = self.peek(0) else {
                if matches!(step, Step::Leaf(Leaf { arguments: None, name: None, .. }))
                    && self.argument_beside(start)
                {
                    return Step::Hole(TokenStream::new());
                }
                if let Step::Block(block) = &step
                    && self.options_after(block)
                {
                    continue;
                }
                if is_name && self.group(0, Delimiter::Parenthesis).is_some() {
                    self.errors.at(here, EXPRESSION);
                    self.skip_expression_tail();
                    return Step::Hole(TokenStream::new());
                }
                return step;
            };
            if self.sign_of_others().is_some() {
                return step;
            }
            match punct.as_char() {
                '?' => {
                    self.errors.beside(here, "an error ends the pipeline by itself; remove the `?`");
                    self.at += 1;
                }
                '.' if is_name && self.await_ends(2).is_some() => {
                    let width = self.await_ends(2).unwrap_or(2);
                    let code = tokens::collect(tokens::part(&self.tokens, self.at, self.at + width));
                    let message = if width > 2 {
                        "a task is awaited by itself, and its error ends the pipeline; remove the `.await?`"
                    } else {
                        "a task is awaited by itself; remove the `.await`"
                    };
                    self.errors.beside_over(code, message);
                    self.at += width;
                }
                '.' => return self.methods(&step, start),
                // `n| { n + 1 }`
                '|' if is_name && self.group(1, Delimiter::Brace).is_some() => {
                    self.paths.pop();
                    let shown = tokens::show(self.since(start));
                    let at = self.tokens.get(start).map_or(here, TokenTree::span);
                    self.errors.at(at, format!("an inline step has two bars; write `|{shown}| {{ … }}`"));
                    self.at += 2;
                    return Step::Hole(TokenStream::new());
                }
                '!' if is_name => return self.macro_call(start),
                '=' if is_name && !self.pair(0, '=', '>') && !self.pair(0, '=', '=') => {
                    self.paths.pop();
                    self.errors.at(here, "to name the output of a step write `let name = step`");
                    self.at += 1;
                    // The value is read as the next step: a chain of these must not nest.
                    if matches!(self.peek(0), Some(TokenTree::Literal(_))) {
                        self.skip_expression();
                    }
                    return Step::Hole(TokenStream::new());
                }
                _ if self.operator_width() > 0 => {
                    if !self.lost {
                        self.errors.at(here, EXPRESSION);
                    }
                    self.skip_expression_tail();
                    return Step::Hole(TokenStream::new());
                }
                _ => return step,
            }
        }
    }

    /// Where `.await` or `.await?` ends, if nothing is called on it.
    fn await_ends(&self, width: usize) -> Option<usize> {
        let width = width + usize::from(self.punct(width, '?'));
        (self.word(1, "await") && !self.punct(width, '.') && !self.punct(width, '?')).then_some(width)
    }

    fn suffix_name(&mut self, step: &Step) {
        let here = self.here();
        let message = match step {
            Step::Block(block) => {
                let keyword = &block.keyword;
                Some(format!("a block is named by an option; write `{keyword}(name = \"…\")`"))
            }
            Step::Embed(_) => {
                Some("a pipeline used as a step keeps its own names; remove the `as`".to_owned())
            }
            Step::Leaf(_) | Step::Inline(_) | Step::Undo(_) => {
                Some("a step has one name; remove this `as`".to_owned())
            }
            Step::Hole(_) => None,
        };
        let pattern = match self.peek(1) {
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => {
                Some(tokens::show(&[group.clone().into()]))
            }
            Some(TokenTree::Ident(name)) if !self.block_at(self.at + 1) => Some(name.to_string()),
            _ => None,
        };
        match (message, pattern) {
            (Some(message), Some(pattern)) => {
                self.errors.at(here, format!("{message}; to use its output write `let {pattern} = …`"));
                self.at += 2;
                return;
            }
            (Some(message), None) => self.errors.beside(here, message),
            (None, _) => {}
        }
        self.at += 1;
        self.open_invisible();
        let is_string = matches!(self.peek(0), Some(TokenTree::Literal(_)));
        if is_string || (self.is_name(0) && !self.block_at(self.at)) {
            self.at += 1;
        }
    }
}
