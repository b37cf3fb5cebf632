//! `#[task]`: keeps a function as it is and makes it a step.
//!
//! The stages are files: [`ast`] reads the attribute and the signature, [`validate`] refuses what cannot be a
//! task, [`expand`] writes the implementation.

mod ast;
mod expand;
mod generics;
mod given;
mod letters;
mod lifetimes;
mod marker;
mod path;
mod returned;
mod signature;
mod unnamed;
mod validate;
mod variants;

use orch_syntax::tokens;
use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::quote;

use crate::editor::{is_editor, placeless};

/// The item as written, and with it either the task or the errors that say why there is none.
pub(crate) fn task(options: TokenStream, item: TokenStream) -> TokenStream {
    if let Some(content) = expand::content(&options) {
        return content;
    }
    // The compiler has said already what is wrong with a function that does not parse.
    let function = ast::is_function(&item);
    let made = match ast::Task::read(item.clone()) {
        Err(_) if function => return without_body(item),
        Ok(task) if task.sig.is_broken => return without_body(item),
        Ok(task) if task.attributes.task().is_some() => given_twice(&task),
        Ok(mut task) => {
            let options = ast::Options::read(options).map(|options| task.options = options);
            match options.and_then(|()| task.take_context()).and_then(|()| validate::validate(&task)) {
                // An editor finds the function at its name, and nothing beside it.
                Ok(()) if is_editor() => placeless(expand::expand(&task)),
                Ok(()) => expand::expand(&task),
                // The compiler would say in its own words what is said here.
                Err(error) if validate::is_refused_by_compiler(&task.sig) => {
                    return expand::refuse(&task, error);
                }
                Err(error) => expand::refuse(&task, error),
            }
        }
        Err(error) => error.into_compile_error(),
    };
    quote!(#item #made)
}

/// What is said of a second `#[task]`, which makes the task.
fn given_twice(task: &ast::Task) -> TokenStream {
    let second = task.attributes.task().unwrap_or_else(Span::call_site);
    syn::Error::new(second, "`#[task]` is given twice; remove one").into_compile_error()
}

/// A function that does not parse, with nothing in its body: what is there would not know the parameters.
fn without_body(item: TokenStream) -> TokenStream {
    let mut tokens = tokens::list(item);
    if let Some(TokenTree::Group(body)) = tokens.last_mut()
        && body.delimiter() == Delimiter::Brace
    {
        let mut empty = Group::new(Delimiter::Brace, quote!(loop {}));
        empty.set_span(body.span());
        *body = empty;
    }
    let item: TokenStream = tokens.into_iter().collect();
    quote!(#[allow(unused_variables)] #item)
}
