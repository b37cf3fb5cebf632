//! The options of `circuit`.

use std::fmt;
use std::sync::Arc;

use super::config::Config;
use super::future::Door;
use super::rate::Window;
use super::reset_timeout::ResetTimeout;
use super::{Breaker, BreakerBuilder, Circuit};
use crate::blocks::Shell;
use crate::blocks::values::{self, Invalid};
use crate::build::builder::Builder;
use crate::build::options::ErrorType;
use crate::error::Error;
use crate::node::Meta;

/// The options of `circuit`.
pub struct Options<E, G, I> {
    #[doc(hidden)]
    pub error: ErrorType<E>,
    #[doc(hidden)]
    pub values: G,
    /// Which errors count as a success; none if not given.
    pub ignore: I,
}

/// Its values.
#[derive(Debug)]
pub struct Values {
    /// How many failures in a row open the circuit; 5 if not given, or as many as there may be beside a `failure_rate`.
    pub fail_max: Option<u32>,
    /// The share of failures in the `window` that opens it, above 0 and at most 1; none if not given.
    pub failure_rate: Option<f64>,
    /// What that is the share of: the latest runs, or those of the latest time.
    pub window: Option<Window>,
    /// How many runs have to be in the window; 20 if not given, or all of a window of fewer.
    pub min_calls: Option<u32>,
    /// How long it stays open before a run may probe, and how long a probe's slot is its own, for each time that it opens without having been closed in
    /// between; 60 s if not given.
    pub reset_timeout: ResetTimeout,
    /// How many runs may probe at once while the circuit is half-open; 1 if not given.
    pub probes: u32,
    /// How many probes have to succeed to close it; as many as `probes` if not given.
    pub close_after: Option<u32>,
    /// With this flag runs wait for the probe of a half-open circuit, in order of arrival; without it they are turned
    /// away, unless three probes in a row have been lost.
    pub wait: bool,
    /// A breaker shared with other blocks and pipelines, which brings the settings above with it; one of its
    /// own if not given.
    pub breaker: Option<Breaker>,
}

impl values::Values for Values {
    type Checked = Door;

    fn check(self, meta: &'static Meta) -> Result<Door, Invalid> {
        if let Some(breaker) = self.breaker {
            return Ok(Door { breaker, meta });
        }
        let Values {
            fail_max,
            failure_rate,
            window,
            min_calls,
            reset_timeout,
            probes,
            close_after,
            wait,
            ..
        } = self;
        let builder = BreakerBuilder {
            fail_max,
            failure_rate,
            window,
            min_calls,
            reset_timeout,
            probes,
            close_after,
            wait,
        };
        Ok(Door { breaker: builder.checked()?, meta })
    }
}

/// What an option not given is.
pub mod default {
    use super::{Breaker, Config, Error, ResetTimeout, Window};

    /// Five failures in a row, or none beside a rate.
    pub fn fail_max() -> Option<u32> {
        None
    }

    /// No rate.
    pub fn failure_rate() -> Option<f64> {
        None
    }

    /// No window.
    pub fn window() -> Option<Window> {
        None
    }

    /// Twenty, or a whole window of fewer.
    pub fn min_calls() -> Option<u32> {
        None
    }

    /// A minute.
    pub fn reset_timeout() -> ResetTimeout {
        ResetTimeout::of(Config::DEFAULT.reset_timeout)
    }

    /// One probe.
    pub fn probes() -> u32 {
        Config::DEFAULT.probes
    }

    /// As many as there are probes.
    pub fn close_after() -> Option<u32> {
        None
    }

    /// Runs are turned away while a probe is under way.
    pub fn wait() -> bool {
        Config::DEFAULT.wait
    }

    /// No error is ignored.
    pub fn ignore<E>() -> fn(&Error<E>) -> bool {
        |_| false
    }

    /// A breaker of the block's own.
    pub fn breaker() -> Option<Breaker> {
        None
    }
}

/// What an option given becomes.
pub mod given {
    use super::{Breaker, ResetTimeout, Window};

    /// A number.
    pub fn fail_max((value,): (u32,)) -> Option<u32> {
        Some(value)
    }

    /// A share.
    pub fn failure_rate((value,): (f64,)) -> Option<f64> {
        Some(value)
    }

    /// A number or a time.
    pub fn window((value,): (Window,)) -> Option<Window> {
        Some(value)
    }

    /// A number.
    pub fn min_calls((value,): (u32,)) -> Option<u32> {
        Some(value)
    }

    /// A time, or those of a backoff.
    pub fn reset_timeout((value,): (ResetTimeout,)) -> ResetTimeout {
        value
    }

    /// A number.
    pub fn probes((value,): (u32,)) -> u32 {
        value
    }

    /// A number.
    pub fn close_after((value,): (u32,)) -> Option<u32> {
        Some(value)
    }

    /// Runs wait for the probe.
    pub fn wait() -> bool {
        true
    }

    /// A shared breaker.
    pub fn breaker((value,): (Option<Breaker>,)) -> Option<Breaker> {
        value
    }
}

/// What can be given as `breaker`: a [`Breaker`], a reference to one, or an `Arc` of one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a breaker",
    label = "expected a `Breaker` or a reference to one",
    note = "one to share is made with `Breaker::builder().build()`; a builder alone is none yet, and a `Keyed` gives one by `get(&key)`"
)]
pub trait IntoBreaker {
    /// The handle.
    fn into_breaker(self) -> Option<Breaker>;
}

/// As [`IntoBreaker`], of which the compiler would list the implementations.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a breaker",
    label = "expected a `Breaker` or a reference to one",
    note = "one to share is made with `Breaker::builder().build()`; a builder alone is none yet, and a `Keyed` gives one by `get(&key)`"
)]
#[doc(hidden)]
pub trait CanBeABreaker: Sized {
    /// What it is as the option.
    fn given(value: Self) -> Option<Breaker>;
}

#[diagnostic::do_not_recommend]
impl<T: IntoBreaker> CanBeABreaker for T {
    #[inline(always)]
    fn given(value: T) -> Option<Breaker> {
        value.into_breaker()
    }
}

impl IntoBreaker for Breaker {
    fn into_breaker(self) -> Option<Breaker> {
        Some(self)
    }
}

impl IntoBreaker for &Breaker {
    fn into_breaker(self) -> Option<Breaker> {
        Some(self.clone())
    }
}

/// As a name or a header's `let` of a reference gives it.
impl IntoBreaker for &&Breaker {
    fn into_breaker(self) -> Option<Breaker> {
        Some((**self).clone())
    }
}

impl IntoBreaker for Arc<Breaker> {
    fn into_breaker(self) -> Option<Breaker> {
        Some((*self).clone())
    }
}

impl IntoBreaker for &Arc<Breaker> {
    fn into_breaker(self) -> Option<Breaker> {
        Some((**self).clone())
    }
}

/// A breaker around the body.
pub fn circuit<S, In, E, G, I, B>(
    _builder: &Builder<S, In, E>,
    meta: &'static Meta,
    options: Options<E, G, I>,
    _feed: (),
    body: B,
) -> Shell<Circuit<B, G, I>> {
    Shell::new(meta, Circuit { body, door: options.values, ignore: options.ignore })
}

impl<E, G, I> fmt::Debug for Options<E, G, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Options")
    }
}
