//! The options of `catch`: none.

use super::Catch;
use crate::blocks::Shell;
use crate::build::builder::Builder;
use crate::build::options::ErrorType;
use crate::error::Failure;
use crate::node::Meta;

/// The options of `catch`.
#[derive(Debug)]
pub struct Options<E: Failure> {
    #[doc(hidden)]
    pub error: ErrorType<E>,
}

/// The body, its panics as errors.
pub fn catch<S, In, E: Failure, B>(
    _builder: &Builder<S, In, E>,
    meta: &'static Meta,
    _options: Options<E>,
    _feed: (),
    body: B,
) -> Shell<Catch<B>> {
    Shell::new(meta, Catch { body, meta })
}
