//! From tokens to the tree, whatever the tokens are.
//!
//! Nothing here fails: a mistake is recorded, a hole takes the place of the step, and the rest is read on.
//! The same code runs at every keystroke in an editor, so it neither panics nor stands still.

mod attributes;
mod bars;
mod block;
mod body;
mod brackets;
mod cursor;
mod header;
mod inline;
mod leaf;
mod misplaced;
pub(super) mod options;
mod step;
mod value;

use proc_macro2::{Punct, Spacing, Span, TokenStream, TokenTree};

use self::attributes::Conditional;
use self::brackets::Brackets;
use super::ast::{Pipeline, Step};
use super::errors::Errors;
use super::tokens;

/// Blocks that may stand in each other. Far beyond what is readable, and far below what exhausts the stack.
const MAX_DEPTH: usize = 64;

/// Reads a pipeline, recording what is wrong with it.
pub(crate) fn parse(input: TokenStream, errors: &mut Errors) -> Pipeline {
    let mut trial = Errors::default();
    let mut parser = Parser::of(tokens::list(input), &mut trial);
    let pipeline = parser.pipeline();

    // Where a bracket is missing and the layout says which, put it there and read again: the steps then
    // belong to the blocks that the user meant, and nothing else looks wrong.
    let blamed = parser.blame();
    if blamed.is_empty() {
        parser.report_unclosed();
        errors.absorb(trial);
        return pipeline;
    }
    let tokens = parser.tokens;
    let mut mended: Vec<TokenTree> = Vec::new();
    for at in 0..=tokens.len() {
        for _ in blamed.iter().filter(|bracket| bracket.missing_before == Some(at)) {
            mended.push(Punct::new('>', Spacing::Alone).into());
        }
        if let Some(token) = tokens.get(at) {
            mended.push(token.clone());
        }
    }
    let mut parser = Parser::of(mended, errors);
    let pipeline = parser.pipeline();
    parser.report_unclosed();
    for bracket in &blamed {
        bracket.report(errors);
    }
    pipeline
}

/// A part of the text that is there under a condition, as the condition and the two texts: with it, and without.
pub(crate) fn conditional(input: TokenStream) -> Option<(TokenStream, [TokenStream; 2])> {
    let mut ignored = Errors::default();
    let mut parser = Parser::of(tokens::list(input), &mut ignored);
    parser.pipeline();
    let conditional = parser.first_conditional()?;
    let (with, without) = conditional.cases(&parser.tokens);
    Some((conditional.predicate().clone(), [with, without]))
}

/// The tokens of one invocation and a place in them.
struct Parser<'e> {
    tokens: Vec<TokenTree>,
    at: usize,
    brackets: Brackets,
    /// Set after a token that fits nowhere, until a step is read: what follows is likely its consequence.
    lost: bool,
    conditionals: Vec<Conditional>,
    /// The separators of other languages, by their message.
    separators: Vec<(&'static str, TokenStream)>,
    errors: &'e mut Errors,
}

impl<'e> Parser<'e> {
    fn of(tokens: Vec<TokenTree>, errors: &'e mut Errors) -> Self {
        Self {
            tokens: opened(tokens),
            at: 0,
            brackets: Brackets::default(),
            lost: false,
            conditionals: Vec::new(),
            separators: Vec::new(),
            errors,
        }
    }

    fn pipeline(&mut self) -> Pipeline {
        let header = self.header();
        let root = match header.inline {
            Some(inline) => Step::Inline(inline),
            None => self.root(),
        };
        self.trailing(&root);
        self.report_separators();
        Pipeline {
            krate: header.krate,
            error: header.error,
            lets: header.lets,
            move_token: header.move_token,
            input: header.input,
            root,
        }
    }

    /// The one step that a pipeline is.
    fn root(&mut self) -> Step {
        while self.separator() || self.stray_close() {}
        let attributed = self.attributes();
        if self.peek(0).is_none() {
            if self.errors.is_empty() {
                self.expected_step();
            }
            return Step::Hole(TokenStream::new());
        }
        let step = self.step();
        if let Some(attributed) = attributed {
            self.end_attributed(attributed);
        }
        step
    }

    /// What follows the one step, which should be nothing.
    fn trailing(&mut self, root: &Step) {
        let (errors, separators) = (self.errors.len(), self.separators.len());
        let mut comma = None;
        let mut extra: Option<Span> = None;
        loop {
            self.open_invisible();
            let Some(token) = self.peek(0) else { break };
            let span = token.span();
            let before = self.at;
            if self.punct(0, ',') {
                comma.get_or_insert(span);
                self.at += 1;
            } else if let Some(attributed) = self.attributes() {
                extra.get_or_insert(span);
                if self.peek(0).is_some() {
                    self.item();
                }
                self.end_attributed(attributed);
            } else if !(self.stray_close() || self.separator()) {
                extra.get_or_insert(span);
                let errors = self.errors.len();
                self.item();
                self.statement_end(errors);
            }
            if self.at == before {
                self.at += 1;
            }
        }
        let reported = self.errors.len() > errors || self.separators.len() > separators;
        if reported || matches!(root, Step::Hole(_)) {
            return;
        }
        if let Some(span) = extra {
            self.errors.at(span, "a pipeline is one step; write `seq < … >` around several");
        } else if let Some(span) = comma {
            self.errors.at(span, "nothing follows this `,`; remove it");
        }
    }

    /// A `>` where no block is open.
    fn stray_close(&mut self) -> bool {
        let stray = self.punct(0, '>') && self.brackets.depth() == 0;
        if stray {
            let span = self.here();
            if !self.errors.structure_unsure {
                self.errors.at(span, "this `>` closes nothing; remove it");
                self.errors.structure_unsure = true;
            }
            self.at += 1;
        }
        stray
    }
}

/// The tokens out of those invisible groups that hold a single one, such as the body `$block`: no more than that can be
/// meant, whatever stands around.
fn opened(mut tokens: Vec<TokenTree>) -> Vec<TokenTree> {
    for token in &mut tokens {
        if let TokenTree::Group(_) = token
            && let Some(sole) = tokens::sole(std::slice::from_ref(token))
        {
            *token = sole;
        }
    }
    tokens
}
