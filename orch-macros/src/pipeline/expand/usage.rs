//! Which steps use the piped value, read off their text.

use orch_syntax::ast::Step;
use orch_syntax::blocks::{Body, Needs};

/// Whether a step uses the value piped into it. A bare leaf counts: how many parameters a task has is not visible.
pub(super) fn uses_piped(step: &Step) -> bool {
    match step {
        Step::Leaf(leaf) => leaf.arguments.as_ref().is_none_or(|arguments| arguments.piped.is_some()),
        Step::Inline(inline) => !inline.pattern.is_wild(),
        Step::Embed(_) | Step::Hole(_) => true,
        Step::Block(block) if block.spec.needs == Needs::Items => true,
        Step::Block(block) => match block.spec.body {
            Body::Peers(_) | Body::Alternatives => block.body.iter().any(|item| uses_piped(item.step())),
            Body::Sequence | Body::Single => block.body.first().is_some_and(|item| uses_piped(item.step())),
        },
    }
}
