//! The options of `delay`.

use std::fmt;
use std::time::Duration;

use super::Delay;
use crate::blocks::Shell;
use crate::build::builder::Builder;
use crate::build::options::ErrorType;
use crate::error::Failure;
use crate::node::Meta;

/// The options of `delay`.
pub struct Options<E> {
    #[doc(hidden)]
    pub error: ErrorType<E>,
    /// How long it waits; not at all if not given.
    pub by: Duration,
}

/// What an option given is, of the expression in the text.
pub mod given {
    use std::time::Duration;

    /// A duration.
    pub fn by(value: Duration) -> Duration {
        value
    }
}

/// What an option not given is.
pub mod default {
    use std::time::Duration;

    /// No wait.
    pub fn by() -> Duration {
        Duration::ZERO
    }
}

/// The body, after a wait.
pub fn delay<S, In, E: Failure, B>(
    _builder: &Builder<S, In, E>,
    meta: &'static Meta,
    options: Options<E>,
    _feed: (),
    body: B,
) -> Shell<Delay<B>> {
    Shell::new(meta, Delay { body, by: options.by })
}

impl<E> fmt::Debug for Options<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("by", &self.by).finish()
    }
}
