//! backon: a retry around a function.

use std::hint::black_box;

use backon::{ExponentialBuilder, Retryable};

use crate::shapes::tasks::{Failed, step};

/// A step that a retry runs once.
pub async fn retry_first_try() -> Result<u64, Failed> {
    (|| step(black_box(1))).retry(ExponentialBuilder::default()).sleep(tokio::time::sleep).await
}
