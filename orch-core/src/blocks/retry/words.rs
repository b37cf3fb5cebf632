//! The words that the options take, by the names that the macro gives them.

pub use super::backoff::{constant, exponential, exponential_by, fibonacci};
pub use super::jitter::{equal, full, none};
pub use super::unlimited;
