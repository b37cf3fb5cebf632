//! The combinators, the runtime seam, the events and the errors of `async-orch`.
//!
//! Use the façade `async_orch`; this crate is where it is built.

#![warn(missing_docs)]

pub mod boxed;
pub mod circuit;
pub mod cx;
pub mod embed;
pub mod error;
pub mod event;
pub mod feed;
pub mod graph;
pub mod leaf;
pub mod node;
pub mod observe;
pub mod options;
pub mod pipeline;
pub mod runtime;
pub mod scope;
pub mod seq;
pub mod step;
pub mod task;
pub mod token;

pub use error::{BoxError, Error, ErrorKind, Panicked};
pub use pipeline::{Pipeline, Run, run};
pub use runtime::{Local, Runtime};
