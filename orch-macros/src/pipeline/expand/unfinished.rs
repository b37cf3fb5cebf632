//! The step at which a text ends whose blocks are not closed.
//!
//! Who types a program has not finished it: that the arguments of a task are too few, or that a body does not give what the block around it
//! wants, is not worth an error beside the one that brackets are missing. Of a task by its name alone that is there, its type is.

use orch_syntax::ast::{Item, Pipeline, Step, TaskPath};
use orch_syntax::blocks::Body;
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

/// What was left out.
#[derive(Default)]
pub(super) struct Unfinished {
    /// Its own code.
    pub(super) code: Vec<TokenStream>,
    /// Its tasks.
    pub(super) paths: Vec<TaskPath>,
    /// Whether the reports stand in its place: of what they give nothing more is said.
    pub(super) reports: bool,
}

/// Puts the reports in the place of the step at which the text ends, in the innermost of so many blocks that are open there.
pub(super) fn leave_out(pipeline: &mut Pipeline, open: usize, reports: &TokenStream) -> Unfinished {
    let mut left_out = Unfinished::default();
    if open > 0 {
        left_out.step(&mut pipeline.root, open, reports);
    }
    left_out
}

impl Unfinished {
    fn step(&mut self, step: &mut Step, open: usize, reports: &TokenStream) {
        match step {
            Step::Block(block) => {
                let Some(last) = block.body.last_mut() else { return };
                let is_whole = open == 1 && last.step().is_none_or(is_whole);
                if is_whole && block.spec.body == Body::Sequence {
                    // Another step may follow.
                    block.body.push(Item::Step(self.hole(reports)));
                } else if !is_whole && let Some(step) = step_of(last) {
                    self.step(step, open - 1, reports);
                }
            }
            Step::Undo(undo) => self.step(&mut undo.undo, open, reports),
            Step::Leaf(leaf) => {
                self.paths.push(leaf.path.clone());
                self.code.extend(leaf.arguments.iter().map(|given| given.group.stream()));
                *step = self.hole(reports);
            }
            Step::Inline(inline) => {
                let (pattern, body) = (&inline.pattern, &inline.body);
                self.code.push(quote!(|#pattern| #body));
                *step = self.hole(reports);
            }
            Step::Embed(embed) => {
                self.code.push(embed.group.to_token_stream());
                *step = self.hole(reports);
            }
            Step::Hole(_) => {}
        }
    }

    fn hole(&mut self, reports: &TokenStream) -> Step {
        self.reports = true;
        // Names that stand in it are mentioned.
        let code = &self.code;
        Step::Hole(quote!({ let _ = ::core::stringify! { #(#code)* }; #reports }))
    }
}

/// Whether nothing of it can be missing: it is a block, or a task by its name alone.
fn is_whole(step: &Step) -> bool {
    match step {
        Step::Block(_) => true,
        Step::Leaf(leaf) => leaf.arguments.is_none(),
        _ => false,
    }
}

fn step_of(item: &mut Item) -> Option<&mut Step> {
    match item {
        Item::Step(step) => Some(step),
        Item::Let(named) => Some(&mut named.step),
        Item::Arm(arm) => Some(&mut arm.step),
        Item::Piped(_) => None,
    }
}
