//! The user's code in a pipeline, wherever it stands.

use orch_syntax::ast::{Block, Item, Pipeline, Step, Value};
use orch_syntax::pattern::Pattern;
use orch_syntax::tokens;
use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;

use super::usage::captures;

/// What of a pipeline's text is code of the user's, and what names that code may mention.
#[derive(Default)]
pub(super) struct Code {
    /// What the header and the steps bind by `let`, and the input.
    pub(super) bound: Vec<Ident>,
    /// What inline steps and arms bind, for themselves.
    given: Vec<Ident>,
    /// The values of the header.
    header: Vec<TokenStream>,
    /// Everything else.
    pub(super) code: Vec<TokenStream>,
}

impl Code {
    /// That of a pipeline.
    pub(super) fn of(pipeline: &Pipeline) -> Code {
        let mut found = Code::default();
        for entry in &pipeline.lets {
            found.bind(&entry.pattern);
            found.header.push(entry.value.clone());
        }
        if let Some(input) = &pipeline.input {
            found.bind(&input.pattern);
        }
        found.step(&pipeline.root);
        found
    }

    /// Whether one of these words stands in it.
    pub(super) fn mentions(&self, words: &[String]) -> bool {
        self.header.iter().chain(&self.code).any(|code| tokens::mentions(code, words))
    }

    /// Whether it may capture anything. A variable from outside that has the name of one in the pipeline is not seen.
    pub(super) fn captures(&self) -> bool {
        let names: Vec<String> = self.bound.iter().chain(&self.given).map(ToString::to_string).collect();
        let captures = |code: &TokenStream, names: &[String]| captures(&tokens::list(code.clone()), names);
        self.header.iter().any(|code| captures(code, &[]))
            || self.code.iter().any(|code| captures(code, &names))
    }

    fn bind(&mut self, pattern: &Pattern) {
        self.bound.extend(pattern.identifiers().iter().cloned());
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Leaf(leaf) => self.code.extend(leaf.arguments.iter().map(|given| given.group.stream())),
            Step::Inline(inline) => {
                self.given.extend(inline.pattern.identifiers().iter().chain(&inline.context).cloned());
                self.code.push(inline.body.stream());
            }
            Step::Embed(embed) => self.code.push(embed.group.stream()),
            Step::Block(block) => self.block(block),
            Step::Undo(undo) => {
                self.step(&undo.step);
                self.step(&undo.undo);
            }
            Step::Hole(code) => self.code.push(code.clone()),
        }
    }

    fn block(&mut self, block: &Block) {
        let values = block.head.iter().chain(block.options.iter().filter_map(|option| option.value.as_ref()));
        values.for_each(|value| self.value(value));
        for item in &block.body {
            match item {
                Item::Step(_) => {}
                Item::Let(named) => self.bind(&named.pattern),
                Item::Piped(named) => self.bind(&named.pattern),
                Item::Arm(arm) => {
                    self.given.extend(arm.pattern.identifiers().iter().cloned());
                    self.code.extend(arm.guard.clone());
                    // A constant in a pattern is mentioned there.
                    self.code.push(arm.pattern.to_token_stream());
                }
            }
            if let Some(step) = item.step() {
                self.step(step);
            }
        }
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Duration(_) => {}
            Value::Word { arguments, .. } => arguments.iter().for_each(|argument| self.value(argument)),
            Value::Expr(code) => self.code.push(code.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captures_in(text: &str) -> bool {
        let text: proc_macro2::TokenStream = text.parse().expect("these are tokens");
        Code::of(&orch_syntax::parse(text).tree).captures()
    }

    #[test]
    fn what_a_pipeline_captures_is_found_wherever_it_stands() {
        for text in [
            "fetch(&client)",
            "|_: u32| seq < double |n| { n + more } >",
            "par(limit = most) < one two >",
            "retry(when = |e| seen.holds(e)) < one >",
            "with(&audit) < one >",
            "seq < one { other } >",
            "let client = client; fetch(&client)",
            "choose(mode) < Mode::Fast => one, _ => two >",
            "seq < one saga < two undo put(&store) > >",
        ] {
            assert!(captures_in(text), "{text}");
        }
    }

    #[test]
    fn its_own_names_and_tasks_are_no_captures() {
        for text in [
            "fetch(1)",
            "|id: u32| seq < fetch(*id) let text = parse |list, cx| { cx.attempt() + list.len() + text.len() } >",
            "par(limit = 2, settle) < one two >",
            "retry(when = |e| e.is::<Oops>(), max_attempts = MOST) < one >",
            "let most = 3; fetch(*most)",
            "choose < Some(n) if (n > 3) => one(n), _ => async |n| { vec![n] } >",
        ] {
            assert!(!captures_in(text), "{text}");
        }
    }
}
