//! The options of `choose`.

use std::fmt;

use super::{Arms, Choose};
use crate::blocks::Shell;
use crate::build::builder::Builder;
use crate::build::looks::Look;
use crate::build::options::ErrorType;
use crate::build::scope::{At, Scope};
use crate::error::Failure;
use crate::node::Meta;

/// The options of `choose`.
pub struct Options<E, F, V> {
    #[doc(hidden)]
    pub error: ErrorType<E>,
    /// What is looked at, with the arms' patterns: which of them runs. Written first in the parentheses, without a name.
    pub scrutinee: Look<F, V>,
}

/// What an option given is, of the expression in the text.
pub mod given {
    /// A scrutinee, with the arms' patterns.
    pub fn scrutinee<L>(value: L) -> L {
        value
    }
}

/// The arm whose pattern fits.
pub fn choose<S, In, E, F, V, A>(
    _builder: &Builder<S, In, E>,
    meta: &'static Meta,
    options: Options<E, F, V>,
    arms: A,
) -> Shell<Choose<F, V, A>>
where
    S: Scope,
    In: Send + 'static,
    E: Failure,
    A: Arms<At<S, In>, V, E>,
{
    Shell::new(meta, Choose { scrutinee: options.scrutinee, arms })
}

impl<E, F, V> fmt::Debug for Options<E, F, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Options")
    }
}
