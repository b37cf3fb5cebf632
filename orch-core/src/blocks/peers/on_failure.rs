//! What the failure of one of several does to the block around them, and the options that say so.

use std::fmt;
use std::marker::PhantomData;

use super::Policy;
use super::drain::Failures;
use super::policy::Drains;
use crate::blocks::values::Invalid;
use crate::error::{Error, Failure};
use crate::graph::Bound;

/// What the failure of one of several peers does to the block around them.
pub trait OnFailure<E>: Copy + fmt::Debug + Send + Sync + 'static {
    /// Whether those that run come to their end after a failure.
    const DRAINS: Drains = Drains::Never;
    /// What is kept of a peer that gives a `T`.
    type Kept<T: Send + 'static>: Send + 'static;
    /// What has failed, while others come to their end; nothing if they do not.
    type Late: Default + Send;

    /// Keeps a result, or ends the block with its error.
    fn keep<T: Send + 'static>(result: Result<T, Error<E>>) -> Result<Self::Kept<T>, Error<E>>;

    /// The error in what is kept.
    fn failure<T: Send + 'static>(kept: &mut Self::Kept<T>) -> Option<&mut Error<E>>;

    /// Where failures are while others come to their end.
    #[inline(always)]
    fn late(_late: &mut Self::Late) -> Option<&mut Failures<E>> {
        None
    }
}

macro_rules! policy {
    ($($name:ident)*) => {$(
        impl<E: Failure> Policy<E> for $name {
            type Kept<T: Send + 'static> = <Self as OnFailure<E>>::Kept<T>;
            type End<T: Send + 'static> = Error<E>;
            type Late<T: Send + 'static> = ();

            #[inline(always)]
            fn keep<T: Send + 'static>(result: Result<T, Error<E>>) -> Result<<Self as OnFailure<E>>::Kept<T>, Error<E>> {
                <Self as OnFailure<E>>::keep(result)
            }
        }
    )*};
}

policy!(FailFast Settle);

/// How many run at once, and what the failure of one of them does.
#[derive(Debug)]
pub struct Limit<M> {
    pub(in crate::blocks) limit: usize,
    on_failure: PhantomData<fn() -> M>,
}

impl<M> Limit<M> {
    /// All at once.
    pub(in crate::blocks) const fn all() -> Self {
        Limit { limit: usize::MAX, on_failure: PhantomData }
    }

    /// How many there are at once, at most.
    pub(in crate::blocks) fn bound(&self) -> Bound<usize> {
        Some(self.limit).filter(|limit| *limit < usize::MAX).into()
    }

    /// So many, or all.
    pub(in crate::blocks) fn of(limit: Option<usize>) -> Result<Self, Invalid> {
        let limit = limit.unwrap_or(usize::MAX);
        Invalid::unless_at_least_one(limit, "limit")?;
        Ok(Limit { limit, on_failure: PhantomData })
    }
}

/// The first failure ends the block, and its siblings with it.
#[derive(Clone, Copy, Debug)]
pub struct FailFast;

impl<E: Failure> OnFailure<E> for FailFast {
    type Kept<T: Send + 'static> = T;
    type Late = ();

    #[inline(always)]
    fn keep<T: Send + 'static>(result: Result<T, Error<E>>) -> Result<T, Error<E>> {
        result
    }

    #[inline(always)]
    fn failure<T: Send + 'static>(_kept: &mut T) -> Option<&mut Error<E>> {
        None
    }
}

/// A failure is a result like any other.
#[derive(Clone, Copy, Debug)]
pub struct Settle;

impl<E: Failure> OnFailure<E> for Settle {
    type Kept<T: Send + 'static> = Result<T, Error<E>>;
    type Late = ();

    #[inline(always)]
    fn keep<T: Send + 'static>(result: Result<T, Error<E>>) -> Result<Self::Kept<T>, Error<E>> {
        Ok(result)
    }

    fn failure<T: Send + 'static>(kept: &mut Result<T, Error<E>>) -> Option<&mut Error<E>> {
        kept.as_mut().err()
    }
}

/// What an option given becomes.
pub mod given {
    use super::Settle;
    use crate::blocks::peers::drain::Drain;

    /// So many at once.
    pub fn limit((limit,): (usize,)) -> Option<usize> {
        Some(limit)
    }

    /// Every child runs.
    pub fn settle() -> Settle {
        Settle
    }

    /// Every child runs, also if one panics.
    pub fn drain() -> Drain<Settle, true> {
        Drain(Settle)
    }

    /// So it is if one asks for it.
    pub fn drain_if_asked() -> Drain<Settle, false> {
        Drain(Settle)
    }
}

/// What an option not given is.
pub mod default {
    use super::FailFast;
    use crate::blocks::peers::drain::Drain;

    /// All at once.
    pub fn limit() -> Option<usize> {
        None
    }

    /// The first failure ends the block.
    pub fn settle() -> FailFast {
        FailFast
    }

    /// Of children that can be undone: the first failure ends the block when those that run have ended.
    pub fn drain() -> Drain<FailFast, true> {
        Drain(FailFast)
    }

    /// So it is if one asks for it.
    pub fn drain_if_asked() -> Drain<FailFast, false> {
        Drain(FailFast)
    }
}
