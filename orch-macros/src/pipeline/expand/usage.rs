//! Which steps use the piped value, read off their text.

use orch_syntax::ast::{Item, Step};
use orch_syntax::blocks::{Body, Needs};

/// Whether a step uses the value piped into it. A bare leaf counts: how many parameters a task has is not visible.
pub(super) fn uses_piped(step: &Step) -> bool {
    match step {
        Step::Leaf(leaf) => leaf.arguments.as_ref().is_none_or(|arguments| arguments.piped.is_some()),
        Step::Inline(inline) => !inline.pattern.is_wild(),
        Step::Embed(_) | Step::Hole(_) => true,
        // What a round goes on with is of the type of what is piped, so that is used, whatever the body does with it.
        // So is what goes on where a body is skipped.
        Step::Block(block) if matches!(block.spec.needs, Needs::Items | Needs::Rounds | Needs::Same) => true,
        Step::Block(block) => match block.spec.body {
            Body::Peers(_) | Body::Alternatives => block.body.iter().any(entry_uses_piped),
            Body::Sequence | Body::Single => block.body.first().is_some_and(entry_uses_piped),
        },
    }
}

/// Whether the first entry of a body uses what is piped into it, be it to give it a name.
pub(super) fn entry_uses_piped(item: &Item) -> bool {
    item.step().is_none_or(uses_piped)
}
