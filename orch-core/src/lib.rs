//! The combinators, the runtime seam, the events and the errors of `async-orch`.
//!
//! Use the façade `async_orch`; this crate is where it is built.

pub mod blocks;
pub mod boxed;
pub mod bus;
pub mod catch;
pub mod circuit;
pub mod context;

pub mod each;
pub mod embed;
pub mod error;
pub mod event;
pub mod feed;
pub mod gate;
mod gatekeepers;
pub mod graph;
mod lazy;
pub mod leaf;
pub mod node;
pub mod options;
mod panics;
pub mod par;
pub mod pipeline;
pub mod plan;
mod ready;
pub mod retry;
pub mod returned;
pub mod run;
pub mod runtime;
pub mod scope;
pub mod seq;
pub mod slot;
pub mod step;
mod sync;
pub mod task;
#[cfg(test)]
mod testing;
pub mod timeout;
pub mod token;

pub use error::{BoxError, Error, ErrorKind, Panicked};
pub use pipeline::{Pipeline, Run, run};
pub use runtime::{Local, Runtime};

/// What the expansions of the macros name. Nothing here is for users, and anything may change.
#[doc(hidden)]
pub mod __private {
    pub use crate::blocks::{race, settle};
    pub use crate::context::{Context, Failed};
    pub use crate::error::{BoxError, ErrorKind};
    pub use crate::feed::{Ignores, Uses};
    pub use crate::gate::{embedded, methods, owned};
    pub use crate::leaf::{Moved, pinned, probe, result, says, select};
    pub use crate::node::{Form, Meta, NodeKind, Nth, Place, Table};
    pub use crate::plan::{Plan, begin};
    pub use crate::run::{Inside, No, Yes};
    pub use crate::scope::{Names, Root};
    pub use crate::token::Tok;
    pub use crate::{catch, circuit, each, par, retry, seq, slot, task, timeout};
}
