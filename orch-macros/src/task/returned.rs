//! What a function gives, as far as its letters tell: a plain value, a `Result`, or `!`.

use orch_syntax::tokens;
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};

use super::ast::Options;
use super::letters::{Letters, is_result_of_std, result};
use super::signature::Signature;

pub(crate) struct Returned {
    pub(crate) kind: Kind,
    /// What the task gives when it succeeds, and when it fails.
    pub(crate) out: TokenStream,
    pub(crate) error: TokenStream,
    /// A constant that asks the compiler for the type, where it may be another than its letters say. The two types go
    /// through it: where it is an error, nothing that follows from them is one.
    pub(crate) asked: Option<TokenStream>,
    /// The same where it is not possible to go through it, as the type has generics: to stand before some value.
    pub(crate) checked: Option<TokenStream>,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Plain,
    Fallible,
    /// `!`, which nobody may write as a type.
    Never,
}

impl Returned {
    pub(crate) fn of(sig: &Signature, options: &Options, private: &TokenStream) -> Self {
        let never = quote!(::core::convert::Infallible);
        let plain =
            |out| Returned { kind: Kind::Plain, out, error: never.clone(), asked: None, checked: None };
        let Some(ty) = &sig.output else { return plain(quote!(())) };
        if let Some((out, error)) = result(ty) {
            return Returned { kind: Kind::Fallible, error, ..plain(out) };
        }
        let generic = sig.generics.types().next().is_some() || sig.generics.constants().next().is_some();
        let task = quote!(#private::task);
        let constant = Ident::new("__ORCH_ASKED", Span::mixed_site());
        // From the first token to the last: an error is then drawn under the type.
        let (first, last) = ends(ty);
        let open = quote_spanned!(first=> <);
        let at_end = |name: &str| Ident::new(name, last);
        match (Letters::of(ty, &sig.generics), options.fallible) {
            (Letters::Never, None) => Returned { kind: Kind::Never, ..plain(never.clone()) },
            (Letters::Plain, None) => plain(ty.clone()),
            (Letters::Unknown, None) => {
                let judged = at_end("JUDGED");
                let question = quote!(#task::plain_output(#open #task::Returned<#ty>>::#judged));
                let checked = generic.then(|| quote!(use #task::Judge as _; #question;));
                let asked = (!generic).then(|| {
                    quote! {
                        const #constant: ::core::primitive::usize = { use #task::Judge as _; #question };
                    }
                });
                let whole = at_end("Whole");
                let out = if generic {
                    ty.clone()
                } else {
                    quote!(#open [#ty; #constant] as #task::Whole>::#whole)
                };
                Returned { asked, checked, ..plain(out) }
            }
            (letters, _) => {
                let known = letters == Letters::Result && is_result_of_std(ty);
                let one = at_end("ONE");
                let asked = (!(generic || known)).then(|| {
                    quote! {
                        const #constant: ::core::primitive::usize = #open #ty as #task::ResultType>::#one;
                    }
                });
                let of = match asked {
                    Some(_) => quote!(#open [#ty; #constant] as #task::Parts>),
                    None => quote!(#open #ty as #task::ResultType>),
                };
                let (out, error) = (at_end("Ok"), at_end("Err"));
                Returned {
                    kind: Kind::Fallible,
                    error: quote!(#of::#error),
                    asked,
                    ..plain(quote!(#of::#out))
                }
            }
        }
    }
}

/// The places of the first and the last token.
fn ends(ty: &TokenStream) -> (Span, Span) {
    let tokens = tokens::list(ty.clone());
    let place = |token: Option<&TokenTree>| token.map_or_else(Span::call_site, TokenTree::span);
    (place(tokens.first()), place(tokens.last()))
}
