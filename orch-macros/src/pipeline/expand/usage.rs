//! Which steps use the piped value, read off their text.

use crate::pipeline::ast::{Item, Step};
use crate::pipeline::blocks::{Body, Needs};

/// Whether a step uses the value piped into it. A bare leaf counts: how many parameters a task has is not visible.
pub(super) fn uses_piped(step: &Step) -> bool {
    match step {
        Step::Leaf(leaf) => leaf.arguments.as_ref().is_none_or(|arguments| arguments.piped.is_some()),
        Step::Inline(inline) => !inline.pattern.is_wild(),
        Step::Embed(_) | Step::Hole(_) => true,
        Step::Block(block) if block.spec.needs == Needs::Items => true,
        Step::Block(block) => match block.spec.body {
            Body::Peers(_) => block.body.iter().any(|item| uses_piped(step_of(item))),
            Body::Sequence | Body::Single => block.body.first().is_some_and(|item| uses_piped(step_of(item))),
        },
    }
}

/// The step of an entry, named or not.
pub(super) fn step_of(item: &Item) -> &Step {
    match item {
        Item::Step(step) => step,
        Item::Let(entry) => &entry.step,
    }
}
