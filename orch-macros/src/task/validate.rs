//! What cannot be a task, and why.

use orch_syntax::tokens;
use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};

use super::ast::Task;
use super::generics::Kind;
use super::letters::Letters;
use super::lifetimes::{borrow, undeclared};
use super::signature::{Signature, impl_trait, is_boxed_future, is_future};
use super::variants::MOST;
use crate::errors::combined;

/// Where the body means a crate by the function's own name: `name::…`. In it the name is the task's type.
pub(crate) fn crate_of_same_name(name: &Ident, body: TokenStream) -> Option<Span> {
    let body = tokens::list(body);
    for (at, token) in body.iter().enumerate() {
        let found = match token {
            TokenTree::Ident(word) if word == name => {
                let begins =
                    !at.checked_sub(2).is_some_and(|before| tokens::is_pair(&body, before, ':', ':'));
                let path =
                    tokens::is_pair(&body, at + 1, ':', ':') && !tokens::is_punct(body.get(at + 3), '<');
                (begins && path).then(|| word.span())
            }
            TokenTree::Group(group) => crate_of_same_name(name, group.stream()),
            _ => None,
        };
        if found.is_some() {
            return found;
        }
    }
    None
}

/// Whether it is known to stand in an `impl`.
pub(crate) fn is_method(sig: &Signature) -> bool {
    !sig.receivers.is_empty() || self_type(sig).is_some()
}

/// The first `Self` in the types of a signature.
fn self_type(sig: &Signature) -> Option<Span> {
    fn find(tokens: TokenStream) -> Option<Span> {
        tokens.into_iter().find_map(|token| match token {
            TokenTree::Ident(word) if word == "Self" => Some(word.span()),
            TokenTree::Group(group) if group.delimiter() != Delimiter::Brace => find(group.stream()),
            _ => None,
        })
    }
    sig.parameters.iter().map(|parameter| &parameter.ty).chain(&sig.output).find_map(|ty| find(ty.clone()))
}

/// Whether the letters of its type tell that a function gives no `Result`. What else they may stand for is asked of the
/// compiler.
fn gives_no_result(sig: &Signature) -> bool {
    let letters = sig.output.as_ref().map(|ty| Letters::of(ty, &sig.generics));
    matches!(letters, None | Some(Letters::Plain | Letters::Never))
}

/// A `_` in a type.
fn placeholder(ty: &TokenStream) -> Option<Span> {
    ty.clone().into_iter().find_map(|token| match token {
        TokenTree::Ident(word) if word == "_" => Some(word.span()),
        TokenTree::Group(group) => placeholder(&group.stream()),
        _ => None,
    })
}

/// The first lifetime in a type of a signature that it does not declare.
fn undeclared_lifetime(sig: &Signature, ty: &TokenStream) -> Option<(Span, Ident)> {
    undeclared(ty, |name| {
        sig.generics.params.iter().any(|param| {
            matches!(param.kind, Kind::Lifetime { .. }) && param.name.to_string() == format!("'{name}")
        })
    })
}

/// Whether what is refused in a signature is an error of the function too: a lifetime that is not declared, a return type that
/// borrows from nothing, or is not written.
pub(crate) fn is_refused_by_compiler(sig: &Signature) -> bool {
    let all = sig.context.iter().chain(&sig.parameters).map(|parameter| &parameter.ty).chain(&sig.output);
    if all.into_iter().any(|ty| undeclared_lifetime(sig, ty).is_some()) {
        return true;
    }
    let Some(ty) = &sig.output else { return false };
    let borrows = |ty: &TokenStream| {
        ty.clone()
            .into_iter()
            .any(|token| tokens::is_punct(Some(&token), '&') || tokens::is_punct(Some(&token), '\''))
    };
    let begins = tokens::list(ty.clone());
    let elided = tokens::is_punct(begins.first(), '&') && !tokens::is_punct(begins.get(1), '\'');
    let lends = sig.parameters.iter().chain(&sig.context).any(|parameter| borrows(&parameter.ty));
    sig.receivers.is_empty() && (placeholder(ty).is_some() || (elided && !lends))
}

/// Refuses signatures that cannot be a task. All reasons are given together.
pub(crate) fn validate(task: &Task) -> syn::Result<()> {
    const METHOD: &str = "`#[task]` goes on a free function; move it out of the `impl`, and take what `self` is as a \
                          parameter, such as `client: &Client`";
    let mut errors: Vec<syn::Error> = Vec::new();
    let mut refuse = |span: Span, text: String| errors.push(syn::Error::new(span, text));
    let sig = &task.sig;
    if let Some(unsafety) = sig.unsafety {
        refuse(unsafety, "a task is called for you, so it cannot be `unsafe`".to_owned());
    }
    if let Some(variadic) = sig.variadic {
        refuse(variadic, "a task has a fixed number of parameters".to_owned());
    }
    let leaves = match (task.options.blocking, task.options.spawn) {
        (Some(_), Some(spawn)) => {
            refuse(spawn, "`blocking` and `spawn` exclude each other: choose one".to_owned());
            None
        }
        (Some(blocking), None) => {
            if sig.asyncness {
                let text =
                    "`blocking` is for a sync `fn`: an `async fn` does not block; remove one of the two";
                refuse(blocking, text.to_owned());
            }
            Some("blocking")
        }
        (None, Some(_)) => Some("spawn"),
        (None, None) => None,
    };
    for receiver in &sig.receivers {
        refuse(*receiver, METHOD.to_owned());
    }
    if let Some(word) = self_type(sig).filter(|_| sig.receivers.is_empty()) {
        let text =
            "`#[task]` goes on a free function, which has no `Self`; write the type, outside of any `impl`";
        refuse(word, text.to_owned());
    }
    if let Some(name) = crate_of_same_name(&sig.ident, task.body.clone()) {
        let ident = &sig.ident;
        refuse(
            name,
            format!("here `{ident}` is the task and its type, and not the crate; write `::{ident}::…`"),
        );
    }
    let differ = sig.conditions().len();
    if differ > MOST {
        let text = format!(
            "the parameters of a task have up to {MOST} different `#[cfg]`s, and these have {differ}; write a function \
             for each case, or put the parameters into a `struct`"
        );
        refuse(sig.ident.span(), text);
    }
    if let Some(fallible) = task.options.fallible.filter(|_| gives_no_result(sig)) {
        let text =
            "a `fallible` task gives a `Result`, and this one does not; remove `fallible`, or give one";
        refuse(fallible, text.to_owned());
    }
    for parameter in sig.context.iter().chain(&sig.parameters) {
        if let (Some(option), Some(span)) = (leaves, borrow(&parameter.ty)) {
            let name = parameter.name.as_ref().map_or_else(String::new, |name| format!(" `{name}`"));
            let is_context = sig.context.as_ref().is_some_and(|context| std::ptr::eq(context, parameter))
                || parameter.is_meant_as_context();
            let text = if is_context {
                format!(
                    "a `{option}` task leaves its caller, and has no context; remove `{option}`, or the parameter{name}"
                )
            } else {
                format!(
                    "a `{option}` task leaves its caller, so its parameter{name} cannot borrow; take an \
                     owned value or an `Arc`"
                )
            };
            refuse(span, text);
        }
    }
    let taken = sig.context.iter().chain(&sig.parameters).map(|parameter| &parameter.ty);
    if let Some((span, name)) = taken.into_iter().find_map(|ty| undeclared_lifetime(sig, ty)) {
        let (ident, more) = (&sig.ident, if sig.generics.params.is_empty() { "" } else { ", …" });
        refuse(
            span,
            format!(
                "the lifetime `'{name}` is not declared; write `{ident}<'{name}{more}>`, or leave it out"
            ),
        );
    }
    for (at, parameter) in sig.parameters.iter().enumerate() {
        let slip = parameter.context_slip(at == 0 && sig.context.is_none()).filter(|_| leaves.is_none());
        if let Some(text) = slip {
            refuse(parameter.span, text.to_owned());
        }
    }
    if let Some(ty) = &sig.output {
        if let Some(span) = impl_trait(ty) {
            let text = if !sig.asyncness && is_future(ty) {
                "a task that gives a future is an `async fn`; write `async fn` and the future's output"
            } else {
                "a task names its return type; name the type, or box it"
            };
            refuse(span, text.to_owned());
        } else if !sig.asyncness && is_boxed_future(ty) {
            let span = ty.clone().into_iter().next().map_or_else(Span::call_site, |token| token.span());
            let text =
                "a task that gives a future is an `async fn`; write `async fn` and the future's output";
            refuse(span, text.to_owned());
        } else if let Some(span) = placeholder(ty) {
            refuse(span, "a task names its return type; write it for the `_`".to_owned());
        } else if let Some(span) = borrow(ty) {
            let text = "a task gives an owned value; clone what it borrows, or put it into an `Arc`";
            refuse(span, text.to_owned());
        }
    }
    if let Some(error) = task.options.durable.as_ref().and_then(|durable| durable.error.as_ref())
        && task.options.fallible.is_none()
        && gives_no_result(sig)
    {
        refuse(
            error.clone().into_iter().next().map_or_else(Span::call_site, |token| token.span()),
            "a task that gives no `Result` has no error to write down; remove `error`".to_owned(),
        );
    }
    combined(errors).map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use super::*;

    #[test]
    fn a_crate_is_told_from_a_call() {
        let name = Ident::new("log", Span::call_site());
        let found =
            |body: &str| crate_of_same_name(&name, TokenStream::from_str(body).expect("tokens")).is_some();
        for body in ["{ log::info!(x) }", "{ f(|| { use log::Level; }) }", "a + log::b::<c>()"] {
            assert!(found(body), "{body}");
        }
        for body in
            ["{ log(x) }", "{ ::log::info!(x) }", "log::<u8>(x)", "a::log::b", "x.log()", "log!(a::log)"]
        {
            assert!(!found(body), "{body}");
        }
    }
}
