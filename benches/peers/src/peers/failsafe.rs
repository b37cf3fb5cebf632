//! failsafe: a breaker of consecutive failures, or of a share, around a future.

use std::time::Duration;

use failsafe::futures::CircuitBreaker;
use failsafe::{Config, backoff, failure_policy};

/// A breaker that opens after so many failures in a row, for so long.
pub fn breaker(failures: u32, open: Duration) -> impl CircuitBreaker {
    let policy = failure_policy::consecutive_failures(failures, backoff::constant(open));
    Config::new().failure_policy(policy).build()
}

/// A breaker that opens for so long if of the calls of the latest minute fewer than this share succeed.
pub fn rated(successes: f64, open: Duration) -> impl CircuitBreaker {
    let minute = Duration::from_secs(60);
    let policy =
        failure_policy::success_rate_over_time_window(successes, 20, minute, backoff::constant(open));
    Config::new().failure_policy(policy).build()
}
