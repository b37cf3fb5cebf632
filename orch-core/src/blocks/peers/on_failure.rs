//! What the failure of one of several does to the block around them, and the options that say so.

use std::fmt;
use std::marker::PhantomData;

use super::Policy;
use crate::blocks::values::Invalid;
use crate::error::{Error, Failure};

/// What the failure of one of several peers does to the block around them.
pub trait OnFailure<E>: Copy + fmt::Debug + Send + Sync + 'static {
    /// What is kept of a peer that gives a `T`.
    type Kept<T: Send + 'static>: Send + 'static;

    /// Keeps a result, or ends the block with its error.
    fn keep<T: Send + 'static>(result: Result<T, Error<E>>) -> Result<Self::Kept<T>, Error<E>>;

    /// The error in what is kept.
    fn failure<T: Send + 'static>(kept: &mut Self::Kept<T>) -> Option<&mut Error<E>>;
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
