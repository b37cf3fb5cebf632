//! The options of `circuit`.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::future::Door;
use super::state::Config;
use super::{Breaker, Circuit};
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
    /// How many failures in a row open the circuit; 5 if not given.
    pub fail_max: u32,
    /// How long it stays open before a run may probe, and how long a probe's slot is its own; 60 s if not given.
    pub reset_timeout: Duration,
    /// How many runs may probe at once while the circuit is half-open, and how many of them have to succeed to
    /// close it; 1 if not given.
    pub probes: u32,
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
        Invalid::unless_at_least_one(self.fail_max as usize, "fail_max")?;
        Invalid::unless_at_least_one(self.probes as usize, "probes")?;
        Invalid::unless_longer_than_zero(self.reset_timeout, "reset_timeout")?;
        let breaker = Breaker::builder()
            .fail_max(self.fail_max)
            .reset_timeout(self.reset_timeout)
            .probes(self.probes)
            .wait(self.wait)
            .build();
        Ok(Door { breaker, meta })
    }
}

/// What an option not given is.
pub mod default {
    use std::time::Duration;

    use super::{Breaker, Config, Error};

    /// Five failures in a row.
    pub fn fail_max() -> u32 {
        Config::DEFAULT.fail_max
    }

    /// A minute.
    pub fn reset_timeout() -> Duration {
        Config::DEFAULT.reset_timeout
    }

    /// One probe.
    pub fn probes() -> u32 {
        Config::DEFAULT.probes
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
    use std::time::Duration;

    use super::{Breaker, IntoBreaker};

    /// A number.
    pub fn fail_max(value: u32) -> u32 {
        value
    }

    /// A time.
    pub fn reset_timeout(value: Duration) -> Duration {
        value
    }

    /// A number.
    pub fn probes(value: u32) -> u32 {
        value
    }

    /// Runs wait for the probe.
    pub fn wait() -> bool {
        true
    }

    /// A shared breaker.
    pub fn breaker(value: impl IntoBreaker) -> Option<Breaker> {
        value.into_breaker()
    }
}

/// What can be given as `breaker`: a [`Breaker`], a reference to one, or an `Arc` of one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a breaker",
    label = "expected a `Breaker` or a reference to one",
    note = "a breaker to share is made with `Breaker::builder()`"
)]
pub trait IntoBreaker {
    /// The handle.
    fn into_breaker(self) -> Option<Breaker>;
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
