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
            // Closed, as an undo may be.
            Step::Block(_) if open == 0 => {}
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
        Step::Undo(undo) => is_whole(&undo.undo),
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

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use super::*;

    /// How many steps the text has in its outermost block once its end is left out, and whether anything was.
    fn left_out(text: &str) -> (usize, bool) {
        let mut parsed = orch_syntax::parse(TokenStream::from_str(text).expect("tokens"));
        let open = parsed.open;
        let unfinished = leave_out(&mut parsed.tree, open, &TokenStream::new());
        let Step::Block(block) = &parsed.tree.root else { panic!("a block") };
        (block.body.len(), unfinished.reports)
    }

    #[test]
    fn the_step_at_the_end_is_left_out() {
        assert_eq!(left_out("seq < a b(1) >"), (2, false));
        assert_eq!(left_out("seq < a b(1)"), (2, true));
        assert_eq!(left_out("seq < a let x = |y| { y }"), (2, true));
        assert_eq!(left_out("seq < a par < b c(1)"), (2, true));
        // What is whole stays, and a step may follow it.
        assert_eq!(left_out("seq < a b"), (3, true));
        assert_eq!(left_out("seq < a par < b c >"), (3, true));
        assert_eq!(left_out("retry < seq < a >"), (1, false));
        assert_eq!(left_out("seq <"), (0, false));
    }

    #[test]
    fn an_undo_may_be_a_closed_block() {
        assert!(left_out("saga < a undo seq < b(1) >").1);
        assert!(left_out("saga < a undo seq < b(1)").1);
        assert!(left_out("saga < a undo b(1)").1);
        assert!(left_out("seq < saga < a undo seq < b(1) >").1);
    }
}
