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

use proc_macro2::TokenStream;
use quote::quote;

/// The item as written, and with it either the task or the errors that say why there is none.
pub(crate) fn task(options: TokenStream, item: TokenStream) -> TokenStream {
    if let Some(content) = expand::content(&options) {
        return content;
    }
    let made = match ast::Task::read(item.clone()) {
        Ok(mut task) => {
            let options = ast::Options::read(options).map(|options| task.options = options);
            match options.and_then(|()| task.take_context()).and_then(|()| validate::validate(&task)) {
                Ok(()) => expand::expand(&task),
                Err(error) => expand::refuse(&task, error),
            }
        }
        Err(error) => error.into_compile_error(),
    };
    quote!(#item #made)
}
