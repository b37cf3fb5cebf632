//! Buses to watch runs of async-orch with.
//!
//! This crate is a part of [async-orch](https://docs.rs/async-orch): use it from there, as `async_orch::bus`.

pub mod kit;
