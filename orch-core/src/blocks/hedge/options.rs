//! The options of `hedge`.

use std::fmt;
use std::time::Duration;

use super::Hedge;
use crate::blocks::Shell;
use crate::build::builder::Builder;
use crate::build::feed::Again;
use crate::build::options::{ErrorType, at_least_two, longer_than_zero};
use crate::build::repeat::Repeat;
use crate::build::scope::Scope;
use crate::error::Failure;
use crate::node::Meta;

/// The options of `hedge`.
pub struct Options<E> {
    #[doc(hidden)]
    pub error: ErrorType<E>,
    /// How long the latest attempt may go without an answer before another one starts beside it. Written first in the
    /// parentheses, without a name.
    pub delay: Duration,
    /// How many attempts are made at most, the first included; 2 if not given.
    pub max_attempts: u32,
}

/// What an option not given is.
pub mod default {
    /// Two attempts.
    pub fn max_attempts() -> u32 {
        2
    }
}

/// What an option given is, of the expression in the text.
pub mod given {
    use std::time::Duration;

    /// A duration.
    pub fn delay(value: Duration) -> Duration {
        value
    }

    /// A number.
    pub fn max_attempts(value: u32) -> u32 {
        value
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

/// The body, and again beside it if it takes long.
///
/// # Panics
///
/// If `delay` is zero or `max_attempts` less than two.
#[track_caller]
pub fn hedge<S, In, E: Failure, F, B>(
    _builder: &Builder<S, In, E>,
    meta: &'static Meta,
    options: Options<E>,
    feed: F,
    body: B,
) -> Shell<Hedge<B, F>> {
    let Options { error: _, delay, max_attempts } = options;
    longer_than_zero(delay, "delay", meta);
    at_least_two(max_attempts as usize, "max_attempts", meta);
    Shell::new(meta, Hedge { body, feed, delay, max_attempts })
}

impl<E> fmt::Debug for Options<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("delay", &self.delay)
            .field("max_attempts", &self.max_attempts)
            .finish_non_exhaustive()
    }
}
