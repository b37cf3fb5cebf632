//! `pipeline!`: from the text to the tree, the rules, and the expansion.
//!
//! `parse` never fails: it records mistakes in [`errors::Errors`] and leaves holes in the tree. `validate`
//! asks what needs the whole tree.

pub(crate) mod ast;
pub(crate) mod blocks;
mod conditional;
mod duration;
pub(crate) mod errors;
mod expand;
pub(crate) mod parse;
pub(crate) mod suggest;
pub(crate) mod tokens;
mod validate;

#[cfg(test)]
mod tests;

pub(crate) use parse::parse;
pub(crate) use validate::validate;

/// The expansion of one invocation.
pub(crate) fn pipeline(input: proc_macro2::TokenStream) -> proc_macro2::TokenStream {
    if let Some(expansion) = conditional::expand(&input) {
        return expansion;
    }
    let mut errors = errors::Errors::default();
    let tree = parse(input, &mut errors);
    validate(&tree, &mut errors);
    expand::expand(&tree, errors)
}
