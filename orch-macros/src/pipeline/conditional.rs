//! `#[cfg(…)]` on a step or a part of the header.
//!
//! A macro cannot ask what a `cfg` says. So the text is handed back twice, with the part and without it, and the compiler
//! expands the one that holds: what is compiled out is as if it were not written. One part at a time, so that it stays one
//! text more for each.

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;

use super::errors::Errors;
use super::parse;

/// The two cases of the first part with a condition, if there is one.
pub(super) fn expand(input: &TokenStream) -> Option<TokenStream> {
    // An attribute in code of the user's stands in a group.
    let has_attribute = |token: TokenTree| match token {
        TokenTree::Punct(punct) => punct.as_char() == '#',
        TokenTree::Group(group) => group.delimiter() == proc_macro2::Delimiter::None,
        _ => false,
    };
    if !input.clone().into_iter().any(has_attribute) {
        return None;
    }
    let (condition, cases) = parse::conditional(input.clone())?;
    let [with, without] = cases.map(|case| {
        let krate = parse::parse(case.clone(), &mut Errors::default()).krate;
        let krate = krate.unwrap_or_else(|| quote!(::async_orch));
        quote!(#krate::pipeline! { #case })
    });
    Some(quote!({
        #[cfg(#condition)]
        { #with }
        #[cfg(not(#condition))]
        { #without }
    }))
}
