//! The options of `fallback`.

use std::fmt;

use super::{Alternatives, Fallback};
use crate::blocks::Shell;
use crate::blocks::values::Predicate;
use crate::build::builder::Builder;
use crate::build::options::ErrorType;
use crate::build::scope::{At, Scope};
use crate::error::{Error, Failure};
use crate::node::Meta;

/// The options of `fallback`.
pub struct Options<E, W> {
    #[doc(hidden)]
    pub error: ErrorType<E>,
    /// After which errors the next alternative is tried; after all if not given.
    pub when: W,
}

/// What an option not given is.
pub mod default {
    use super::Error;

    /// After every error.
    pub fn when<E>() -> fn(&Error<E>) -> bool {
        |_| true
    }
}

/// The alternatives in order, until one succeeds.
pub fn fallback<S, In, E, C, W>(
    _builder: &Builder<S, In, E>,
    meta: &'static Meta,
    options: Options<E, W>,
    children: C,
) -> Shell<Fallback<C, W>>
where
    S: Scope,
    In: Send + 'static,
    E: Failure,
    C: Alternatives<At<S, In>, E>,
    W: Predicate<S, E>,
{
    Shell::new(meta, Fallback { children, when: options.when })
}

impl<E, W> fmt::Debug for Options<E, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Options")
    }
}
