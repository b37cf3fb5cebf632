//! What cannot be a task, and why.

use proc_macro2::Span;

use super::ast::Task;
use super::lifetimes::borrow;
use super::signature::{impl_trait, is_future};
use crate::pipeline::errors::combined;

/// Refuses signatures that cannot be a task. All reasons are given together.
pub(crate) fn validate(task: &Task) -> syn::Result<()> {
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
        refuse(
            *receiver,
            "`#[task]` goes on a free function; move it out of the `impl` and take `self` as a parameter"
                .to_owned(),
        );
    }
    for parameter in sig.context.iter().chain(&sig.parameters) {
        if let Some(span) = impl_trait(&parameter.ty) {
            let text = "a task names its parameter types; write a generic: `fn name<T: Trait>(value: T)`";
            refuse(span, text.to_owned());
        } else if let (Some(option), Some(span)) = (leaves, borrow(&parameter.ty)) {
            let parameter = parameter.name.as_ref().map_or_else(String::new, |name| format!(" `{name}`"));
            refuse(
                span,
                format!(
                    "a `{option}` task leaves its caller, so its parameter{parameter} cannot borrow; take an \
                     owned value or an `Arc`"
                ),
            );
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
        } else if let Some(span) = borrow(ty) {
            let text = "a task gives an owned value; clone what it borrows, or put it into an `Arc`";
            refuse(span, text.to_owned());
        }
    }
    combined(errors).map_or(Ok(()), Err)
}
