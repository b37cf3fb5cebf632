//! `#[task]`: keeps a function as it is and makes it a step.
//!
//! The stages are files: [`ast`] reads the attribute and the signature, [`validate`] refuses what cannot be a
//! task, [`expand`] writes the implementation.

mod ast;
mod expand;
mod generics;
mod lifetimes;
mod signature;
mod validate;

use proc_macro2::TokenStream;
use quote::quote;

/// The item as written, and with it either the task or the errors that say why there is none.
pub(crate) fn task(options: TokenStream, item: TokenStream) -> TokenStream {
    let made = ast::Task::parse(options, item.clone()).and_then(|task| {
        validate::validate(&task)?;
        Ok(expand::expand(task))
    });
    match made {
        Ok(task) => quote!(#item #task),
        Err(error) => {
            let error = error.into_compile_error();
            quote!(#item #error)
        }
    }
}
