//! Buses to watch runs of async-orch with.
//!
//! This crate is a part of [async-orch](https://docs.rs/async-orch): use it from there, as `async_orch::bus`, and with its features
//! `progress`, `metrics` and `tracing` as the modules of these names.

pub mod kit;
#[cfg(feature = "metrics")]
pub mod metrics;
#[cfg(feature = "progress")]
pub mod progress;
#[cfg(feature = "tracing")]
pub mod tracing;
