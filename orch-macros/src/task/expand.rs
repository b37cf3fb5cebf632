//! The implementation of a task, written from its signature.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

use super::ast::Task;
use super::generics::{Bounds, Generics, Kind, Param};
use super::lifetimes::Elided;
use super::signature::{Signature, result};

/// The type of the function's name and what makes it a task.
pub(crate) fn expand(task: Task) -> TokenStream {
    let Task { options, cfgs, vis, mut sig } = task;
    let private = match &options.krate {
        Some(path) => quote!(#path::__private),
        None => quote!(::async_orch::__private),
    };
    let ident = &sig.ident.clone();
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
    let inside = &Ident::new("inside", Span::mixed_site());
    let asks = if sig.context.is_some() { quote!(Yes) } else { quote!(No) };
    let types = parameters(&mut sig, outside);
    let (generics, values) = (&sig.generics, values(&sig));
    let marker = marker(generics, &private);
    let (made, taken) = match &marker {
        Some(_) => (quote!((::core::marker::PhantomData, #(#values,)*)), quote!((_, #(#values,)*))),
        None => (quote!((#(#values,)*)), quote!((#(#values,)*))),
    };
    let args = quote!((#marker #(#types,)*));
    let returned = Returned::of(sig.output.as_ref(), &private);
    let (out, error) = (&returned.out, &returned.error);

    let turbofish = turbofish(generics);
    let cx = Ident::new("cx", Span::mixed_site());
    let context = sig.context.is_some().then(|| quote!(&#cx,));
    let called = quote_spanned!(ident.span()=> #ident #turbofish (#context #(#values),*));
    let bind = sig.context.is_some().then(|| quote!(let #cx = #private::task::context(#inside);));
    let call = call(&private, called, bind, inside, sig.asyncness, returned.fallible, &options);

    let impl_generics = generics.header(Bounds::All, None);
    let where_clause = generics.where_clause(Bounds::All, None);
    let fails_generics = generics.header(Bounds::All, Some(quote!(__E)));
    let converts = returned.fallible.then(|| quote!(#error: #private::task::IntoFailure<__E>));
    let fails_where = generics.where_clause(Bounds::All, converts);
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
    let bounds = if bare { Bounds::Open } else { Bounds::All };
    let (slot_generics, slot_where) = (generics.header(bounds, None), generics.where_clause(bounds, None));
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
                type Asks = #private::#asks;

                #[inline(always)]
                fn call(
                    #tuple: #args,
                    #inside: ::core::option::Option<#private::Inside<'_>>,
                ) -> #future {
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

/// A variable for each parameter, where that is named.
fn values(sig: &Signature) -> Vec<Ident> {
    let mut values = Vec::new();
    for (index, parameter) in sig.parameters.iter().enumerate() {
        let span = parameter.span.resolved_at(Span::mixed_site());
        values.push(Ident::new(&format!("value{index}"), span));
    }
    values
}

/// The types of the parameters; the generics become those of an implementation over them.
fn parameters(sig: &mut Signature, outside: bool) -> Vec<TokenStream> {
    let mut elided = Elided::default();
    let mut types = Vec::new();
    for parameter in &sig.parameters {
        types.push(elided.name_all(&parameter.ty));
    }
    let generics = &mut sig.generics;
    // A step is sent between threads, which a function alone need not be.
    for param in &mut generics.params {
        if let Kind::Type { bounds } = &mut param.kind {
            bounds.push(quote!(::core::marker::Send));
            if outside {
                bounds.push(quote!('static));
            }
        }
    }
    for (index, name) in elided.names.iter().enumerate() {
        generics.params.insert(index, Param::lifetime(name.to_token_stream()));
    }
    types
}

/// A type for the generic parameters, with a comma, if there are any: one that no parameter's type mentions would be
/// unconstrained.
fn marker(generics: &Generics, private: &TokenStream) -> Option<TokenStream> {
    let (types, numbers) = (generics.types(), generics.numbers());
    let marker = quote!(#(#types,)* #(#private::task::Number<#numbers>,)*);
    (!marker.is_empty()).then(|| quote!(::core::marker::PhantomData<fn() -> (#marker)>,))
}

/// The generic arguments to call the function with, so that those in its return type alone are known.
fn turbofish(generics: &Generics) -> Option<TokenStream> {
    let mut names = Vec::new();
    for param in &generics.params {
        if !param.is_lifetime() {
            names.push(&param.name);
        }
    }
    (!names.is_empty()).then(|| quote!(::<#(#names),*>))
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
    bind: Option<TokenStream>,
    inside: &Ident,
    asynchronous: bool,
    fallible: bool,
    options: &super::ast::Options,
) -> TokenStream {
    let task = quote!(#private::task);
    if asynchronous {
        let wrapper = if fallible { quote!(Fallible) } else { quote!(Never) };
        let future = quote!(#task::#wrapper::new(#called));
        return match (options.spawn, bind) {
            (Some(_), _) => quote!(#task::spawned(#future, #inside)),
            (None, None) => future,
            // The function's future borrows the context, which this one owns.
            (None, Some(bind)) => quote!(async move { #bind #future.await }),
        };
    }
    let result = if fallible {
        quote!(::core::result::Result::map_err(#called, #private::ErrorKind::Task))
    } else {
        quote!(::core::result::Result::Ok(#called))
    };
    if options.blocking.is_some() {
        quote!(#task::blocking(move || #result, #inside))
    } else if options.spawn.is_some() {
        quote!(#task::spawned(#task::Sync::new(move || #result), #inside))
    } else {
        quote!(#task::Sync::new(move || { #bind #result }))
    }
}

fn unraw(ident: &Ident) -> String {
    let name = ident.to_string();
    name.strip_prefix("r#").map_or(name.clone(), str::to_owned)
}
