//! The macros of `async-orch`. Use the façade `async_orch`, which documents them.

// They run at every keystroke, on text that is half typed.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::unreachable,
        clippy::todo
    )
)]

mod editor;
mod errors;
mod pipeline;
mod private;
#[cfg(test)]
mod snapshots;
mod task;

use proc_macro::TokenStream;

#[allow(missing_docs)]
#[proc_macro]
pub fn pipeline(input: TokenStream) -> TokenStream {
    pipeline::pipeline(input.into()).into()
}

#[allow(missing_docs)]
#[proc_macro_attribute]
pub fn task(options: TokenStream, item: TokenStream) -> TokenStream {
    task::task(options.into(), item.into()).into()
}
