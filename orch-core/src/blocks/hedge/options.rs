//! The options of `hedge`.

use std::fmt;
use std::time::Duration;

use super::Hedge;
use crate::blocks::Shell;
use crate::blocks::values::{self, Given, Invalid};
use crate::build::builder::Builder;
use crate::build::feed::Again;
use crate::build::options::ErrorType;
use crate::build::repeat::Repeat;
use crate::build::scope::{At, Scope};
use crate::error::Failure;
use crate::node::Meta;

/// The options of `hedge`.
pub struct Options<E, G> {
    #[doc(hidden)]
    pub error: ErrorType<E>,
    #[doc(hidden)]
    pub values: G,
}

/// Its values.
#[derive(Clone, Copy, Debug)]
pub struct Values {
    /// How long the latest attempt may go without an answer before another one starts beside it. Written first in the
    /// parentheses, without a name.
    pub delay: Duration,
    /// How many attempts are made at most, the first included; 2 if not given.
    pub max_attempts: u32,
}

impl values::Values for Values {
    type Checked = Values;

    fn check(self, _meta: &'static Meta) -> Result<Values, Invalid> {
        Invalid::unless_longer_than_zero(self.delay, "delay")?;
        Invalid::unless(self.max_attempts > 1, "max_attempts", "must be at least 2")?;
        Ok(self)
    }
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
    pub fn delay((value,): (Duration,)) -> Duration {
        value
    }

    /// A number.
    pub fn max_attempts((value,): (u32,)) -> u32 {
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
pub fn hedge<S, In, E, G, F, B>(
    _builder: &Builder<S, In, E>,
    meta: &'static Meta,
    options: Options<E, G>,
    feed: F,
    body: B,
) -> Shell<Hedge<B, G, F>>
where
    S: Scope,
    In: Send + 'static,
    E: Failure,
    G: Given<At<S, In>, Value = Values>,
{
    Shell::new(meta, Hedge { body, feed, given: options.values, meta })
}

impl<E, G: fmt::Debug> fmt::Debug for Options<E, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("values", &self.values).finish_non_exhaustive()
    }
}
