//! The options of `par`.

use std::fmt;

use crate::blocks::Shell;
use crate::blocks::peers::{Children, Ends, Finish, Limit, Peers, Policy};
use crate::blocks::values::{self, Given, Invalid};
use crate::build::builder::Builder;
use crate::build::options::ErrorType;
use crate::build::scope::{At, Scope};
use crate::error::{Error, Failure};
use crate::node::Meta;

/// The options of `par`.
pub struct Options<E, G> {
    #[doc(hidden)]
    pub error: ErrorType<E>,
    #[doc(hidden)]
    pub values: G,
}

/// Its values.
#[derive(Debug)]
pub struct Values<M> {
    /// How many children run at once; all if not given.
    pub limit: Option<usize>,
    /// With this flag every child runs, whatever becomes of the others, and the block gives the `Result` of each.
    pub settle: M,
}

impl<M> values::Values for Values<M> {
    type Checked = Limit<M>;

    fn check(self, _meta: &'static Meta) -> Result<Limit<M>, Invalid> {
        Limit::of(self.limit)
    }
}

/// What a `par` gives: a tuple of what is kept, or the error that ended it.
pub struct AllOf<F>(F);

impl<Kept, End, E, F, Out> Finish<Kept, End, E> for AllOf<F>
where
    End: Ends<E>,
    F: Fn(Kept) -> Out + Send + Sync,
    Out: Send + 'static,
{
    type Out = Out;

    #[inline(always)]
    fn all(&self, kept: Kept) -> Result<Out, Error<E>> {
        Ok((self.0)(kept))
    }

    #[inline(always)]
    fn one(&self, end: End) -> Result<Out, Error<E>> {
        Err(end.end())
    }
}

/// The children run at once, and give a tuple of their outputs.
///
/// `tuple` makes it of the nested pairs that the forks of `children` are.
pub fn par<S, In, E, G, M, C, F, Out>(
    _builder: &Builder<S, In, E>,
    meta: &'static Meta,
    options: Options<E, G>,
    children: C,
    tuple: F,
) -> Shell<Peers<C, G, AllOf<F>>>
where
    S: Scope,
    In: Send + 'static,
    E: Failure,
    G: Given<At<S, In>, Value = Limit<M>>,
    M: Policy<E>,
    C: Children<At<S, In>, E, M, End: Ends<E>>,
    F: Fn(C::Outputs) -> Out + Send + Sync,
    Out: Send + 'static,
{
    Shell::new(meta, Peers::new(children, options.values, AllOf(tuple)))
}

impl<E, G> fmt::Debug for Options<E, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Options")
    }
}

impl<F> fmt::Debug for AllOf<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AllOf")
    }
}
