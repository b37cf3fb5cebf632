//! What cannot be a task, and why.

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{FnArg, ReturnType, Type, TypeImplTrait};

use super::ast::Task;
use super::lifetimes::borrow;

/// Refuses signatures that cannot be a task. All reasons are given together.
pub(crate) fn validate(task: &Task) -> syn::Result<()> {
    let mut errors: Vec<syn::Error> = Vec::new();
    let mut refuse = |span: Span, text: String| errors.push(syn::Error::new(span, text));
    let sig = &task.sig;
    if let syn::Safety::Unsafe(word) = &sig.safety {
        refuse(word.span(), "a task is called for you, so it cannot be `unsafe`".to_owned());
    }
    if let Some(variadic) = &sig.variadic {
        refuse(variadic.span(), "a task has a fixed number of parameters".to_owned());
    }
    let leaves = match (task.options.blocking, task.options.spawn) {
        (Some(_), Some(spawn)) => {
            refuse(spawn, "`blocking` and `spawn` exclude each other: choose one".to_owned());
            None
        }
        (Some(blocking), None) => {
            if sig.asyncness.is_some() {
                let text =
                    "`blocking` is for a sync `fn`: an `async fn` does not block; remove one of the two";
                refuse(blocking, text.to_owned());
            }
            Some("blocking")
        }
        (None, Some(_)) => Some("spawn"),
        (None, None) => None,
    };
    for input in &sig.inputs {
        match input {
            FnArg::Receiver(receiver) => refuse(
                receiver.span(),
                "`#[task]` goes on a free function; move it out of the `impl` and take `self` as a parameter"
                    .to_owned(),
            ),
            FnArg::Typed(typed) => {
                if let Some(span) = impl_trait(&typed.ty) {
                    let text =
                        "a task names its parameter types; write a generic: `fn name<T: Trait>(value: T)`";
                    refuse(span, text.to_owned());
                } else if let (Some(option), Some(span)) = (leaves, borrow(&typed.ty)) {
                    let parameter = name_of(&typed.pat);
                    refuse(
                        span,
                        format!(
                            "a `{option}` task leaves its caller, so its parameter{parameter} cannot borrow; take an \
                         owned value or an `Arc`"
                        ),
                    );
                }
            }
        }
    }
    if let ReturnType::Type(_, ty) = &sig.output {
        if let Some(span) = impl_trait(ty) {
            let text = if sig.asyncness.is_none() && future(ty) {
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
    errors
        .into_iter()
        .reduce(|mut all, error| {
            all.combine(error);
            all
        })
        .map_or(Ok(()), Err)
}

fn name_of(pattern: &syn::Pat) -> String {
    match pattern {
        syn::Pat::Ident(pattern) => format!(" `{}`", pattern.ident),
        _ => String::new(),
    }
}

fn impl_trait(ty: &Type) -> Option<Span> {
    struct Find(Option<Span>);

    impl<'ast> Visit<'ast> for Find {
        fn visit_type_impl_trait(&mut self, found: &'ast TypeImplTrait) {
            self.0 = self.0.or(Some(found.impl_token.span));
            visit::visit_type_impl_trait(self, found);
        }
    }

    let mut find = Find(None);
    find.visit_type(ty);
    find.0
}

fn future(ty: &Type) -> bool {
    let Type::ImplTrait(ty) = ty else { return false };
    ty.bounds.iter().any(|bound| match bound {
        syn::TypeParamBound::Trait(bound) => {
            bound.path.segments.last().is_some_and(|segment| segment.ident == "Future")
        }
        _ => false,
    })
}
