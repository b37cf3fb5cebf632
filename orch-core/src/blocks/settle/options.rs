//! The options of `settle`: it has none.

use std::fmt;

use super::Settle;
use crate::blocks::Shell;
use crate::build::builder::Builder;
use crate::build::options::ErrorType;
use crate::error::Failure;
use crate::node::Meta;

/// The options of `settle`.
pub struct Options<E> {
    #[doc(hidden)]
    pub error: ErrorType<E>,
}

/// The body's `Result` as a value, which is always there.
pub fn settle<S, In, E: Failure, B>(
    _builder: &Builder<S, In, E>,
    meta: &'static Meta,
    _options: Options<E>,
    _feed: (),
    body: B,
) -> Shell<Settle<B>> {
    Shell::new(meta, Settle { body })
}

impl<E> fmt::Debug for Options<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Options")
    }
}
