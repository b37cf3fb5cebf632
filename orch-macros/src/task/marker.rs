//! What stands first among the arguments of a task, where they alone do not tell which function it is.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use super::letters::is_public;
use super::signature::Signature;

/// A type without values that mentions what no parameter's type does.
pub(crate) struct Marker {
    /// With a comma; `None` if there is nothing to mention.
    pub(crate) ty: Option<TokenStream>,
    /// The types that it mentions constants by.
    pub(crate) constants: Vec<TokenStream>,
    /// What the function gives, if it is mentioned.
    pub(crate) given: Option<TokenStream>,
}

impl Marker {
    /// Mentions the generics: one that no parameter's type mentions would be unconstrained. And what the function gives: a
    /// public function may give a type that is private further out, and an implementation for its type may name that only
    /// if it mentions it among its own.
    pub(crate) fn of(sig: &Signature, vis: &TokenStream) -> Self {
        let mut mentioned: Vec<TokenStream> = Vec::new();
        for param in sig.generics.types().filter(|param| !param.unnamed) {
            mentioned.push(param.name.clone());
        }
        let mut constants = Vec::new();
        for (index, (name, ty)) in sig.generics.constants().enumerate() {
            let constant = Ident::new(&format!("__Constant{index}"), Span::mixed_site());
            constants.push(quote!(pub struct #constant<const __VALUE: #ty>;));
            mentioned.push(quote!(#constant<#name>));
        }
        let given = sig.output.clone().filter(|output| !vis.is_empty() && !is_public(output));
        mentioned.extend(given.clone());
        let some = !mentioned.is_empty();
        let ty = some.then(|| quote!(::core::marker::PhantomData<fn() -> (#(#mentioned,)*)>,));
        Self { ty, constants, given }
    }
}
