//! `keyword(options) < body >`

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};

use super::cursor::{MAX_DEPTH, Parser};
use super::options;
use crate::ast::{Block, Item, Opt, Step};
use crate::blocks::{Body, Needs, Spec};
use crate::errors::Errors;
use crate::tokens;

impl Parser<'_> {
    /// Reads a block whose keyword stands here.
    pub(super) fn block(&mut self, spec: &'static Spec) -> Step {
        let start = self.at;
        let Some(TokenTree::Ident(keyword)) = self.bump() else { return Step::Hole(TokenStream::new()) };
        if self.punct(0, '!') && matches!(self.peek(1), Some(TokenTree::Group(_))) {
            return self.block_as_macro(&keyword);
        }
        let mut group = self.bump_group(Delimiter::Parenthesis);
        if group.is_none() {
            group = self.options_in_angles(spec, &keyword);
        }
        group = self.before_body(spec, &keyword, start, group);
        let hole = || vec![Item::Step(Step::Hole(TokenStream::new()))];
        if self.body_in_brackets(spec, &keyword, group.as_ref()) {
            let mut unsaid = Errors::default();
            let (_, options, mut unread) = options::parse(&keyword, spec, group.as_ref(), &mut unsaid);
            unread.extend(options);
            let open = keyword.span();
            return Step::Block(Block {
                keyword,
                spec,
                head: None,
                options: Vec::new(),
                unread,
                open,
                body: hole(),
            });
        }
        if spec.body == Body::Arms && group.is_none() && self.has_no_arms(start) {
            self.errors.at(
                keyword.span(),
                format!(
                    "`{keyword}` needs its scrutinee and arms; write `{keyword}(x) < pattern => step, … >`"
                ),
            );
            return Step::Hole(TokenStream::new());
        }
        let errors = self.errors.len();
        // A task of that name, called: what is in its parentheses are no options.
        let is_call = group.is_some()
            && self.peek(0).is_some_and(|token| !matches!(token, TokenTree::Group(_)))
            && !self.punct(0, '<')
            && self.closings_from(self.at) <= self.brackets.depth();
        let mut unsaid = Errors::default();
        let noted = if is_call { &mut unsaid } else { &mut *self.errors };
        let (head, mut options, mut unread) = options::parse(&keyword, spec, group.as_ref(), noted);
        if is_call {
            unread.append(&mut options);
        }
        let lacks_value = |option: &Opt| {
            option.value.is_none()
                && spec.option(&option.name.to_string()).is_none_or(|spec| !spec.kind.is_flag())
        };
        let half_typed = self.errors.len() > errors || options.iter().any(lacks_value);
        let (open, body) = self.body_of(start, &keyword.to_string(), half_typed);
        if spec.needs == Needs::Same && self.word(0, "else") {
            self.no_else_block(spec);
        }
        self.lost = false;
        Step::Block(Block { keyword, spec, head, options, unread, open, body })
    }

    /// `seq! { … }`
    fn block_as_macro(&mut self, keyword: &Ident) -> Step {
        self.errors.at(keyword.span(), format!("a block is no macro; write `{keyword} < … >`"));
        self.at += 1;
        if let Some(TokenTree::Group(body)) = self.bump() {
            self.read_aside(body.stream());
        }
        Step::Hole(TokenStream::new())
    }

    /// Steps over a body without any arrow.
    fn has_no_arms(&mut self, start: usize) -> bool {
        if !self.punct(0, '<') {
            return false;
        }
        let (errors, open) = (self.errors.clone(), self.at);
        self.skip_body(start);
        let steps = open + 1..self.at.saturating_sub(1);
        let has_steps =
            !steps.is_empty() && !steps.clone().any(|at| tokens::is_pair(&self.tokens, at, '=', '>'));
        if !has_steps {
            (*self.errors, self.at) = (errors, open);
        }
        has_steps
    }

    /// An `else` after the body of a block that runs it or not.
    fn no_else_block(&mut self, spec: &'static Spec) {
        let keyword = spec.keyword;
        self.errors.at(
            self.here(),
            format!("`{keyword}` has no `else`; write `choose(x) < true => a, false => b >`"),
        );
        self.at += 1;
        if self.punct(0, '<') {
            self.skip_body(self.at - 1);
        } else if self.block_at(self.at) || self.word(0, "if") {
            // Whatever it is, it belongs to what was reported.
            let (errors, at) = (self.errors.clone(), self.at);
            self.step();
            *self.errors = errors;
            self.at = self.at.max(at + 1);
        }
    }

    /// The body of a block, and where it opens. `half_typed` if the parentheses before it are wrong.
    fn body_of(&mut self, start: usize, keyword: &str, half_typed: bool) -> (Span, Vec<Item>) {
        let of_arms = self.keyword_at(start).is_some_and(|spec| spec.body == Body::Arms);
        let hole = || vec![Item::Step(Step::Hole(TokenStream::new()))];
        let head = self.before();
        let head = match self.tokens.get(self.at.saturating_sub(1)) {
            Some(TokenTree::Group(group)) => group.span_close(),
            _ => head,
        };
        if self.punct(0, '<') {
            let open = self.here();
            if self.brackets.depth() >= MAX_DEPTH {
                let message = format!(
                    "blocks stand in each other more than {MAX_DEPTH} levels deep; \
                     build the inner part with its own `pipeline!` and use it as `{{ inner }}`"
                );
                self.errors.at(open, message);
                self.skip_body(start);
                return (open, hole());
            }
            return (open, self.body(start));
        }
        let bracket_follows = tokens::is_punct(self.peek(1), '<');
        if let Some(TokenTree::Group(group)) = self.peek(0) {
            let open = group.span_open();
            if bracket_follows {
                self.errors.at(open, format!("options stand in parentheses; write `{keyword}(…) < … >`"));
                self.at += 1;
                return (self.here(), self.body(start));
            }
            if group.delimiter() == Delimiter::Brace {
                let message = if of_arms {
                    format!("arms stand between `<` and `>`; write `{keyword}(x) < pattern => step, … >`")
                } else {
                    format!("the body of a block stands between `<` and `>`; write `{keyword} < … >`")
                };
                let content = group.stream();
                self.errors.at(open, message);
                self.at += 1;
                self.read_aside(content);
                return (open, hole());
            }
        }
        let after = if start + 1 == self.at { keyword.to_owned() } else { format!("{keyword}(…)") };
        if self.peek(0).is_none() && half_typed {
            // Half typed, and what is wrong in its parentheses comes first.
            self.errors.break_tree();
        } else {
            self.errors
                .at(head, format!("expected `<` after `{after}`; a task of that name is `r#{keyword}`"));
        }
        self.unopened = true;
        // `hedge(50ms): fetch`
        if self.punct(0, ':') && !self.pair(0, ':', ':') {
            self.at += 1;
        }
        if self.closings_from(self.at) > self.brackets.depth() {
            // The `>` is there: only the `<` was forgotten.
            self.open_bracket(start, head);
            let items = self.content();
            self.close_bracket();
            return (head, if items.is_empty() { hole() } else { items });
        }
        (head, hole())
    }

    /// Reads a body whose `<` stands here. `start` is the index of its keyword.
    pub(super) fn body(&mut self, start: usize) -> Vec<Item> {
        self.open_bracket(start, self.here());
        self.at += 1;
        let in_undo = std::mem::replace(&mut self.in_undo, false);
        let items = self.content();
        self.in_undo = in_undo;
        self.close_bracket();
        items
    }

    /// What stands between the brackets of the innermost block.
    fn content(&mut self) -> Vec<Item> {
        if self.brackets.open.last().is_some_and(|bracket| bracket.of_arms) {
            self.arms()
        } else {
            self.items()
        }
    }

    /// Steps over a body whose `<` stands here, whatever it holds.
    pub(super) fn skip_body(&mut self, start: usize) {
        let depth = self.brackets.depth();
        self.open_bracket(start, self.here());
        self.at += 1;
        while self.brackets.depth() > depth {
            if tokens::closes_angle(&self.tokens, self.at) || self.peek(0).is_none() {
                self.close_bracket();
            } else if self.punct(0, '<') {
                self.open_bracket(self.at.saturating_sub(1), self.here());
                self.at += 1;
            } else {
                self.at += 1;
            }
        }
    }

    /// A `<` without a keyword before it.
    pub(super) fn headless(&mut self) -> Step {
        let open = self.here();
        let path_follows = tokens::angle_end(&self.tokens, self.at)
            .filter(|end| tokens::is_pair(&self.tokens, end + 1, ':', ':'));
        if let Some(end) = path_follows {
            self.errors.at(open, "a path `<T as Trait>::f` is no step; call it in `|x| { … }`");
            self.at = end + 1;
            self.skip_expression_tail();
            return Step::Hole(TokenStream::new());
        }
        if let Some(after) = self.tags_end() {
            self.errors.at(open, "a block has no tags; write `seq < … >`");
            self.at = after;
            return Step::Hole(TokenStream::new());
        }
        self.errors.at(open, "expected a block's keyword before this `<`, such as `seq`");
        if self.brackets.depth() >= MAX_DEPTH {
            self.skip_body(self.at);
        } else {
            self.body(self.at);
        }
        Step::Hole(TokenStream::new())
    }

    /// Where `<seq> … </seq>` ends.
    fn tags_end(&self) -> Option<usize> {
        let name = tokens::as_ident(self.tokens.get(self.at + 1))?;
        let options =
            usize::from(tokens::as_group(self.tokens.get(self.at + 2), Delimiter::Parenthesis).is_some());
        tokens::is_punct(self.tokens.get(self.at + 2 + options), '>').then_some(())?;
        let closes = |at: &usize| {
            tokens::is_punct(self.tokens.get(*at), '<')
                && tokens::is_punct(self.tokens.get(at + 1), '/')
                && tokens::as_ident(self.tokens.get(at + 2)).is_some_and(|word| word == name)
                && tokens::is_punct(self.tokens.get(at + 3), '>')
        };
        (self.at + 3..self.tokens.len()).find(closes).map(|at| at + 4)
    }
}
