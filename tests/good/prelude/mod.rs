//! Modules that have no prelude.

mod pipelines;
mod tasks;
