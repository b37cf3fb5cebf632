//! The words that the options take, by the names that the macro gives them.

pub use crate::blocks::backoff::words::{constant, exponential, exponential_by, fibonacci};
