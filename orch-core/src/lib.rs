//! The combinators, the runtime seam, the events and the errors of `async-orch`.
//!
//! Use the façade `async_orch`; this crate is where it is built. What is public here is what a user names; all else is private,
//! or in the hidden module that the expansions of the macros name.

// Where the pages of crates that lead here find this one's, if those are not rendered beside them, or not yet.
#![doc(html_root_url = "https://docs.rs/orch-core/latest")]

mod awaited;
mod blocks;
mod boxed;
mod build;
pub mod bus;
mod codec;
mod context;
mod error;
mod event;
mod graph;
mod leaf;
mod node;
mod panics;
mod pipeline;
mod policy;
mod run;
mod runtime;
mod sequence;
mod sync;
mod task;
#[cfg(test)]
mod testing;
#[cfg(not(feature = "durable"))]
mod undurable;
mod wake;

pub use blocks::bulkhead::{Bulkhead, BulkheadBuilder};
pub use blocks::circuit::{Breaker, BreakerBuilder, BreakerState, CircuitEvent, CircuitState};
pub use blocks::fallback::FallingBack;
pub use blocks::gatekeepers::{Keyed, Waiting};
pub use blocks::hedge::Hedging;
pub use blocks::repeat::NextRound;
pub use blocks::retry::{BudgetSpent, RetryBudget, RetryBudgetBuilder, Retrying};
pub use blocks::saga::SagaEvent;
pub use blocks::throttle::{Limiter, LimiterBuilder};
pub use bus::Bus;
pub use context::{Context, Failed, Note, Progress};
pub use error::{BoxError, Error, ErrorKind, Failure, InvalidOption, LastFailure, Panicked, Wire};
pub use event::{
    BlockChange, BlockEvent, Change, Event, EventKind, Execution, Field, Output, OwnedEvent, Reason, RunId,
    TaskChange, TaskEvent, TaskState, Text, Told,
};
pub use graph::{Bound, Bounds, Graph, Node};
pub use node::{NodeKind, Origin, Place};
pub use pipeline::{BoxPipeline, On, Pipeline, Run, run};
pub use policy::{Again, Next, Once, Policy};
pub use run::{Arrival, Attempt, Done, LastError, Position};
pub use runtime::{Admit, BoxFuture, Gatekeeper, Local, Report, Runtime};
pub use task::Task;

#[cfg(feature = "durable")]
pub mod durable;

/// For engines whose runs share circuits between machines. Anything of it may change.
#[cfg(feature = "durable")]
#[doc(hidden)]
pub mod __engines {
    pub use crate::blocks::circuit::{Asked, KeptCircuit};
    pub use crate::durable::{__answer as answer, __step_of as step_of};
}

/// Values for the options of the block `retry`.
pub mod retry {
    pub use crate::blocks::backoff::{
        Constant, Exponential, Fibonacci, Jitter, constant, exponential, exponential_by, fibonacci,
    };
    pub use crate::blocks::retry::{Attempts, IntoAttempts, unlimited};
}

/// What the expansions of the macros name. Nothing here is for users, and anything may change; so the name has the version,
/// and a test of `orch-macros` says where to write the next one.
#[doc(hidden)]
pub mod __private_0_1_0 {
    pub use crate::blocks::values::{asks, says, starting};
    pub use crate::blocks::{
        bulkhead, catch, choose, circuit, each, fallback, hedge, par, race, repeat, retry, saga, seq, settle,
        throttle, timeout, when, with,
    };
    // What the spans of `orch-watch` are to a run.
    pub use crate::build::builder::Builder;
    pub use crate::build::check::{embedded, methods, owned};
    pub use crate::build::conditions::captured;
    /// Conditions, which the compiler's messages name.
    pub mod wanted {
        pub use crate::blocks::backoff::{CanBeABackoff, CanBeAFactor};
        pub use crate::blocks::bulkhead::CanBeABulkhead;
        pub use crate::blocks::choose::IsText;
        pub use crate::blocks::circuit::{CanBeABreaker, CanBeAResetTimeout, CanBeAWindow, IntoResetTimeout};
        pub use crate::blocks::retry::{CanBeABudget, CanBeMaxAttempts};
        pub use crate::blocks::saga::{CanBeClonedForUndo, CanBeKeptForUndo};
        pub use crate::blocks::throttle::CanBeALimiter;
        pub use crate::build::check::wanted::*;
    }
    /// What else the compiler's messages name.
    pub mod shown {
        pub use crate::blocks::circuit::Growing;
        pub use crate::build::conditions::{AFuture, Captured};
        pub use crate::build::plan::Unboxed;
        pub use crate::build::returned::{Gives, PlainOutput, ResultType, plain_output};
        pub use crate::build::scope::{Names, Root};
        #[cfg(feature = "durable")]
        pub use crate::durable::{
            declared::AsJson,
            declared::WrittenAsJson,
            which::{IsDurable, IsKept, IsKeptInline, IsKeptStream},
        };
        pub use crate::leaf::OneRun;
        pub use crate::run::{No as AsksNothing, ToEnd as AsksToEnd, Undurable, Yes as AsksContext};
        pub use crate::task::{Call, Endless, Fallible, Unfailing};
    }
    pub use crate::build::editor;
    pub use crate::build::feed::{Ignores, Uses};
    pub use crate::build::looks::{holds, look};
    pub use crate::build::no_task;
    pub use crate::build::plan::{Plan, begin, pipeline};
    pub use crate::build::scope::{Names, Root};
    pub use crate::build::slot;
    pub use crate::bus::ambient::Ambient;
    pub use crate::context::{Context, Failed};
    pub use crate::error::{BoxError, ErrorKind};
    pub use crate::leaf::{Moved, pinned, probe, result, select};
    pub use crate::pipeline::{Pipeline, Run};
    // What a tool that has a pipeline's text alone makes its graph with.
    pub use crate::blocks::written;
    pub use crate::graph::{Describe, Load, Written};
    pub use crate::node::{Form, Meta, NodeAt, NodeKind, Place, Table};
    pub use crate::run::{Inside, No, Undurable, Yes};
    /// What the expansion of `#[task]` names.
    pub mod task {
        pub use crate::build::returned::*;
        pub use crate::codec::{Codec, Coding};
        pub use crate::task::*;
        /// What the option `durable` names.
        pub mod durable {
            #[cfg(feature = "durable")]
            pub use crate::durable::declared::*;
            #[cfg(not(feature = "durable"))]
            pub use crate::undurable::*;
        }
    }
}
