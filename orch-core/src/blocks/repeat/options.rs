//! The options of `repeat`.

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use super::Repeat;
use crate::blocks::Shell;
use crate::blocks::backoff::{Backoff, Jitter, Waits};
use crate::build::builder::Builder;
use crate::build::options::{ErrorType, at_least_one};
use crate::build::scope::Scope;
use crate::error::Failure;
use crate::node::Meta;

/// The options of `repeat`.
pub struct Options<E, Bk, D> {
    #[doc(hidden)]
    pub error: ErrorType<E>,
    /// How many rounds there are at most; without end if not given.
    pub max_rounds: Option<u32>,
    /// The delays between the rounds; none if not given. When they end, so do the rounds.
    pub backoff: Backoff<Bk, D>,
    /// The longest delay, before `jitter`; none if not given.
    pub max_delay: Option<Duration>,
    /// How the delays are spread; not at all if not given.
    pub jitter: Jitter,
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

    use crate::blocks::backoff::{Backoff, IntoBackoff, Jitter};

    /// A number.
    pub fn max_rounds(value: u32) -> Option<u32> {
        Some(value)
    }

    /// A [`backon::BackoffBuilder`], or a word.
    pub fn backoff<B: IntoBackoff<D>, D>(value: B) -> Backoff<B, D> {
        Backoff::new(value)
    }

    /// A duration.
    pub fn max_delay(value: Duration) -> Option<Duration> {
        Some(value)
    }

    /// A [`Jitter`], or a word.
    pub fn jitter(value: Jitter) -> Jitter {
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
///
/// # Panics
///
/// If `max_rounds` is zero.
#[track_caller]
pub fn repeat<S, In, E: Failure, Bk, D, B>(
    _builder: &Builder<S, In, E>,
    meta: &'static Meta,
    options: Options<E, Bk, D>,
    _feed: (),
    body: B,
) -> Shell<Repeat<B, Bk, D>> {
    let Options { error: _, max_rounds, backoff, max_delay, jitter } = options;
    if let Some(max_rounds) = max_rounds {
        at_least_one(max_rounds as usize, "max_rounds", meta);
    }
    let max_rounds = max_rounds.and_then(NonZeroU32::new);
    let waits = Waits { backoff, max_delay, jitter };
    Shell::new(meta, Repeat { body, meta, max_rounds, waits })
}

impl<E, Bk, D> fmt::Debug for Options<E, Bk, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("max_rounds", &self.max_rounds)
            .field("max_delay", &self.max_delay)
            .field("jitter", &self.jitter)
            .finish_non_exhaustive()
    }
}
