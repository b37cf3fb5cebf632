//! The options of `timeout`.

use std::fmt;
use std::time::Duration;

use super::Timeout;
use crate::blocks::Shell;
use crate::blocks::values::{self, Invalid};
use crate::build::builder::Builder;
use crate::build::options::ErrorType;
use crate::error::Failure;
use crate::node::Meta;

/// The options of `timeout`.
pub struct Options<E: Failure, G> {
    #[doc(hidden)]
    pub error: ErrorType<E>,
    #[doc(hidden)]
    pub values: G,
}

/// Its values.
#[derive(Debug)]
pub struct Values {
    /// How long the body may take. Written first in the parentheses, without a name.
    pub duration: Duration,
}

impl values::Values for Values {
    type Checked = Duration;

    fn check(self, _meta: &'static Meta) -> Result<Duration, Invalid> {
        Ok(self.duration)
    }

    /// One that is of a run may be what a deadline has left, which is nothing if that is over.
    fn check_once(&self) -> Result<(), Invalid> {
        Invalid::unless_longer_than_zero(self.duration, "duration")
    }
}

/// What an option given is, of the expression in the text.
pub mod given {
    use std::time::Duration;

    /// A duration.
    pub fn duration((value,): (Duration,)) -> Duration {
        value
    }
}

/// The body, for so long and no longer.
pub fn timeout<S, In, E: Failure, G, B>(
    _builder: &Builder<S, In, E>,
    meta: &'static Meta,
    options: Options<E, G>,
    _feed: (),
    body: B,
) -> Shell<Timeout<B, G>> {
    Shell::new(meta, Timeout { body, given: options.values, meta })
}

impl<E: Failure, G: fmt::Debug> fmt::Debug for Options<E, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("values", &self.values).finish_non_exhaustive()
    }
}
