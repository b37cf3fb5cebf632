//! The options of `par`.

use std::fmt;
use std::marker::PhantomData;

use super::{AllOf, Children, Par};
use crate::blocks::peers::Policy;
use crate::error::{Error, Failure};
use crate::node::Meta;
use crate::options::{Of, at_least_one};
use crate::scope::{At, Scope};
use crate::token::Tok;

/// The options of `par`.
pub struct Options<E, M> {
    #[doc(hidden)]
    pub error: Of<E>,
    /// How many children run at once; all if not given.
    pub limit: Option<usize>,
    /// With this flag every child runs, whatever becomes of the others, and the block gives the `Result` of each.
    pub settle: M,
}

/// What an option given becomes.
pub mod given {
    use super::Settle;

    /// So many at once.
    pub fn limit(limit: usize) -> Option<usize> {
        Some(limit)
    }

    /// Every child runs.
    pub fn settle() -> Settle {
        Settle
    }
}

/// What an option not given is.
pub mod default {
    use super::FailFast;

    /// All at once.
    pub fn limit() -> Option<usize> {
        None
    }

    /// The first failure ends the block.
    pub fn settle() -> FailFast {
        FailFast
    }
}

/// What the failure of one of several peers does to the block around them.
pub trait OnFailure<E>: Copy + fmt::Debug + Send + Sync + 'static {
    /// What is kept of a peer that gives a `T`.
    type Kept<T: Send + 'static>: Send + 'static;

    /// Keeps a result, or ends the block with its error.
    fn keep<T: Send + 'static>(result: Result<T, Error<E>>) -> Result<Self::Kept<T>, Error<E>>;
}

macro_rules! policy {
    ($($name:ident)*) => {$(
        impl<E: Failure> Policy<E> for $name {
            type Kept<T: Send + 'static> = <Self as OnFailure<E>>::Kept<T>;
            type End<T: Send + 'static> = Error<E>;

            #[inline(always)]
            fn keep<T: Send + 'static>(result: Result<T, Error<E>>) -> Result<<Self as OnFailure<E>>::Kept<T>, Error<E>> {
                <Self as OnFailure<E>>::keep(result)
            }
        }
    )*};
}

policy!(FailFast Settle);

/// The first failure ends the block, and its siblings with it.
#[derive(Clone, Copy, Debug)]
pub struct FailFast;

impl<E: Failure> OnFailure<E> for FailFast {
    type Kept<T: Send + 'static> = T;

    #[inline(always)]
    fn keep<T: Send + 'static>(result: Result<T, Error<E>>) -> Result<T, Error<E>> {
        result
    }
}

/// A failure is a result like any other.
#[derive(Clone, Copy, Debug)]
pub struct Settle;

impl<E: Failure> OnFailure<E> for Settle {
    type Kept<T: Send + 'static> = Result<T, Error<E>>;

    #[inline(always)]
    fn keep<T: Send + 'static>(result: Result<T, Error<E>>) -> Result<Self::Kept<T>, Error<E>> {
        Ok(result)
    }
}

/// The children run at once, and give a tuple of their outputs.
///
/// `tuple` makes it of the nested pairs that the [`Fork`](super::Fork)s of `children` are.
///
/// # Panics
///
/// If `limit` is zero.
#[track_caller]
pub fn par<S, In, E, M, C, F, Out>(
    _tok: &Tok<S, In, E>,
    meta: &'static Meta,
    options: Options<E, M>,
    children: C,
    tuple: F,
) -> Par<C, M, AllOf<F>>
where
    S: Scope,
    In: Send + 'static,
    E: Failure,
    M: Policy<E>,
    C: Children<At<S, In>, E, M, End = Error<E>>,
    F: Fn(C::Outputs) -> Out + Send + Sync,
    Out: Send + 'static,
{
    let limit = options.limit.unwrap_or(usize::MAX);
    at_least_one(limit, "limit", meta);
    Par { children, limit, policy: PhantomData, finish: AllOf(tuple), meta }
}

impl<E, M: fmt::Debug> fmt::Debug for Options<E, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("limit", &self.limit)
            .field("settle", &self.settle)
            .finish_non_exhaustive()
    }
}
