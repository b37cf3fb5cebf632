//! The implementation of a task, written from its signature.

use orch_syntax::tokens;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

use super::ast::{Options, Task};
use super::generics::{Bounds, Generics, Kind as ParamKind, Param};
use super::given::Given;
use super::letters::flow;
use super::lifetimes::Elided;
use super::marker::Marker;
use super::returned::{Kind, Returned};
use super::signature::Signature;
use super::unnamed::Unnamed;
use super::validate;
use crate::editor::is_editor;
use crate::private;

/// The type of the function's name and what makes it a task, out of one item.
///
/// In the place of a method that item is one error, and its content none: the compiler takes a `struct` for a mistake
/// there, and with it what stands in its attribute.
pub(crate) fn expand(task: &Task) -> TokenStream {
    let krate = match &task.options.krate {
        Some(path) => path.clone(),
        None => quote!(::async_orch),
    };
    let cfg = task.attributes.condition().map(|condition| quote!(#[cfg(#condition)]));
    let (vis, ident, deprecated) = (&task.vis, &task.sig.ident, task.attributes.deprecated());
    // Where the compiler shows the type, it is the function that the user knows.
    let ty = quote_spanned!(ident.span()=> struct #ident {});
    let carrier = quote_spanned!(ident.span().resolved_at(Span::call_site())=> struct #ident {});
    // Allowed for the type alone: then the function counts as used if a pipeline mentions the type, and not by what is
    // implemented for it.
    let allow = quote!(#[allow(
        dead_code, missing_copy_implementations, missing_debug_implementations, non_camel_case_types, unnameable_types,
        unreachable_pub, clippy::empty_structs_with_brackets, clippy::exhaustive_structs, clippy::redundant_pub_crate
    )]);
    let implementations = task.sig.variants().into_iter().map(|(case, sig)| implementation(task, &case, sig));
    quote! {
        #cfg
        #[#krate::task(@ #[doc(hidden)] #allow #deprecated #vis #ty #(#implementations)*)]
        #carrier
    }
}

/// The errors of a function that is no task. The first takes the place of its type: what a pipeline makes of that is no
/// error then.
pub(crate) fn refuse(task: &Task, error: syn::Error) -> TokenStream {
    // In an `impl` the type would be one more mistake, and without it a crate of the function's name is the crate.
    let named = validate::crate_of_same_name(&task.sig.ident, task.body.clone());
    if validate::is_method(&task.sig) || named.is_some() {
        return error.into_compile_error();
    }
    let cfg = task.attributes.condition().map(|condition| quote!(#[cfg(#condition)]));
    let (vis, ident) = (&task.vis, &task.sig.ident);
    let mut errors = error.into_iter().map(syn::Error::into_compile_error);
    let first = errors.next();
    quote! {
        #cfg
        #[doc(hidden)]
        #[allow(dead_code, non_camel_case_types, unreachable_pub)]
        #vis type #ident = [(); #first];
        #(#errors)*
    }
}

/// What the one item of [`expand`] holds.
pub(crate) fn content(options: &TokenStream) -> Option<TokenStream> {
    let mut options = options.clone().into_iter();
    tokens::is_punct(options.next().as_ref(), '@').then(|| options.collect())
}

/// What makes the type a task.
fn implementation(task: &Task, case: &TokenStream, mut sig: Signature) -> TokenStream {
    let private = private::path(task.options.krate.as_ref());
    let returned = Returned::of(&sig, &task.options, &private);
    let types = parameters(&mut sig, &task.options);
    let marker = Marker::of(&sig, &task.vis);
    let args = {
        let marker = &marker.ty;
        quote!((#marker #(#types,)*))
    };
    let parts = Parts { task, private, values: values(&sig), sig, returned, types, marker, args };

    // The types of the parameters stand here once more, as the user wrote them.
    let allowed = task.attributes.allowed();
    let allow = quote!(#[allow(clippy::all, clippy::pedantic)] #allowed);
    let (functions, traits, private) = (parts.functions(), parts.traits(), &parts.private);
    let asked = &parts.returned.asked;
    let traits = quote! {
        use #private::select::{PrintedDebug as _, PrintedOpaque as _};
        #asked
        #traits
    };
    let constants = &parts.marker.constants;
    // Outside, the functions have the path that a reader expects. The constants' types would need names there.
    if constants.is_empty() {
        quote!(#case #allow #functions #case #allow const _: () = { #traits };)
    } else {
        quote!(#case #allow const _: () = { #(#constants)* #functions #traits };)
    }
}

/// What the code is made of.
struct Parts<'t> {
    task: &'t Task,
    sig: Signature,
    returned: Returned,
    private: TokenStream,
    /// The types of the parameters, and a variable for each.
    types: Vec<TokenStream>,
    values: Vec<Ident>,
    marker: Marker,
    /// The tuple of all.
    args: TokenStream,
}

impl Parts<'_> {
    /// `call`, with the function's own parameters, and `slot`, for what is piped.
    fn functions(&self) -> TokenStream {
        let Self { sig, private, types, values, args, .. } = self;
        let (ident, generics) = (&sig.ident, &sig.generics);
        let slot = match types.as_slice() {
            [] => quote!(#private::slot::NoSlot<Self, #args>),
            [one] => quote!(#private::slot::Slot<Self, #one, #args>),
            _ => quote!(#private::slot::Slots<Self, #args>),
        };
        // The names of our functions stand where the user's does: a wrong argument is shown with the parameters as they
        // are written.
        let (arguments, piped) = (Ident::new("call", ident.span()), Ident::new("slot", ident.span()));
        let (all, all_where) = self.generics(Bounds::All);
        // What is piped into a task is judged with the step, so the slot asks for nothing that its type does not need.
        let mut written = types.iter().chain(&self.marker.given);
        let bare = written.all(|ty| generics.are_free_in(ty)) && !generics.are_told_by_bounds();
        let (bounds, bounds_where) = self.generics(if bare { Bounds::Open } else { Bounds::All });
        let marker = self.marker.ty.as_ref().map(|_| quote!(::core::marker::PhantomData,));
        let name = self.name();
        quote! {
            #[automatically_derived]
            impl #ident {
                #[doc(hidden)]
                pub const __ORCH_NAME: &'static ::core::primitive::str = #name;

                pub fn #arguments #all (#(#values: #types),*) -> #private::task::Call<Self, #args> #all_where {
                    #private::task::Call::new((#marker #(#values,)*))
                }

                pub fn #piped #bounds () -> #slot #bounds_where {
                    <#slot>::new()
                }
            }
        }
    }

    /// The implementations of the traits.
    fn traits(&self) -> TokenStream {
        let Self { sig, returned, private, values, args, .. } = self;
        let ident = &sig.ident;
        let (generics, where_clause) = self.generics(Bounds::All);
        let Returned { out, error, checked, .. } = returned;
        let name = self.name();
        let name = checked.as_ref().map_or(name.clone(), |checked| quote!({ #checked #name }));
        let inside = hidden("__orch_inside");
        let asks = Ident::new(if sig.context.is_some() { "Yes" } else { "No" }, Span::mixed_site());
        let asks = match self.task.options.durable {
            Some(_) => quote!(#private::#asks),
            None => quote!(#private::Undurable<#private::#asks, Self>),
        };
        let (call, debug) = (self.call(&inside), hidden("__orch_printed"));
        let future = quote_spanned!(ident.span()=>
            impl ::core::future::Future<
                Output = ::core::result::Result<Self::Out, #private::ErrorKind<Self::Error>>,
            > + ::core::marker::Send
        );
        let fallible = returned.kind == Kind::Fallible;
        let converts = fallible.then(|| quote!(#error: #private::task::IntoFailure<__OrchError>));
        let fails_generics = sig.generics.header(Bounds::All, Some(quote!(__OrchError)));
        let fails_where = sig.generics.where_clause(Bounds::All, converts);
        // Variables of ours that are not to be taken for a constant or a unit struct of the user's: a pattern would ask for
        // that value then.
        let (given, failure, tuple) = (hidden("__orch_out"), hidden("__orch_error"), hidden("__orch_args"));
        let convert = if fallible {
            quote!(#private::task::IntoFailure::into_failure(#failure))
        } else {
            quote!(match #failure {})
        };
        let marker = self.marker.ty.as_ref().map(|_| quote!(_,));
        let durable = self.durable();
        quote! {
            #[automatically_derived]
            impl #generics #private::task::Task<#args> for #ident #where_clause {
                const NAME: &'static ::core::primitive::str = #name;
                type Out = #out;
                type Error = #error;
                type Asks = #asks;
                #durable

                #[inline(always)]
                fn call(
                    #tuple: #args,
                    #inside: ::core::option::Option<#private::Inside<'_>>,
                ) -> #future {
                    let (#marker #(#values,)*) = #tuple;
                    #call
                }

                fn debug(#given: &Self::Out) -> ::core::option::Option<&dyn ::core::fmt::Debug> {
                    (&&#private::select::Printed(#given)).#debug()
                }
            }

            #[automatically_derived]
            impl #fails_generics #private::task::Fails<#args, __OrchError> for #ident #fails_where {
                fn convert(#failure: Self::Error) -> __OrchError {
                    #convert
                }
            }
        }
    }

    /// How what it gives is written down, and what is kept of its arguments, if it is durable.
    fn durable(&self) -> Option<TokenStream> {
        let Self { returned, private, values, args, .. } = self;
        let durable = self.task.options.durable.as_ref()?;
        let Returned { out, error, kind, .. } = returned;
        let task = quote!(#private::task);
        let json = |ty: &TokenStream| {
            let json = Ident::new("JSON", durable.word);
            quote!(<#ty as #task::durable::WrittenAsJson>::#json)
        };
        let written = |given: &Option<TokenStream>, ty: &TokenStream, is_never: bool| match given {
            Some(given) => given.clone(),
            None if is_never => quote!(#task::Coding::never()),
            None => json(ty),
        };
        // Serde knows none, and every round of a `repeat` gives one.
        let flow = self.sig.output.as_ref().and_then(flow).filter(|_| durable.output.is_none());
        let output = match flow {
            Some((end, next)) => quote_spanned!(durable.word=> #task::durable::flow::<#end, #next>()),
            None => written(&durable.output, out, *kind == Kind::Never),
        };
        let error = written(&durable.error, error, *kind != Kind::Fallible);
        let (tuple, print) = (hidden("__orch_args"), hidden("__orch_fingerprint"));
        let marker = self.marker.ty.as_ref().map(|_| quote!(_,));
        // Where the feature is missing the word itself is told so.
        let needs = quote_spanned!(durable.word=> #task::durable::needs::<#task::durable::Word>());
        Some(quote! {
            const CODEC: ::core::option::Option<#task::Codec<Self::Out, Self::Error>> = {
                #needs;
                ::core::option::Option::Some(#task::Codec::new(#output, #error))
            };

            fn fingerprint(#tuple: &#args) -> ::core::option::Option<::core::primitive::u64> {
                use #task::durable::{Printable as _, Shared as _, Text as _, Unprintable as _};
                let (#marker #(#values,)*) = #tuple;
                #task::durable::Fingerprint::default()
                    #(.and((&&&&#task::durable::Argument(#values)).#print()))*
                    .finish()
            }
        })
    }

    fn generics(&self, bounds: Bounds) -> (TokenStream, TokenStream) {
        let generics = &self.sig.generics;
        (generics.header(bounds, None), generics.where_clause(bounds, None))
    }

    /// The name in events and errors.
    fn name(&self) -> TokenStream {
        let ident = &self.sig.ident;
        match &self.task.options.name {
            Some(name) => name.to_token_stream(),
            None => {
                let mut name = Literal::string(&unraw(ident));
                name.set_span(ident.span());
                name.into_token_stream()
            }
        }
    }

    /// The future that makes the call.
    fn call(&self, inside: &Ident) -> TokenStream {
        let Self { sig, returned, private, values, .. } = self;
        let (ident, turbofish) = (&sig.ident, turbofish(&sig.generics));
        let options = &self.task.options;
        let task = quote!(#private::task);
        // The context is owned by the call, and the function borrows it.
        let cx = hidden("__orch_cx");
        let bind = sig.context.as_ref().map(|_| quote!(let #cx = #task::context(#inside);));
        let context = sig.context.as_ref().map(|_| quote!(&#cx,));
        let called = quote_spanned!(ident.span()=> #ident #turbofish (#context #(#values),*));
        let Returned { out, error, .. } = returned;
        if sig.asyncness {
            let wrapper = match returned.kind {
                Kind::Fallible => quote!(Fallible::<_, #out, #error>),
                Kind::Plain => quote!(Unfailing),
                Kind::Never => quote!(Endless),
            };
            let future = quote!(#task::#wrapper::new(#called));
            return match (options.spawn, bind) {
                (Some(_), _) => quote!(#task::spawned(Self::__ORCH_NAME, #future, #inside)),
                (None, None) => future,
                (None, Some(bind)) => quote!(async move { #bind #future.await }),
            };
        }
        let result = match &returned.kind {
            Kind::Fallible => quote!(#task::Gives::<#out, #error>::given(#called)),
            Kind::Plain => quote!(::core::result::Result::Ok(#called)),
            Kind::Never => {
                // A closure, as nothing that comes after the call would be reached.
                quote!(::core::result::Result::Ok((move || -> #out { #called })()))
            }
        };
        if options.blocking.is_some() {
            quote!(#task::blocking(Self::__ORCH_NAME, move || #result, #inside))
        } else if options.spawn.is_some() {
            quote!(#task::spawned(Self::__ORCH_NAME, #task::CallOnce::new(move || #result), #inside))
        } else {
            quote!(#task::CallOnce::new(move || { #bind #result }))
        }
    }
}

/// A variable for each parameter, where that is named. For an editor, which shows them while arguments are typed, as the parameter
/// is.
fn values(sig: &Signature) -> Vec<Ident> {
    let mut values = Vec::new();
    for (index, parameter) in sig.parameters.iter().enumerate() {
        if let (true, Some(name)) = (is_editor(), &parameter.name) {
            values.push(name.clone());
            continue;
        }
        let span = parameter.span.resolved_at(Span::mixed_site());
        values.push(Ident::new(&format!("__orch_value{index}"), span));
    }
    values
}

/// The types of the parameters; the generics become those of an implementation over them.
fn parameters(sig: &mut Signature, options: &Options) -> Vec<TokenStream> {
    let (mut elided, mut unnamed) = (Elided::default(), Unnamed::default());
    let mut types = Vec::new();
    for parameter in &sig.parameters {
        types.push(unnamed.name_all(elided.name_all(&parameter.ty)));
    }
    let generics = &mut sig.generics;
    generics.params.append(&mut unnamed.params);
    let mut given = Given::default();
    if let Some(output) = &sig.output {
        given.find(generics, &tokens::list(output.clone()));
    }
    let outside = options.blocking.is_some() || options.spawn.is_some();
    // A step is sent between threads, and so is what it gives, which is owned too. A function alone need not be so.
    for param in &mut generics.params {
        if let ParamKind::Type { bounds } = &mut param.kind {
            bounds.push(quote!(::core::marker::Send));
            if outside || given.params.contains(&param.name.to_string()) {
                bounds.push(quote!('static));
            }
        }
    }
    for projected in given.projected {
        generics.demand(quote!(#projected: ::core::marker::Send + 'static));
    }
    for (index, name) in elided.names.iter().enumerate() {
        generics.params.insert(index, Param::lifetime(name.to_token_stream()));
    }
    types
}

/// The generic arguments to call the function with, so that those in its return type alone are known.
fn turbofish(generics: &Generics) -> Option<TokenStream> {
    let mut names = Vec::new();
    for param in &generics.params {
        if !(param.is_lifetime() || param.unnamed) {
            names.push(&param.name);
        }
    }
    (!names.is_empty()).then(|| quote!(::<#(#names),*>))
}

/// A name of ours.
fn hidden(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

fn unraw(ident: &Ident) -> String {
    let name = ident.to_string();
    name.strip_prefix("r#").map_or(name.clone(), str::to_owned)
}
