//! What a function gives, as far as its letters tell: a plain value, a `Result`, or `!`.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};

use super::ast::Options;
use super::letters::{Letters, result};
use super::signature::Signature;
use crate::pipeline::tokens;

pub(crate) struct Returned {
    pub(crate) kind: Kind,
    /// Where all is placed that is no error only if the type is a `Result`: there it is one error.
    pub(crate) place: Option<Span>,
}

pub(crate) enum Kind {
    Plain {
        ty: TokenStream,
        /// Whether it may be another name for a `Result`.
        doubtful: bool,
    },
    Fallible(Fallible),
    /// `!`, which nobody may write as a type.
    Never,
}

/// A `Result`
pub(crate) enum Fallible {
    /// by its letters, with both types.
    Written { out: TokenStream, error: TokenStream },
    /// by its letters or as the option says, with types that the compiler knows.
    Alias(TokenStream),
}

impl Returned {
    pub(crate) fn of(sig: &Signature, options: &Options) -> Self {
        let kind = |kind| Returned { kind, place: None };
        let Some(ty) = &sig.output else { return kind(Kind::Plain { ty: quote!(()), doubtful: false }) };
        if let Some((out, error)) = result(ty) {
            return kind(Kind::Fallible(Fallible::Written { out, error }));
        }
        match (Letters::of(ty, &sig.generics), options.fallible) {
            (Letters::Result, None) => {
                Returned { kind: Kind::Fallible(Fallible::Alias(ty.clone())), place: Some(sig.ident.span()) }
            }
            (_, Some(_)) => Returned {
                kind: Kind::Fallible(Fallible::Alias(ty.clone())),
                place: Some(Span::call_site().located_at(ends(ty).0)),
            },
            (Letters::Never, None) => kind(Kind::Never),
            (Letters::Unknown, None) => kind(Kind::Plain { ty: ty.clone(), doubtful: true }),
            (Letters::Plain, None) => kind(Kind::Plain { ty: ty.clone(), doubtful: false }),
        }
    }

    /// What the task gives when it succeeds and when it fails.
    pub(crate) fn types(&self, private: &TokenStream) -> (TokenStream, TokenStream) {
        let at = self.place.unwrap_or_else(Span::call_site);
        let never = quote!(::core::convert::Infallible);
        match &self.kind {
            Kind::Plain { ty, .. } => (ty.clone(), never),
            Kind::Never => (never.clone(), never),
            Kind::Fallible(Fallible::Written { out, error }) => (out.clone(), error.clone()),
            Kind::Fallible(Fallible::Alias(ty)) => {
                let result = quote_spanned!(at=> <#ty as #private::task::ResultType>);
                (quote_spanned!(at=> #result::Ok), quote_spanned!(at=> #result::Err))
            }
        }
    }

    /// A constant of this value, which does not compile if a plain type is a `Result` after all.
    pub(crate) fn checked(&self, value: TokenStream, private: &TokenStream) -> TokenStream {
        let Kind::Plain { ty, doubtful: true } = &self.kind else { return value };
        // From the first token to the last: an error of the argument is then drawn under the type.
        let (first, last) = ends(ty);
        let open = quote_spanned!(first=> <);
        let judged = quote_spanned!(last=> JUDGED);
        quote!({
            use #private::task::Judge as _;
            #private::task::plain(#open #private::task::Returned<#ty>>::#judged);
            #value
        })
    }
}

/// The places of the first and the last token.
fn ends(ty: &TokenStream) -> (Span, Span) {
    let tokens = tokens::list(ty.clone());
    let place = |token: Option<&TokenTree>| token.map_or_else(Span::call_site, TokenTree::span);
    (place(tokens.first()), place(tokens.last()))
}
