//! The options of `timeout`.

use std::time::Duration;

use super::Timeout;
use crate::blocks::Shell;
use crate::build::builder::Builder;
use crate::build::options::ErrorType;
use crate::error::Failure;
use crate::node::Meta;

/// The options of `timeout`.
#[derive(Debug)]
pub struct Options<E: Failure> {
    #[doc(hidden)]
    pub error: ErrorType<E>,
    /// How long the body may take. Written first in the parentheses, without a name.
    pub duration: Duration,
}

/// What an option given is, of the expression in the text.
pub mod given {
    use std::time::Duration;

    /// A duration.
    pub fn duration(value: Duration) -> Duration {
        value
    }
}

/// The body, for so long and no longer.
pub fn timeout<S, In, E: Failure, B>(
    _builder: &Builder<S, In, E>,
    meta: &'static Meta,
    options: Options<E>,
    _feed: (),
    body: B,
) -> Shell<Timeout<B>> {
    Shell::new(meta, Timeout { body, duration: options.duration, meta })
}
