//! The options of `retry`.

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use super::Retry;
use super::budget::{NoBudget, RetryBudget, Spend};
use super::elapsed::{Limit, MaxElapsed, NoLimit};
use super::policy::{Decide, Policy};
use crate::blocks::Shell;
use crate::blocks::backoff::{Backoff, Jitter, Waits};
use crate::blocks::values::{self, Given, Invalid};
use crate::build::builder::Builder;
use crate::build::feed::Again;
use crate::build::options::ErrorType;
use crate::build::repeat::Repeat;
use crate::build::scope::{At, Scope};
use crate::error::{Error, Failure};
use crate::node::Meta;

/// The options of `retry`.
pub struct Options<E, Gv, W, A> {
    #[doc(hidden)]
    pub error: ErrorType<E>,
    #[doc(hidden)]
    pub values: Gv,
    /// The wait that an error asks for, in place of the delay of the `backoff`; none does if not given.
    pub retry_after: A,
    /// Which of the errors that are retried ([`Error::is_retryable`]) shall be; all if not given.
    pub when: W,
}

/// Its values.
pub struct Values<Bk, D, L, G> {
    /// How many attempts are made at most, the first included, or `unlimited`; 3 if not given.
    pub max_attempts: Attempts,
    /// How long after the block's start further attempts may begin; without end if not given.
    pub max_elapsed: L,
    /// The delays between the attempts; doubling from 100 ms if not given. When they end, so do the attempts.
    pub backoff: Backoff<Bk, D>,
    /// The longest delay, before `jitter`; none if not given.
    pub max_delay: Option<Duration>,
    /// How the delays are spread; `full`, between nothing and the whole delay, if not given.
    pub jitter: Jitter,
    /// With this flag a run that a block turned away, an open circuit for example, is retried too.
    pub rejections: bool,
    /// The budget of further attempts that this block shares with others; none if not given.
    pub budget: G,
}

impl<Bk, D, L, G> values::Values for Values<Bk, D, L, G>
where
    Bk: Send + Sync,
    D: Send + Sync,
    L: Limit,
    G: Spend,
{
    type Checked = Policy<Bk, D, L, G>;

    fn check(self, _meta: &'static Meta) -> Result<Policy<Bk, D, L, G>, Invalid> {
        let Values {
            max_attempts: Attempts(max_attempts),
            max_elapsed,
            backoff,
            max_delay,
            jitter,
            rejections,
            budget,
        } = self;
        if let Some(max_attempts) = max_attempts {
            Invalid::unless_at_least_one(max_attempts as usize, "max_attempts")?;
        }
        max_elapsed.check()?;
        let max_attempts = max_attempts.and_then(NonZeroU32::new);
        let waits = Waits { backoff, max_delay, jitter };
        Ok(Policy { max_attempts, max_elapsed, waits, rejections, budget })
    }
}

/// What an option not given is.
pub mod default {
    use std::time::Duration;

    use super::{Attempts, Error, NoBudget, NoLimit};
    use crate::blocks::backoff::{Backoff, Exponential, Jitter, exponential};

    /// Three attempts.
    pub fn max_attempts() -> Attempts {
        Attempts(Some(3))
    }

    /// However long it takes.
    pub fn max_elapsed() -> NoLimit {
        NoLimit
    }

    /// 100 ms, 200 ms, 400 ms and so on.
    pub fn backoff() -> Backoff<Exponential, Exponential> {
        Backoff::new(exponential(Duration::from_millis(100)))
    }

    /// No longest delay.
    pub fn max_delay() -> Option<Duration> {
        None
    }

    /// Full jitter.
    pub fn jitter() -> Jitter {
        Jitter::Full
    }

    /// No error asks for a wait.
    pub fn retry_after<E>() -> fn(&Error<E>) -> Option<Duration> {
        |_| None
    }

    /// A run that was turned away is not retried.
    pub fn rejections() -> bool {
        false
    }

    /// All that are retried: errors of tasks, timeouts, and panics that were caught.
    pub fn when<E>() -> fn(&Error<E>) -> bool {
        |_| true
    }

    /// No budget.
    pub fn budget() -> NoBudget {
        NoBudget
    }
}

/// What an option given is, of the expression in the text.
pub mod given {
    use std::time::Duration;

    use super::{Attempts, MaxElapsed, RetryBudget};
    use crate::blocks::backoff::{Backoff, Jitter};

    /// A number of type `u32`, or `unlimited`.
    pub fn max_attempts((value,): (Attempts,)) -> Attempts {
        value
    }

    /// A duration.
    pub fn max_elapsed((value,): (Duration,)) -> MaxElapsed {
        MaxElapsed(value)
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

    /// A run that was turned away is retried.
    pub fn rejections() -> bool {
        true
    }

    /// A shared budget.
    pub fn budget((value,): (RetryBudget,)) -> RetryBudget {
        value
    }
}

/// A number of attempts, or no end of them.
///
/// ```
/// use async_orch::retry::{Attempts, IntoAttempts, unlimited};
///
/// fn attempts(patient: bool) -> Attempts {
///     if patient { unlimited() } else { 5.into_attempts() }
/// }
/// # assert_ne!(attempts(true), attempts(false));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Attempts(Option<u32>);

/// The word `unlimited`: attempts without end, until one succeeds, `when` says no, or the delays end.
///
/// ```
/// assert_eq!(format!("{:?}", async_orch::retry::unlimited()), "unlimited");
/// ```
pub const fn unlimited() -> Attempts {
    Attempts(None)
}

/// What can be given as `max_attempts`: a `u32`, a [`NonZeroU32`], [`Attempts`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a number of attempts",
    label = "expected a `u32`, or the word `unlimited`"
)]
pub trait IntoAttempts {
    /// The number, or no end.
    fn into_attempts(self) -> Attempts;
}

/// As [`IntoAttempts`], of which the compiler would list the implementations.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a number of attempts",
    label = "expected a `u32`, or the word `unlimited`"
)]
#[doc(hidden)]
pub trait CanBeMaxAttempts: Sized {
    /// What it is as the option.
    fn given(value: Self) -> Attempts;
}

#[diagnostic::do_not_recommend]
impl<T: IntoAttempts> CanBeMaxAttempts for T {
    #[inline(always)]
    fn given(value: T) -> Attempts {
        value.into_attempts()
    }
}

impl IntoAttempts for u32 {
    fn into_attempts(self) -> Attempts {
        Attempts(Some(self))
    }
}

impl IntoAttempts for NonZeroU32 {
    fn into_attempts(self) -> Attempts {
        Attempts(Some(self.get()))
    }
}

impl IntoAttempts for Attempts {
    fn into_attempts(self) -> Attempts {
        self
    }
}

/// The point inside the block, and how each attempt gets its input.
pub fn enter<S, In, E, U>(
    builder: &Builder<S, In, E>,
    usage: U,
) -> (Builder<S, U::Takes, E>, impl Again<In, Takes = U::Takes> + use<S, In, E, U>)
where
    S: Scope,
    In: Send + 'static,
    E: Failure,
    U: Repeat<S, In, E>,
{
    usage.enter(builder)
}

/// The body, again after it failed.
pub fn retry<S, In, E, Gv, W, A, F, B>(
    _builder: &Builder<S, In, E>,
    meta: &'static Meta,
    options: Options<E, Gv, W, A>,
    feed: F,
    body: B,
) -> Shell<Retry<B, Gv, W, A, F>>
where
    S: Scope,
    In: Send + 'static,
    Gv: Given<At<S, In>, Value: Decide>,
{
    let Options { values, when, retry_after, .. } = options;
    Shell::new(meta, Retry { body, given: values, when, retry_after, feed, meta })
}

impl<E, Gv, W, A> fmt::Debug for Options<E, Gv, W, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Options")
    }
}

impl<Bk, D, L: fmt::Debug, G: fmt::Debug> fmt::Debug for Values<Bk, D, L, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Values")
            .field("max_attempts", &self.max_attempts)
            .field("max_elapsed", &self.max_elapsed)
            .field("max_delay", &self.max_delay)
            .field("jitter", &self.jitter)
            .field("rejections", &self.rejections)
            .field("budget", &self.budget)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(number) => number.fmt(f),
            None => f.write_str("unlimited"),
        }
    }
}
