//! How many further attempts the runs that share a budget may make.
//!
//! A bucket of tokens: a first attempt adds a part of one, time adds a few a second, a further attempt takes one.

pub(super) mod asks;
mod bucket;
mod handle;
#[cfg(all(test, orch_loom))]
mod loom;
mod spend;
#[cfg(test)]
mod tests;

pub use handle::{RetryBudget, RetryBudgetBuilder};
pub use spend::CanBeABudget;
pub(super) use spend::{NoBudget, Spend};
