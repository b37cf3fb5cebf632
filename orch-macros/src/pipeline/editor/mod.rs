//! From the tree to what an editor looks at.
//!
//! The code that runs is made for the compiler: each step is checked, each check is placed at a token of the user's, and the
//! types go from variable to variable. An editor would offer these variables, show the checks at the user's words, and find
//! nothing at all in a text that is half typed, of which there is no such code. So rust-analyzer gets this code in its place, with the
//! user's tokens in it once each and with their places, and the rest without any. It has the types of a pipeline and no more: see
//! `build/editor.rs` in the core.
//!
//! Completion reads a text twice, as it is and with a mark at the cursor. It takes the kind of word that is typed from the second,
//! and what there is at that place from the same offset of the first. So both are alike up to that word: the text is read
//! without the mark, and where a word may stand that is not there yet, the code around it is.

mod chain;
mod options;
#[cfg(test)]
mod tests;

use orch_syntax::Parsed;
use proc_macro2::{Ident, TokenStream};
use quote::quote;

use self::chain::Chain;
use crate::editor::{Mark, placeless, report};
use crate::errors::combined;
use crate::private;

/// The code for an editor: what is wrong, what stands in the text, and the value, where the text is one.
pub(super) fn expand(parsed: Parsed, mark: Option<&Mark>) -> TokenStream {
    let Parsed { tree, errors, paths, .. } = parsed;
    let private = placeless(private::path(tree.krate.as_ref()));
    let input = match &tree.input {
        Some(input) => input.ty.clone(),
        None => quote!(()),
    };

    let mut chain = Chain::begin(&private, &input, tree.error.as_ref(), mark);
    let bound: Vec<Ident> = tree.lets.iter().flat_map(|entry| entry.pattern.identifiers()).cloned().collect();
    chain.own(&bound);
    if let Some(input) = tree.input.as_ref().filter(|input| !input.pattern.is_wild()) {
        chain.named(&input.pattern, None);
    }
    chain.whole(&tree.root, &paths);
    let code = chain.code();
    let lets = tree.lets.iter().map(|entry| {
        let (let_token, pattern, value) = (&entry.let_token, &entry.pattern, &entry.value);
        let ty = entry.ty.as_ref().map(|ty| quote!(: #ty));
        quote!(#let_token #pattern #ty = #value;)
    });
    let input = placeless(input);
    let code = quote! {
        #[allow(warnings, clippy::all)]
        let __orch_value = {
            #(#lets)*
            use #private::editor::{ReadPlain as _, ReadTried as _};
            #code.pipeline::<#input>()
        };
    };
    let code = match mark {
        Some(mark) => mark.put_back(code),
        None => code,
    };

    let reports = combined(errors.into_iter().map(syn::Error::from));
    let reports = reports.map(|reports| report(reports.into_compile_error()));
    // Last, as it differs with the mark.
    quote!({ #code #reports __orch_value })
}
