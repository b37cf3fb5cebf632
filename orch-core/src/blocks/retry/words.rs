//! The words that the options take, by the names that the macro gives them.

pub use super::unlimited;
pub use crate::blocks::backoff::words::*;
