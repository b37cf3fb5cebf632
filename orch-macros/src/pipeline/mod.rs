//! `pipeline!`: from the text to code. What the text is and what is wrong with it says the grammar, `orch_syntax`.

mod conditional;
mod expand;

use proc_macro2::TokenStream;

/// The expansion of one invocation.
pub(crate) fn pipeline(input: TokenStream) -> TokenStream {
    if let Some(expansion) = conditional::expand(&input) {
        return expansion;
    }
    let mut parsed = orch_syntax::parse(input);
    orch_syntax::validate(&mut parsed);
    expand::expand(parsed)
}
