//! A function whose parameters have `#[cfg]`s: one signature for each case.
//!
//! A macro cannot ask what a `cfg` says, and the compiler takes none in a tuple's type. So each case is written, and
//! the compiler keeps the one that holds.

use proc_macro2::TokenStream;
use quote::quote;

use super::signature::Signature;

/// How many `#[cfg]`s may differ: each doubles what is written.
pub(crate) const MOST: usize = 4;

impl Signature {
    /// The different predicates of its parameters and generics.
    pub(crate) fn conditions(&self) -> Vec<&TokenStream> {
        let mut conditions: Vec<&TokenStream> = Vec::new();
        let generics = self.generics.params.iter().map(|param| &param.condition);
        for condition in
            self.parameters.iter().map(|parameter| &parameter.condition).chain(generics).flatten()
        {
            if !conditions.iter().any(|known| is_same(known, condition)) {
                conditions.push(condition);
            }
        }
        conditions
    }

    /// The signature in each case, with the `#[cfg]` for what is made of it; there is none if there is but one case.
    pub(crate) fn variants(&self) -> Vec<(TokenStream, Signature)> {
        let conditions = self.conditions();
        if conditions.is_empty() {
            return vec![(TokenStream::new(), self.clone())];
        }
        let mut variants = Vec::new();
        for case in 0u32..1 << conditions.len().min(MOST) {
            let holds = |at: usize| case & (1 << at) != 0;
            let is_there = |condition: &Option<TokenStream>| {
                let Some(condition) = condition else { return true };
                conditions.iter().position(|known| is_same(known, condition)).is_none_or(holds)
            };
            let mut signature = self.clone();
            signature.parameters.retain(|parameter| is_there(&parameter.condition));
            signature.generics.params.retain(|param| is_there(&param.condition));
            let predicates = conditions.iter().enumerate().map(|(at, condition)| match holds(at) {
                true => quote!(#condition),
                false => quote!(not(#condition)),
            });
            variants.push((quote!(#[cfg(all(#(#predicates),*))]), signature));
        }
        variants
    }
}

fn is_same(a: &TokenStream, b: &TokenStream) -> bool {
    a.to_string() == b.to_string()
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use super::*;

    #[test]
    fn there_is_one_for_each_case() {
        let text = "fn f<#[cfg(a)] T>(#[cfg(a)] x: T, y: u8, #[cfg(not(b))] z: u16)";
        let tokens = TokenStream::from_str(text).expect("tokens");
        let signature: Signature = syn::parse2(tokens).expect("a signature");
        let mut shown = Vec::new();
        for (cfg, variant) in signature.variants() {
            let types: Vec<String> =
                variant.parameters.iter().map(|parameter| parameter.ty.to_string()).collect();
            let generics = variant.generics.params.len();
            shown.push(format!("{} {generics} {}", cfg.to_string().replace(' ', ""), types.join(" ")));
        }
        assert_eq!(
            shown,
            [
                "#[cfg(all(not(a),not(not(b))))] 0 u8",
                "#[cfg(all(a,not(not(b))))] 1 T u8",
                "#[cfg(all(not(a),not(b)))] 0 u8 u16",
                "#[cfg(all(a,not(b)))] 1 T u8 u16",
            ]
        );
    }
}
