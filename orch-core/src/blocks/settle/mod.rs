//! `settle`: the body's result as a value.
//!
//! - It never fails: an error of the body is the value `Err(error)`. So the steps after it run, and see what became of it.
//! - A panic is no error, and goes through it. With a `catch` inside it is one.
//! - What is told of it is that it succeeded; what failed inside has told so itself.
//! - An error that a later step gives as it is goes on as the error that it was.
//!
//! It allocates nothing.

mod future;
mod options;
#[cfg(test)]
mod tests;

pub use crate::blocks::shell::enter;
pub use future::Settle;
pub use options::{Options, settle};
