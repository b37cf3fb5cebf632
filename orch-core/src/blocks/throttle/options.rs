//! The options of `throttle`.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::Limiter;
use super::handle::Toll;
use crate::blocks::Shell;
use crate::blocks::gatekeepers::Gated;
use crate::blocks::gatekeepers::IntoHandle;
use crate::blocks::values::{self, Given, Invalid};
use crate::build::builder::Builder;
use crate::build::options::ErrorType;
use crate::build::scope::{At, Scope};
use crate::error::Failure;
use crate::node::Meta;

/// The options of `throttle`.
pub struct Options<E, G> {
    #[doc(hidden)]
    pub error: ErrorType<E>,
    #[doc(hidden)]
    pub values: G,
}

/// Its values.
#[derive(Debug)]
pub struct Values {
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
    pub limiter: Whose,
}

/// A limiter: one that is shared, or the block's own, which the first run makes. (It is the block's, and not the run's, though the
/// cost may be evaluated for each of them.)
#[derive(Clone, Debug)]
pub enum Whose {
    /// Shared with others.
    Shared(Limiter),
    /// The block's own.
    Own(Arc<OnceLock<Limiter>>),
}

impl values::Values for Values {
    type Checked = Toll;

    fn check(self, _meta: &'static Meta) -> Result<Toll, Invalid> {
        let Values { rate, per, burst, cost, max_wait, limiter } = self;
        Invalid::unless_at_least_one(cost as usize, "cost")?;
        let limiter = match limiter {
            Whose::Shared(limiter) => limiter,
            Whose::Own(own) => {
                let rate = rate.unwrap_or(0);
                Invalid::unless_at_least_one(rate as usize, "rate")?;
                Invalid::unless_longer_than_zero(per, "per")?;
                Invalid::unless_at_least_one(burst as usize, "burst")?;
                let make = || {
                    let builder = Limiter::builder(rate).per(per).burst(burst);
                    match max_wait {
                        Some(max_wait) => builder.max_wait(max_wait).build(),
                        None => builder.build(),
                    }
                };
                own.get_or_init(make).clone()
            }
        };
        Ok(Toll { limiter, cost })
    }
}

/// What an option not given is.
pub mod default {
    use std::sync::Arc;
    use std::time::Duration;

    use super::Whose;

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
    pub fn limiter() -> Whose {
        Whose::Own(Arc::default())
    }
}

/// As [`IntoHandle`], of which the compiler would list the implementations.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a `Limiter`",
    label = "expected a `Limiter` or a reference to one",
    note = "one to share is made with `Limiter::builder(100).build()`; a builder alone is none yet, and a `Keyed` gives one by `get(&key)`"
)]
#[doc(hidden)]
pub trait CanBeALimiter: Sized {
    /// The handle.
    fn given(value: Self) -> Limiter;
}

#[diagnostic::do_not_recommend]
impl<T: IntoHandle<Limiter>> CanBeALimiter for T {
    fn given(value: T) -> Limiter {
        value.into_handle()
    }
}

/// What an option given becomes.
pub mod given {
    use std::time::Duration;

    use super::{Limiter, Whose};

    /// A number.
    pub fn rate((value,): (u32,)) -> Option<u32> {
        Some(value)
    }

    /// A time.
    pub fn per((value,): (Duration,)) -> Duration {
        value
    }

    /// A number.
    pub fn burst((value,): (u32,)) -> u32 {
        value
    }

    /// A number.
    pub fn cost((value,): (u32,)) -> u32 {
        value
    }

    /// A time.
    pub fn max_wait((value,): (Duration,)) -> Option<Duration> {
        Some(value)
    }

    /// A shared limiter.
    pub fn limiter((value,): (Limiter,)) -> Whose {
        Whose::Shared(value)
    }
}

/// A throttle around the body.
pub fn throttle<S, In, E, G, B>(
    _builder: &Builder<S, In, E>,
    meta: &'static Meta,
    options: Options<E, G>,
    _feed: (),
    body: B,
) -> Shell<Gated<B, G>>
where
    S: Scope,
    In: Send + 'static,
    E: Failure,
    G: Given<At<S, In>, Value = Toll>,
{
    Shell::new(meta, Gated::new(body, options.values, meta))
}

impl<E, G> fmt::Debug for Options<E, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Options")
    }
}
