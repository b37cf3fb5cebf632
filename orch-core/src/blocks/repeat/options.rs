//! The options of `repeat`.

use std::fmt;
use std::marker::PhantomData;
use std::num::NonZeroU32;
use std::time::Duration;

use super::Repeat;
use super::future::Limits;
use crate::blocks::Shell;
use crate::blocks::backoff::{Backoff, Jitter, Waits};
use crate::blocks::values::{self, Given, Invalid};
use crate::build::builder::Builder;
use crate::build::options::ErrorType;
use crate::build::scope::{At, Scope};
use crate::error::Failure;
use crate::node::Meta;

/// The options of `repeat`.
pub struct Options<E, G> {
    #[doc(hidden)]
    pub error: ErrorType<E>,
    #[doc(hidden)]
    pub values: G,
}

/// Its values.
pub struct Values<Bk, D> {
    /// How many rounds there are at most; without end if not given.
    pub max_rounds: Option<u32>,
    /// The delays between the rounds; none if not given. When they end, so do the rounds.
    pub backoff: Backoff<Bk, D>,
    /// The longest delay, before `jitter`; none if not given.
    pub max_delay: Option<Duration>,
    /// How the delays are spread; not at all if not given.
    pub jitter: Jitter,
}

impl<Bk: Send + Sync, D: Send + Sync> values::Values for Values<Bk, D> {
    type Checked = Limits<Bk, D>;

    fn check(self, _meta: &'static Meta) -> Result<Limits<Bk, D>, Invalid> {
        let Values { max_rounds, backoff, max_delay, jitter } = self;
        if let Some(max_rounds) = max_rounds {
            Invalid::unless_at_least_one(max_rounds as usize, "max_rounds")?;
        }
        let max_rounds = max_rounds.and_then(NonZeroU32::new);
        Ok(Limits { max_rounds, waits: Waits { backoff, max_delay, jitter } })
    }
}

/// What an option not given is.
pub mod default {
    use std::time::Duration;

    use crate::blocks::backoff::{Backoff, Constant, Jitter, constant};

    /// Rounds without end.
    pub fn max_rounds() -> Option<u32> {
        None
    }

    /// No wait.
    pub fn backoff() -> Backoff<Constant, Constant> {
        Backoff::new(constant(Duration::ZERO))
    }

    /// No longest delay.
    pub fn max_delay() -> Option<Duration> {
        None
    }

    /// The delays as they are.
    pub fn jitter() -> Jitter {
        Jitter::None
    }
}

/// What an option given is, of the expression in the text.
pub mod given {
    use std::time::Duration;

    use crate::blocks::backoff::{Backoff, Jitter};

    /// A number.
    pub fn max_rounds((value,): (u32,)) -> Option<u32> {
        Some(value)
    }

    /// A [`backon::BackoffBuilder`], or a word.
    pub fn backoff<B, D>((value,): (Backoff<B, D>,)) -> Backoff<B, D> {
        value
    }

    /// A duration.
    pub fn max_delay((value,): (Duration,)) -> Option<Duration> {
        Some(value)
    }

    /// A [`Jitter`], or a word.
    pub fn jitter((value,): (Jitter,)) -> Jitter {
        value
    }
}

/// The point inside the block.
pub fn enter<S: Scope, In: Send + 'static, E: Failure, U>(
    builder: &Builder<S, In, E>,
    _usage: U,
) -> (Builder<S, In, E>, ()) {
    (*builder, ())
}

/// The body in rounds.
pub fn repeat<S, In, E: Failure, G, Bk, D, B>(
    _builder: &Builder<S, In, E>,
    meta: &'static Meta,
    options: Options<E, G>,
    _feed: (),
    body: B,
) -> Shell<Repeat<B, G, Bk, D>>
where
    S: Scope,
    In: Send + 'static,
    G: Given<At<S, In>, Value = Limits<Bk, D>>,
{
    Shell::new(meta, Repeat { body, meta, given: options.values, limits: PhantomData })
}

impl<E, G> fmt::Debug for Options<E, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Options")
    }
}

impl<Bk, D> fmt::Debug for Values<Bk, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Values")
            .field("max_rounds", &self.max_rounds)
            .field("max_delay", &self.max_delay)
            .field("jitter", &self.jitter)
            .finish_non_exhaustive()
    }
}
