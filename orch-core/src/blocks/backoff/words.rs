//! The words that the options `backoff` and `jitter` take, by the names that the macro gives them.

pub use super::delays::{constant, exponential, exponential_by, fibonacci};
pub use super::jitter::{equal, full, none};
