//! The options of `delay`.

use std::fmt;
use std::time::Duration;

use super::Delay;
use crate::blocks::Shell;
use crate::blocks::values::{self, Invalid};
use crate::build::builder::Builder;
use crate::build::options::ErrorType;
use crate::error::Failure;
use crate::node::Meta;

/// The options of `delay`.
pub struct Options<E, G> {
    #[doc(hidden)]
    pub error: ErrorType<E>,
    #[doc(hidden)]
    pub values: G,
}

/// Its values.
#[derive(Debug)]
pub struct Values {
    /// How long it waits; not at all if not given.
    pub by: Duration,
}

impl values::Values for Values {
    type Checked = Duration;

    fn check(self, _meta: &'static Meta) -> Result<Duration, Invalid> {
        Ok(self.by)
    }
}

/// What an option given is, of the expression in the text.
pub mod given {
    use std::time::Duration;

    /// A duration.
    pub fn by((value,): (Duration,)) -> Duration {
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
pub fn delay<S, In, E: Failure, G, B>(
    _builder: &Builder<S, In, E>,
    meta: &'static Meta,
    options: Options<E, G>,
    _feed: (),
    body: B,
) -> Shell<Delay<B, G>> {
    Shell::new(meta, Delay { body, by: options.values, meta })
}

impl<E, G: fmt::Debug> fmt::Debug for Options<E, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("values", &self.values).finish()
    }
}
