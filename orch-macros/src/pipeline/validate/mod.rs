//! Rules that need the whole tree: what exists, what fits together, what a name may be used for.

mod arguments;
mod options;

use super::ast::{Block, Item, Pipeline, Step};
use super::blocks::Body;
use super::errors::Errors;

/// Records what is wrong with a tree that was read.
pub(crate) fn validate(pipeline: &Pipeline, errors: &mut Errors) {
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

    fn block(&mut self, block: &Block) {
        options::check(block, self.errors);
        if block.body.is_empty() && !self.errors.structure_unsure {
            let keyword = &block.keyword;
            self.errors.at(block.open, format!("the body of `{keyword}` is empty; write at least one step"));
        }
        let outside = self.named.len();
        for item in &block.body {
            match item {
                Item::Step(step) => self.step(step),
                Item::Let(named) => {
                    self.step(&named.step);
                    if block.spec.body != Body::Peers {
                        self.named.extend(named.pattern.names());
                    } else if !self.errors.structure_unsure {
                        self.errors.at(named.let_token.span(), no_let(&block.keyword.to_string()));
                    }
                }
            }
        }
        self.named.truncate(outside);
    }
}

fn no_let(keyword: &str) -> String {
    if keyword == "par" {
        "`let` stands in a sequence, and the children of `par` are peers; name their outputs together, `let (a, b) = par < … >`"
            .to_owned()
    } else {
        format!(
            "`let` stands in a sequence, and the children of `{keyword}` are alternatives; write `let name = {keyword} < … >`"
        )
    }
}
