//! Rules that need the whole tree: what exists, what fits together, what a name may be used for.

mod arguments;
mod options;

use crate::ast::{Block, Item, Step};
use crate::blocks::{Body, Join, Settles};
use crate::errors::Errors;
use crate::parse::Parsed;

/// Records what is wrong with the tree of a text that was read: options that a block does not have or that contradict each
/// other, empty bodies, borrows that a task cannot be given.
///
/// Where a bracket is missing it is left open which step belongs to which block; what depends on that is not asked then.
pub fn validate(parsed: &mut Parsed) {
    let Parsed { tree: pipeline, errors } = parsed;
    let mut walk = Walk { named: Vec::new(), errors };
    for entry in &pipeline.lets {
        walk.named.extend(entry.pattern.names());
    }
    if let Some(input) = &pipeline.input {
        walk.named.extend(input.pattern.names());
    }
    walk.step(&pipeline.root);
}

struct Walk<'e> {
    /// The values that have a name here: what the header's `let`s bind, the input, outputs. All of them live in the
    /// pipeline or its run, for a time that the type of a task cannot say.
    named: Vec<String>,
    errors: &'e mut Errors,
}

impl Walk<'_> {
    fn step(&mut self, step: &Step) {
        match step {
            Step::Block(block) => self.block(block),
            Step::Leaf(leaf) => {
                if let Some(given) = &leaf.arguments {
                    arguments::check(given, &self.named, self.errors);
                }
            }
            Step::Inline(_) | Step::Embed(_) | Step::Hole(_) => {}
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

    fn block(&mut self, block: &Block) {
        options::check(block, self.errors);
        if block.body.is_empty() && !self.errors.structure_unsure {
            let keyword = &block.keyword;
            self.errors.at(block.open, format!("the body of `{keyword}` is empty; write at least one step"));
        }
        self.dead(block);
        let outside = self.named.len();
        for item in &block.body {
            match item {
                Item::Step(step) => self.step(step),
                Item::Let(named) => {
                    self.step(&named.step);
                    if !is_of_several(block) {
                        self.named.extend(named.pattern.names());
                    } else if !self.errors.structure_unsure {
                        self.errors.at(named.let_token.span(), no_let(block));
                    }
                }
            }
        }
        self.named.truncate(outside);
    }
}

/// Whether the steps inside are no sequence: each is a child by itself.
fn is_of_several(block: &Block) -> bool {
    matches!(block.spec.body, Body::Peers(_) | Body::Alternatives)
}

/// The block that never fails, if this step is one.
fn settles(step: &Step) -> Option<&Block> {
    let Step::Block(block) = step else { return None };
    let settles = match block.spec.settles {
        Settles::Never => false,
        Settles::Always => true,
        Settles::With(flag) => block.option(flag).is_some(),
    };
    settles.then_some(block)
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
