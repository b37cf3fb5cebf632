//! The options of `throttle`.

use std::fmt;
use std::time::Duration;

use super::Limiter;
use super::handle::Toll;
use crate::blocks::Shell;
use crate::blocks::gatekeepers::Gated;
use crate::build::builder::Builder;
use crate::build::options::{ErrorType, at_least_one, longer_than_zero};
use crate::error::Failure;
use crate::node::Meta;

/// The options of `throttle`.
pub struct Options<E> {
    #[doc(hidden)]
    pub error: ErrorType<E>,
    /// How many tokens come per time. Given, unless there is a shared limiter.
    pub rate: Option<u32>,
    /// The time in which they come; a second if not given.
    pub per: Duration,
    /// How many tokens there are at most; 1 if not given.
    pub burst: u32,
    /// How many of them a run takes; 1 if not given.
    pub cost: u32,
    /// How long a run waits at most; for ever if not given.
    pub max_wait: Option<Duration>,
    /// A limiter shared with other blocks and pipelines, which brings the settings above with it but for `cost`; one of its own
    /// if not given.
    pub limiter: Option<Limiter>,
}

/// What an option not given is.
pub mod default {
    use std::time::Duration;

    use super::Limiter;

    /// That of the shared one.
    pub fn rate() -> Option<u32> {
        None
    }

    /// A second.
    pub fn per() -> Duration {
        Duration::from_secs(1)
    }

    /// One token.
    pub fn burst() -> u32 {
        1
    }

    /// One token.
    pub fn cost() -> u32 {
        1
    }

    /// For ever.
    pub fn max_wait() -> Option<Duration> {
        None
    }

    /// One of the block's own.
    pub fn limiter() -> Option<Limiter> {
        None
    }
}

/// What an option given becomes.
pub mod given {
    use std::time::Duration;

    use super::Limiter;
    use crate::blocks::gatekeepers::IntoHandle;

    /// A number.
    pub fn rate(value: u32) -> Option<u32> {
        Some(value)
    }

    /// A time.
    pub fn per(value: Duration) -> Duration {
        value
    }

    /// A number.
    pub fn burst(value: u32) -> u32 {
        value
    }

    /// A number.
    pub fn cost(value: u32) -> u32 {
        value
    }

    /// A time.
    pub fn max_wait(value: Duration) -> Option<Duration> {
        Some(value)
    }

    /// A shared limiter.
    pub fn limiter(value: impl IntoHandle<Limiter>) -> Option<Limiter> {
        Some(value.into_handle())
    }
}

/// A throttle around the body.
///
/// # Panics
///
/// If `rate`, `per`, `burst` or `cost` is zero.
#[track_caller]
pub fn throttle<S, In, E: Failure, B>(
    _builder: &Builder<S, In, E>,
    meta: &'static Meta,
    options: Options<E>,
    _feed: (),
    body: B,
) -> Shell<Gated<B, Toll>> {
    let Options { rate, per, burst, cost, max_wait, limiter, .. } = options;
    at_least_one(cost as usize, "cost", meta);
    let limiter = if let Some(limiter) = limiter {
        limiter
    } else {
        let rate = rate.unwrap_or(0);
        at_least_one(rate as usize, "rate", meta);
        longer_than_zero(per, "per", meta);
        at_least_one(burst as usize, "burst", meta);
        let builder = Limiter::builder(rate).per(per).burst(burst);
        match max_wait {
            Some(max_wait) => builder.max_wait(max_wait).build(),
            None => builder.build(),
        }
    };
    Shell::new(meta, Gated::new(body, Toll { limiter, cost }, meta))
}

impl<E> fmt::Debug for Options<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("rate", &self.rate)
            .field("per", &self.per)
            .field("burst", &self.burst)
            .field("cost", &self.cost)
            .field("max_wait", &self.max_wait)
            .field("limiter", &self.limiter)
            .finish_non_exhaustive()
    }
}
