//! Names that nothing mentions. The expansion binds a name only where it is used, so that the compiler would not miss it.

use orch_syntax::ast::{Block, Item, Pipeline, Step, Value};
use orch_syntax::pattern::Pattern;
use orch_syntax::tokens;
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};

/// Code that the compiler warns of: a variable for each name that no code of the pipeline mentions. Nothing if there is none.
pub(super) fn unused(pipeline: &Pipeline) -> TokenStream {
    let mut found = Found::default();
    for entry in &pipeline.lets {
        found.bind(&entry.pattern);
        found.code.push(entry.value.clone());
    }
    if let Some(input) = &pipeline.input {
        found.bind(&input.pattern);
    }
    found.step(&pipeline.root);
    let Found { bound, code } = found;
    let is_unused = |name: &&Ident| {
        let word = [name.to_string()];
        !(word.iter().any(|word| word.starts_with('_') || word.starts_with(char::is_uppercase))
            || code.iter().any(|code| tokens::mentions(code, &word)))
    };
    let names: Vec<&Ident> = bound.iter().filter(is_unused).collect();
    if names.is_empty() {
        return TokenStream::new();
    }
    quote! {
        #[allow(clippy::let_unit_value, clippy::no_effect_underscore_binding)]
        let _ = || { #(let #names = ();)* };
    }
}

/// What names there are, and the user's code.
#[derive(Default)]
struct Found {
    bound: Vec<Ident>,
    code: Vec<TokenStream>,
}

impl Found {
    fn bind(&mut self, pattern: &Pattern) {
        self.bound.extend(pattern.identifiers().iter().cloned());
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Leaf(leaf) => self.code.extend(leaf.arguments.iter().map(|given| given.group.stream())),
            Step::Inline(inline) => self.code.push(inline.body.stream()),
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
