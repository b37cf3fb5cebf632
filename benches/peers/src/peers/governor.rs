//! governor: a limiter that is asked for a cell, and waits for it.

use std::num::NonZeroU32;

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

use crate::shapes::tasks::{Failed, step};

/// One that lets a thousand millions through in a second, or at once.
pub fn limiter() -> DefaultDirectRateLimiter {
    RateLimiter::direct(Quota::per_second(NonZeroU32::new(1_000_000_000).expect("more than none")))
}

/// A step when there is a cell.
pub async fn throttle_free(limiter: &DefaultDirectRateLimiter, x: u64) -> Result<u64, Failed> {
    limiter.until_ready().await;
    step(x).await
}
