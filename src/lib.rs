//! Statically typed async pipelines: `pipeline!` compiles nested blocks of `#[task]`s into one future.

#![warn(missing_docs)]

pub use orch_core::boxed::BoxPipeline;
pub use orch_core::circuit::{Breaker, BreakerBuilder, BreakerState, CircuitState, LastFailure};
pub use orch_core::error::{BoxError, Error, ErrorKind, Failure, Panicked};
pub use orch_core::event::{
    BlockEvent, Bus, CircuitEvent, DynBus, Event, EventKind, Execution, NoBus, Output, RunId, TaskEvent,
    TaskState,
};
pub use orch_core::graph::{Graph, Node};
pub use orch_core::node::{NodeKind, Origin, Place};
pub use orch_core::pipeline::{Pipeline, Run, run};
pub use orch_core::runtime::{Local, Runtime};
pub use orch_core::task::Task;
pub use orch_macros::{pipeline, task};

/// Where events go: the trait [`Bus`](bus::Bus) and the buses that come with the library.
pub mod bus {
    pub use orch_core::event::{Bus, DynBus, FromFn, NoBus, from_fn};
}

/// All that a module with pipelines usually needs: `use async_orch::prelude::*;`
pub mod prelude {
    pub use crate::{BoxError, BoxPipeline, Bus, Error, ErrorKind, Pipeline, Run, pipeline, task};
}

#[doc(hidden)]
pub use orch_core::__private;
