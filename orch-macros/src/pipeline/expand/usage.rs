//! Which steps use the piped value, read off their text.

use orch_syntax::ast::{Item, Step, Value};
use orch_syntax::blocks::{Body, Needs, Undos};
use orch_syntax::tokens;
use proc_macro2::TokenStream;

/// Whether a step uses the value piped into it. A bare leaf counts: how many parameters a task has is not visible.
pub(super) fn uses_piped(step: &Step) -> bool {
    match step {
        Step::Leaf(leaf) => leaf.arguments.as_ref().is_none_or(|arguments| arguments.piped.is_some()),
        Step::Inline(inline) => !inline.pattern.is_wild(),
        Step::Undo(undo) => uses_piped(&undo.step),
        Step::Embed(_) | Step::Hole(_) => true,
        // What a round goes on with is of the type of what is piped, so that is used, whatever the body does with it.
        // So is what goes on where a body is skipped.
        Step::Block(block) if matches!(block.spec.needs, Needs::Items | Needs::Rounds | Needs::Same) => true,
        Step::Block(block) => match block.spec.body {
            Body::Arms if block.head.as_ref().is_some_and(looks_at_piped) => true,
            Body::Peers(_) | Body::Alternatives | Body::Arms => block.body.iter().any(entry_uses_piped),
            Body::Sequence | Body::Single => block.body.first().is_some_and(entry_uses_piped),
        },
    }
}

/// Whether the first entry of a body uses what is piped into it, be it to give it a name.
pub(super) fn entry_uses_piped(item: &Item) -> bool {
    item.step().is_none_or(uses_piped)
}

/// Whether a block's head is a closure over what is piped.
fn looks_at_piped(head: &Value) -> bool {
    matches!(head, Value::Expr(code) if is_closure(code))
}

/// Whether these tokens are a closure.
pub(super) fn is_closure(code: &TokenStream) -> bool {
    // `$f(x)` is a call, whatever `$f` is.
    let code = tokens::whole(&tokens::list(code.clone()));
    let bar = usize::from(tokens::is_word(code.first(), "move"));
    tokens::is_punct(code.get(bar), '|')
}

/// Whether a step is a saga, or one is inside of it, or a step that can be undone.
pub(super) fn holds_undo(step: &Step) -> bool {
    match step {
        Step::Undo(_) => true,
        Step::Block(block) => {
            block.spec.undos == Undos::Own || block.body.iter().filter_map(Item::step).any(holds_undo)
        }
        Step::Leaf(_) | Step::Inline(_) | Step::Embed(_) | Step::Hole(_) => false,
    }
}

/// Whether a pipeline from elsewhere is inside of a step, or is it.
pub(super) fn holds_embed(step: &Step) -> bool {
    match step {
        Step::Embed(_) => true,
        Step::Undo(undo) => holds_embed(&undo.step),
        Step::Block(block) => block.body.iter().filter_map(Item::step).any(holds_embed),
        Step::Leaf(_) | Step::Inline(_) | Step::Hole(_) => false,
    }
}
