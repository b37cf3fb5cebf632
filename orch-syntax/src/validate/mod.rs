//! Rules that need the whole tree: what exists, what fits together, what a name may be used for.

mod arguments;
mod options;
mod returned;
mod undo;
mod undoes;

use proc_macro2::{Delimiter, Ident, TokenTree};

use self::returned::{Kept, Returned};
use self::undoes::Undoes;
use quote::ToTokens;

use crate::ast::{Block, Inline, Item, LetPiped, Step};
use crate::blocks::{Body, Join, Needs, Settles};
use crate::errors::Errors;
use crate::parse::Parsed;
use crate::tokens;

/// Records what is wrong with the tree of a text that was read: options that a block does not have or that contradict each
/// other, empty bodies, borrows that a task cannot be given.
///
/// Where a bracket is missing it is left open which step belongs to which block; what depends on that is not asked then.
pub fn validate(parsed: &mut Parsed) {
    let Parsed { tree: pipeline, errors, .. } = parsed;
    let mut walk = Walk {
        named: Vec::new(),
        of_arms: Vec::new(),
        owned: Vec::new(),
        piped: Piped::Nothing,
        undos: Undoes::default(),
        errors,
    };
    for entry in &pipeline.lets {
        walk.named.extend(entry.pattern.names());
    }
    if let Some(input) = &pipeline.input {
        walk.named.extend(input.pattern.names());
        let ty = tokens::whole(&tokens::list(input.ty.clone()));
        let is_reference = tokens::is_punct(ty.first(), '&');
        walk.owned.extend(input.pattern.whole().filter(|_| !is_reference).map(ToString::to_string));
        walk.piped = if input.pattern.is_wild() { Piped::Value } else { Piped::Named };
    }
    walk.step(&mut pipeline.root);
}

struct Walk<'e> {
    /// The values that have a name here: what the header's `let`s bind, the input, outputs. All of them live in the
    /// pipeline or its run, for a time that the type of a task cannot say.
    named: Vec<String>,
    /// Those of them that the arms around bind: a pattern may take a value apart that the run does not keep.
    of_arms: Vec<String>,
    /// The input, if its type is written and is no reference.
    owned: Vec<String>,
    /// What the next step is given.
    piped: Piped,
    /// Who undoes what is done here.
    undos: Undoes,
    errors: &'e mut Errors,
}

fn is_in(names: &[String], name: &Ident) -> bool {
    names.iter().any(|known| name == known)
}

/// What is piped into a step.
#[derive(Clone, Copy, PartialEq)]
enum Piped {
    /// A value: the input, an item, what the step before gives.
    Value,
    /// Nothing, since what comes before has a name.
    Named,
    /// Nothing, since the pipeline has no input.
    Nothing,
}

impl Walk<'_> {
    fn step(&mut self, step: &mut Step) {
        match step {
            Step::Block(block) => self.block(block),
            Step::Leaf(leaf) => {
                if let Some(given) = &mut leaf.arguments {
                    arguments::check(given, &self.named, self.errors);
                }
            }
            Step::Undo(undo) => self.undo(undo, &[]),
            Step::Inline(inline) => self.inline(inline),
            Step::Embed(_) | Step::Hole(_) => {}
        }
    }

    /// Whether a rule about blocks can be held against the user. Where it cannot, the tree breaks it.
    fn structure_is_sure(&mut self) -> bool {
        if self.errors.structure_unsure {
            self.errors.break_tree();
        }
        !self.errors.structure_unsure
    }

    /// A reference to what has a name, as the value of an inline step.
    fn returned(&self, inline: &Inline) -> Option<Returned> {
        let kept = |name: &Ident| match (is_in(&self.named, name), is_in(&self.of_arms, name)) {
            (true, false) => {
                let once = self.named.iter().filter(|known| name == known).count() == 1;
                Some(if once && is_in(&self.owned, name) { Kept::Owned } else { Kept::Unknown })
            }
            _ => None,
        };
        returned::reference(inline, &kept)
    }

    /// An inline step that uses what is piped, where nothing is. (What it takes would be `()`, of which the compiler speaks.)
    fn inline(&mut self, inline: &Inline) {
        if let Some(returned) = self.returned(inline) {
            self.errors.over(returned.code, returned.message);
            return;
        }
        let names: Vec<String> = inline.pattern.names().collect();
        let says_so = inline.ty.as_ref().is_some_and(|ty| ty.to_string() == "()");
        if self.piped != Piped::Named || says_so || !tokens::mentions(&inline.body.stream(), &names) {
            return;
        }
        let named = self.named.last().map(|name| format!(" and use `{name}`")).unwrap_or_default();
        let why = format!("what comes before it has a name; write `|_| {{ … }}`{named}");
        if self.structure_is_sure() {
            self.errors.over(inline.pattern.to_token_stream(), format!("nothing is piped here: {why}"));
        }
    }

    /// A block that waits for failures of a body that has none.
    fn dead(&mut self, block: &Block) {
        if !block.spec.minds_failures {
            return;
        }
        let peers = is_of_several(block);
        for item in &block.body {
            let Item::Step(step) = item else { continue };
            if let Some(inner) = settles(step)
                && (peers || block.body.len() == 1)
            {
                let (inner, outer) = (&inner.keyword, &block.keyword);
                self.errors.at(
                    inner.span(),
                    format!("`{outer}` never sees a failure of this, as `{inner}` makes a value of it; put `{inner}` around `{outer}`"),
                );
            }
        }
    }

    /// A body in rounds that has no end, and whose type nothing tells therefore.
    fn endless(&mut self, block: &Block) {
        let Some(Item::Step(Step::Inline(inline))) = block.body.last() else { return };
        let body = tokens::list(inline.body.stream());
        let [path @ .., TokenTree::Ident(word), TokenTree::Group(value)] = body.as_slice() else { return };
        let is_path = path.iter().all(|token| match token {
            TokenTree::Ident(_) => true,
            TokenTree::Punct(punct) => punct.as_char() == ':',
            _ => false,
        });
        if word == "Continue" && is_path && value.delimiter() == Delimiter::Parenthesis {
            let message = format!(
                "this never ends `{}`: there is no `Break`; where that is meant, write \
                 `ControlFlow::<std::convert::Infallible, _>::Continue(…)`",
                block.keyword
            );
            self.errors.at(word.span(), message);
        }
    }

    fn block(&mut self, block: &mut Block) {
        options::check(block, &self.named, &self.of_arms, self.errors);
        if block.body.is_empty() && self.structure_is_sure() {
            let keyword = &block.keyword;
            let least = if block.spec.body == Body::Arms { "arm, `pattern => step`" } else { "step" };
            self.errors
                .at(block.open, format!("the body of `{keyword}` is empty; write at least one {least}"));
        }
        self.dead(block);
        let undos = self.enters(block);
        if block.spec.needs == Needs::Rounds {
            self.endless(block);
        }
        let peers = is_of_several(block);
        let outside = (self.named.len(), self.piped);
        if block.spec.needs == Needs::Items {
            self.items(block);
            self.piped = Piped::Value;
        }
        let first = self.piped;
        let mut no_lets = Vec::new();
        for item in &mut block.body {
            if peers {
                self.piped = first;
            }
            let (let_token, pattern) = match item {
                Item::Step(step) => {
                    self.step(step);
                    self.piped = Piped::Value;
                    continue;
                }
                Item::Let(named) => {
                    let names: Vec<String> = named.pattern.names().collect();
                    match &mut named.step {
                        Step::Undo(undo) => self.undo(undo, &names),
                        step => self.step(step),
                    }
                    (&named.let_token, &named.pattern)
                }
                Item::Arm(arm) => {
                    let outside = (self.named.len(), self.of_arms.len());
                    self.named.extend(arm.pattern.names());
                    self.of_arms.extend(arm.pattern.names());
                    self.step(&mut arm.step);
                    self.named.truncate(outside.0);
                    self.of_arms.truncate(outside.1);
                    continue;
                }
                Item::Piped(named) => {
                    if !peers {
                        self.names_piped(named);
                    }
                    (&named.let_token, &named.pattern)
                }
            };
            if !peers {
                self.piped = Piped::Named;
                self.named.extend(pattern.names());
            } else {
                no_lets.push(let_token.span());
            }
        }
        for span in no_lets {
            if self.structure_is_sure() {
                self.errors.at(span, no_let(block));
            }
        }
        if let [Item::Piped(named)] = block.body.as_slice()
            && !peers
            && self.structure_is_sure()
        {
            let message = format!(
                "the body of `{}` is a name and no step; write at least one step after it",
                block.keyword
            );
            self.errors.at(named.let_token.span(), message);
        }
        self.named.truncate(outside.0);
        self.piped = outside.1;
        self.undos = undos;
    }

    /// A block that runs for each item, where nothing is piped. (Where there is no input, the compiler says so: the text alone
    /// may be a part of one.)
    fn items(&mut self, block: &Block) {
        if self.piped == Piped::Named && self.structure_is_sure() {
            let keyword = &block.keyword;
            let message = format!(
                "nothing is piped into `{keyword}`: what comes before it has a name; write `|_| {{ name.clone() }}` \
                 before it, or leave the name out"
            );
            self.errors.at(keyword.span(), message);
        }
    }

    fn names_piped(&mut self, named: &LetPiped) {
        let why = match self.piped {
            Piped::Value => return,
            Piped::Named => "what comes before this has a name already",
            Piped::Nothing => "the pipeline has no input; declare it in the header, `|name: Type|`",
        };
        if self.structure_is_sure() {
            self.errors.at(named.piped, format!("nothing is piped here: {why}"));
        }
    }
}

/// Whether the steps inside are no sequence: each is a child by itself.
fn is_of_several(block: &Block) -> bool {
    matches!(block.spec.body, Body::Peers(_) | Body::Alternatives | Body::Arms)
}

/// The block that never fails, if this step is one.
fn settles(step: &Step) -> Option<&Block> {
    let Step::Block(block) = step else { return None };
    settles_block(block).then_some(block)
}

/// Whether a block gives failures as values.
fn settles_block(block: &Block) -> bool {
    match block.spec.settles {
        Settles::Never => false,
        Settles::Always => true,
        Settles::With(flag) => block.option(flag).is_some(),
    }
}

fn no_let(block: &Block) -> String {
    let keyword = &block.keyword;
    if block.spec.body == Body::Peers(Join::Tuple) {
        format!(
            "`let` stands in a sequence, and the children of `{keyword}` are peers; name their outputs together, \
             `let (a, b) = {keyword} < … >`"
        )
    } else {
        format!(
            "`let` stands in a sequence, and the children of `{keyword}` are alternatives; write `let name = {keyword} < … >`"
        )
    }
}
