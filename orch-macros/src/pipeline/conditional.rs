//! `#[cfg(…)]` on a step or a part of the header.
//!
//! A macro cannot ask what a `cfg` says. So the text is handed back twice, with the part and without it, and the compiler
//! expands the one that holds: what is compiled out is as if it were not written. One part at a time, so that it stays one
//! text more for each.

use orch_syntax::Conditional;
use proc_macro2::TokenStream;
use quote::quote;

/// The two cases of the first part with a condition, if there is one.
pub(super) fn expand(input: &TokenStream) -> Option<TokenStream> {
    let Conditional { predicate, with, without, .. } = orch_syntax::conditional(input)?;
    let [with, without] = [with, without].map(|case| {
        let krate = orch_syntax::parse(case.clone()).tree.krate;
        let krate = krate.unwrap_or_else(|| quote!(::async_orch));
        quote!(#krate::pipeline! { #case })
    });
    Some(quote!({
        #[cfg(#predicate)]
        { #with }
        #[cfg(not(#predicate))]
        { #without }
    }))
}
