//! failsafe: a breaker of consecutive failures around a future.

use std::time::Duration;

use failsafe::futures::CircuitBreaker;
use failsafe::{Config, backoff, failure_policy};

/// A breaker that opens after so many failures in a row, for so long.
pub fn breaker(failures: u32, open: Duration) -> impl CircuitBreaker {
    let policy = failure_policy::consecutive_failures(failures, backoff::constant(open));
    Config::new().failure_policy(policy).build()
}
