//! Durable runs, with the feature `durable`: a run that outlives its process.

pub use orch_core::durable::*;
