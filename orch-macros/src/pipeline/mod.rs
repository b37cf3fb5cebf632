//! `pipeline!`: from the text to code. What the text is and what is wrong with it says the grammar, `orch_syntax`.

mod conditional;
mod editor;
mod expand;

use proc_macro2::TokenStream;

use crate::editor::{Mark, is_editor};

/// The expansion of one invocation.
pub(crate) fn pipeline(input: TokenStream) -> TokenStream {
    if let Some(expansion) = conditional::expand(&input) {
        return expansion;
    }
    let is_editor = is_editor();
    let (input, mark) = if is_editor { Mark::take(input) } else { (input, None) };
    let mut parsed = orch_syntax::parse(input);
    orch_syntax::validate(&mut parsed);
    if is_editor { editor::expand(parsed, mark.as_ref()) } else { expand::expand(parsed) }
}
