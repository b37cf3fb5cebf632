//! The options of `par`.

use std::fmt;

use crate::blocks::Shell;
use crate::blocks::peers::{Children, Ends, Finish, Peers, Policy};
use crate::build::builder::Builder;
use crate::build::options::{ErrorType, at_least_one};
use crate::build::scope::{At, Scope};
use crate::error::{Error, Failure};
use crate::node::Meta;

/// The options of `par`.
pub struct Options<E, M> {
    #[doc(hidden)]
    pub error: ErrorType<E>,
    /// How many children run at once; all if not given.
    pub limit: Option<usize>,
    /// With this flag every child runs, whatever becomes of the others, and the block gives the `Result` of each.
    pub settle: M,
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
///
/// # Panics
///
/// If `limit` is zero.
#[track_caller]
pub fn par<S, In, E, M, C, F, Out>(
    _builder: &Builder<S, In, E>,
    meta: &'static Meta,
    options: Options<E, M>,
    children: C,
    tuple: F,
) -> Shell<Peers<C, M, AllOf<F>>>
where
    S: Scope,
    In: Send + 'static,
    E: Failure,
    M: Policy<E>,
    C: Children<At<S, In>, E, M, End: Ends<E>>,
    F: Fn(C::Outputs) -> Out + Send + Sync,
    Out: Send + 'static,
{
    let limit = options.limit.unwrap_or(usize::MAX);
    at_least_one(limit, "limit", meta);
    Shell::new(meta, Peers::new(children, limit, AllOf(tuple)))
}

impl<E, M: fmt::Debug> fmt::Debug for Options<E, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("limit", &self.limit)
            .field("settle", &self.settle)
            .finish_non_exhaustive()
    }
}

impl<F> fmt::Debug for AllOf<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AllOf")
    }
}
