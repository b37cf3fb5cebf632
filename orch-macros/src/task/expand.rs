//! The implementation of a task, written from its signature.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

use super::ast::Task;
use super::generics::{Generics, Kind, Param, Predicate};
use super::lifetimes::Elided;
use super::signature::{Signature, result};

/// The type of the function's name and what makes it a task.
pub(crate) fn expand(task: Task) -> TokenStream {
    let Task { options, cfgs, vis, sig } = task;
    let private = match &options.krate {
        Some(path) => quote!(#path::__private),
        None => quote!(::async_orch::__private),
    };
    let ident = &sig.ident;
    let name = match &options.name {
        Some(name) => name.to_token_stream(),
        None => {
            let mut name = Literal::string(&unraw(ident));
            name.set_span(ident.span());
            name.into_token_stream()
        }
    };
    let outside = options.blocking.is_some() || options.spawn.is_some();

    // Not to be taken for a function of the user's that is called `args`.
    let tuple = Ident::new("args", Span::mixed_site());
    let (types, generics) = parameters(&sig, outside);
    let values: Vec<Ident> = names(&sig)
        .map(|(index, span)| Ident::new(&format!("value{index}"), span.resolved_at(Span::mixed_site())))
        .collect();
    let marker = Vec::from_iter(marker(&generics, &private));
    let args = quote!((#(#marker,)* #(#types,)*));
    let marked = marker.iter().map(|_| quote!(::core::marker::PhantomData));
    let made = quote!((#(#marked,)* #(#values,)*));
    let taken = {
        let ignored = marker.iter().map(|_| quote!(_));
        quote!((#(#ignored,)* #(#values,)*))
    };
    let returned = Returned::of(sig.output.as_ref(), &private);
    let (out, error) = (&returned.out, &returned.error);

    let turbofish = turbofish(&sig.generics);
    let called = quote_spanned!(ident.span()=> #ident #turbofish (#(#values),*));
    let call = call(&private, called, sig.asyncness, returned.fallible, &options);

    let (impl_generics, where_clause) = (generics.header(), generics.where_clause());
    let mut failing = generics.clone();
    failing.params.push(Param::new(quote!(__E), Kind::Type { bounds: Vec::new() }));
    if returned.fallible {
        let bound = quote!(#error: #private::task::IntoFailure<__E>);
        failing.predicates.push(Predicate::new(bound));
    }
    let (fails_generics, fails_where) = (failing.header(), failing.where_clause());
    let convert = if returned.fallible {
        quote!(#private::task::IntoFailure::into_failure(error))
    } else {
        quote!(match error {})
    };
    // The lint is of the user's crate and the type is ours.
    let allow = quote!(#[allow(
        non_camel_case_types, dead_code, unreachable_pub, missing_docs, missing_debug_implementations,
        private_interfaces, private_bounds, clippy::all, clippy::pedantic, clippy::nursery
    )]);
    let slot = match types.as_slice() {
        [] => quote!(#private::slot::NoSlot<Self, #args>),
        [one] => quote!(#private::slot::Slot<Self, #one, #args>),
        _ => quote!(#private::slot::Slots<Self, #args>),
    };
    // The names of our functions stand where the user's does: a wrong argument is shown with the parameters as they are
    // written.
    let (arguments, piped) = (Ident::new("args", ident.span()), Ident::new("slot", ident.span()));
    // What is piped into a task is judged with the step, so the slot asks for nothing that its type does not need.
    let bare = types.iter().all(|ty| generics.are_free_in(ty));
    let open = if bare { generics.without_bounds() } else { generics.clone() };
    let (slot_generics, slot_where) = (open.header(), open.where_clause());
    let future = quote_spanned!(ident.span()=>
        impl ::core::future::Future<
            Output = ::core::result::Result<Self::Out, #private::ErrorKind<Self::Error>>,
        > + ::core::marker::Send
    );
    // Where the compiler shows the type, it is the function that the user knows.
    let ty = quote_spanned!(ident.span()=> struct #ident {});
    quote! {
        #(#cfgs)*
        #[doc(hidden)]
        #allow
        #vis #ty

        #(#cfgs)*
        #allow
        #[automatically_derived]
        impl #ident {
            pub fn #arguments #impl_generics (#(#values: #types),*)
                -> #private::task::Call<Self, #args> #where_clause
            {
                #private::task::Call::new(#made)
            }

            pub fn #piped #slot_generics () -> #slot #slot_where {
                <#slot>::new()
            }
        }

        #(#cfgs)*
        #allow
        #[automatically_derived]
        const _: () = {
            impl #impl_generics #private::task::Task<#args> for #ident #where_clause {
                const NAME: &'static str = #name;
                type Out = #out;
                type Error = #error;

                #[inline(always)]
                fn call(#tuple: #args) -> #future {
                    let #taken = #tuple;
                    #call
                }

                fn debug(out: &Self::Out) -> ::core::option::Option<&dyn ::core::fmt::Debug> {
                    use #private::select::{PrintedDebug as _, PrintedOpaque as _};
                    (&&#private::select::Printed(out)).printed()
                }
            }

            impl #fails_generics #private::task::Fails<#args, __E> for #ident #fails_where {
                fn convert(error: Self::Error) -> __E {
                    #convert
                }
            }
        };
    }
}

/// Where the parameters are named.
fn names(sig: &Signature) -> impl Iterator<Item = (usize, Span)> {
    sig.parameters.iter().map(|parameter| parameter.span).enumerate()
}

/// The types of the parameters and the generics of an implementation over them.
fn parameters(sig: &Signature, outside: bool) -> (Vec<TokenStream>, Generics) {
    let mut elided = Elided::default();
    let types = sig.parameters.iter().map(|parameter| elided.name_all(&parameter.ty)).collect();
    let mut generics = sig.generics.clone();
    // A step is sent between threads, which a function alone need not be.
    for param in &mut generics.params {
        if let Kind::Type { bounds } = &mut param.kind {
            bounds.push(quote!(::core::marker::Send));
            if outside {
                bounds.push(quote!('static));
            }
        }
    }
    let named = elided
        .names
        .iter()
        .map(|name| Param::new(name.to_token_stream(), Kind::Lifetime { bounds: Vec::new() }));
    generics.params.splice(0..0, named);
    (types, generics)
}

/// A type for the generic parameters, if there are any: one that no parameter's type mentions would be
/// unconstrained.
fn marker(generics: &Generics, private: &TokenStream) -> Option<TokenStream> {
    let (types, numbers) = (generics.types(), generics.numbers());
    let marker = quote!(#(#types,)* #(#private::task::Number<#numbers>,)*);
    (!marker.is_empty()).then(|| quote!(::core::marker::PhantomData<fn() -> (#marker)>))
}

/// The generic arguments to call the function with, so that those in its return type alone are known.
fn turbofish(generics: &Generics) -> Option<TokenStream> {
    let is_lifetime = |param: &&Param| matches!(param.kind, Kind::Lifetime { .. });
    let params = generics.params.iter().filter(|param| !is_lifetime(param));
    let params: Vec<&TokenStream> = params.map(|param| &param.name).collect();
    (!params.is_empty()).then(|| quote!(::<#(#params),*>))
}

/// What the function gives.
struct Returned {
    fallible: bool,
    out: TokenStream,
    error: TokenStream,
}

impl Returned {
    fn of(output: Option<&TokenStream>, private: &TokenStream) -> Self {
        let infallible = |out| Returned { fallible: false, out, error: quote!(::core::convert::Infallible) };
        let Some(ty) = output else { return infallible(quote!(())) };
        match result(ty) {
            None => return infallible(ty.clone()),
            Some(Some((out, error))) => return Returned { fallible: true, out, error },
            Some(None) => {}
        }
        Returned {
            fallible: true,
            out: quote!(<#ty as #private::task::ResultType>::Ok),
            error: quote!(<#ty as #private::task::ResultType>::Err),
        }
    }
}

/// The future that makes the call.
fn call(
    private: &TokenStream,
    called: TokenStream,
    asynchronous: bool,
    fallible: bool,
    options: &super::ast::Options,
) -> TokenStream {
    let task = quote!(#private::task);
    if asynchronous {
        let wrapper = if fallible { quote!(Fallible) } else { quote!(Never) };
        let future = quote!(#task::#wrapper::new(#called));
        return match options.spawn {
            Some(_) => quote!(#task::spawned(#future)),
            None => future,
        };
    }
    let result = if fallible {
        quote!(::core::result::Result::map_err(#called, #private::ErrorKind::Task))
    } else {
        quote!(::core::result::Result::Ok(#called))
    };
    if options.blocking.is_some() {
        quote!(#task::blocking(move || #result))
    } else if options.spawn.is_some() {
        quote!(#task::spawned(#task::Sync::new(move || #result)))
    } else {
        quote!(#task::Sync::new(move || #result))
    }
}

fn unraw(ident: &Ident) -> String {
    let name = ident.to_string();
    name.strip_prefix("r#").map_or(name.clone(), str::to_owned)
}
