//! From tokens to the tree, whatever the tokens are.
//!
//! Nothing here fails: a mistake is recorded, a hole takes the place of the step, and the rest is read on.
//! The same code runs at every keystroke in an editor, so it neither panics nor stands still.

mod arms;
mod aside;
mod attributes;
mod bars;
mod before_body;
mod block;
mod body;
mod brackets;
mod called;
mod conditional;
mod cursor;
mod header;
mod header_slips;
mod inline;
mod layout;
mod leaf;
mod misnamed;
mod misplaced;
mod options;
mod placeholder;
mod signs;
mod skip;
mod slips;
mod step;
mod tags;
mod undo;
mod value;

use proc_macro2::{Delimiter, Punct, Spacing, Span, TokenStream, TokenTree};

use self::cursor::Parser;
use crate::ast::{Pipeline, Step, TaskPath};
use crate::errors::Errors;
use crate::tokens;

/// What a text is, and what is wrong with it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Parsed {
    /// The tree. Where a step is wrong, a [`Step::Hole`] is in its place.
    pub tree: Pipeline,
    /// What is wrong. With a mistake among them the tree is a guess.
    pub errors: Errors,
    /// The tasks that are named anywhere, also in what is left out of the tree.
    #[doc(hidden)]
    pub paths: Vec<TaskPath>,
    /// How many blocks are open where the text ends: the outermost, the last step in it, and so on.
    #[doc(hidden)]
    pub open: usize,
}

/// Reads what stands between the braces of a `pipeline!`.
///
/// It never fails: what does not fit the grammar is recorded, and the rest is read on. The rules that need the whole tree
/// are [`validate`](crate::validate)'s. Parts under a `#[cfg]` are read as if they were there; see [`conditional`].
#[must_use]
pub fn parse(input: TokenStream) -> Parsed {
    let mut errors = Errors::default();
    let (tree, paths, open) = read(input, &mut errors);
    Parsed { tree, errors, paths, open }
}

/// The tree, the tasks that are named in the text, and how many blocks are open where it ends.
fn read(input: TokenStream, errors: &mut Errors) -> (Pipeline, Vec<TaskPath>, usize) {
    let mut trial = Errors::default();
    let mut tokens = tokens::list(input);
    tags::mend(&mut tokens, errors);
    let mut parser = Parser::of(tokens, &mut trial);
    let pipeline = parser.pipeline();

    // Where a bracket is missing or surplus and the layout says which, mend that and read again: the steps then
    // belong to the blocks that the user meant, and nothing else looks wrong.
    let blamed = parser.blame();
    if let Some(surplus) = parser.surplus() {
        let mut tokens = parser.tokens;
        let surplus = tokens.remove(surplus);
        let mut parser = Parser::of(tokens, errors);
        let pipeline = parser.pipeline();
        let open = parser.report_unclosed();
        let paths = parser.paths;
        errors.beside(surplus.span(), "this `>` closes nothing; remove it");
        return (pipeline, paths, open);
    }
    if blamed.is_empty() {
        let open = parser.report_unclosed();
        let paths = parser.paths;
        errors.absorb(trial);
        return (pipeline, paths, open);
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
    let open = parser.report_unclosed();
    let paths = parser.paths;
    for bracket in &blamed {
        bracket.report(errors);
    }
    (pipeline, paths, open)
}

/// A text of which a part is there under a condition.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Conditional {
    /// What stands between the parentheses of `#[cfg(…)]`; of several attributes, `all(…)` of them.
    pub predicate: TokenStream,
    /// The text with the part, without its attributes.
    pub with: TokenStream,
    /// The text without the part.
    pub without: TokenStream,
}

/// The two cases of the first part of a text that has a `#[cfg(…)]` before it: a step or a part of the header, of several in
/// each other the outermost. `None` if there is no such part.
///
/// A macro cannot ask what a `cfg` says, and a formatter need not. Each case may have further such parts.
#[must_use]
pub fn conditional(input: &TokenStream) -> Option<Conditional> {
    // An attribute in code of the user's stands in a group.
    let may_have_attribute = |token: TokenTree| match token {
        TokenTree::Punct(punct) => punct.as_char() == '#',
        TokenTree::Group(group) => group.delimiter() == Delimiter::None,
        _ => false,
    };
    if !input.clone().into_iter().any(may_have_attribute) {
        return None;
    }
    let mut ignored = Errors::default();
    let mut parser = Parser::of(tokens::list(input.clone()), &mut ignored);
    parser.pipeline();
    let part = parser.first_conditional()?;
    let (with, without) = part.cases(&parser.tokens);
    Some(Conditional { predicate: part.predicate, with, without })
}

impl Parser<'_> {
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
        if reported || self.unopened || matches!(root, Step::Hole(_)) {
            return;
        }
        if let Some(span) = extra {
            self.errors.at(span, "a pipeline is one step; write `seq < … >` around several");
        } else if let Some(span) = comma {
            self.errors.beside(span, "nothing follows this `,`; remove it");
        }
    }

    /// A `>` where no block is open.
    fn stray_close(&mut self) -> bool {
        let stray = self.punct(0, '>') && self.brackets.depth() == 0;
        if stray {
            self.stray.get_or_insert(self.at);
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
