//! The options of `race`: it has none.

use std::fmt;

use super::policy::{FirstOf, FirstSuccess, Lost};
use crate::blocks::Shell;
use crate::blocks::peers::{Children, Limit, Peers};
use crate::blocks::values::Once;
use crate::build::builder::Builder;
use crate::build::options::ErrorType;
use crate::build::scope::{At, Scope};
use crate::error::Failure;
use crate::node::Meta;
use crate::run::Asks;

/// The options of `race`.
pub struct Options<E> {
    #[doc(hidden)]
    pub error: ErrorType<E>,
}

/// The children run at once, and the first that succeeds gives the output.
///
/// `list` makes one of the nested pairs that the forks of `children` are.
pub fn race<S, In, E, C, F, const N: usize>(
    _builder: &Builder<S, In, E>,
    meta: &'static Meta,
    _options: Options<E>,
    children: C,
    list: F,
) -> Shell<Peers<C, Once<Limit<FirstSuccess>>, FirstOf<F>>>
where
    S: Scope,
    In: Send + 'static,
    E: Failure,
    C: Children<At<S, In>, E, FirstSuccess>,
    F: Fn(C::Outputs) -> [Lost<E>; N] + Send + Sync,
{
    const {
        assert!(
            !<C::Asks as Asks>::TO_END,
            "a `race` drops what is inside it, and a saga that is dropped undoes nothing; put the `race` inside the `saga`"
        );
    }
    Shell::new(meta, Peers::new(children, Once::new(Limit::all()), FirstOf(list)))
}

impl<E> fmt::Debug for Options<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Options")
    }
}
