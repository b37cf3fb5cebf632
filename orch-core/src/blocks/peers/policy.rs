//! What becomes of the results of peers.

use std::any::Any;
use std::fmt;
use std::panic::resume_unwind;

use crate::error::{Error, Failure};
use crate::run::Asks;

/// Whether peers come to their end when one of them has ended the block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drains {
    /// They are dropped.
    Never,
    /// They do if one of them asks for it.
    IfAsked,
    /// They do.
    Always,
}

impl Drains {
    /// Whether they may.
    pub(in crate::blocks) const fn may(self) -> bool {
        !matches!(self, Drains::Never)
    }

    /// Whether they do, where this is what is asked inside.
    pub(in crate::blocks) const fn is<A: Asks>(self) -> bool {
        match self {
            Drains::Never => false,
            Drains::IfAsked => A::TO_END,
            Drains::Always => true,
        }
    }
}

/// What one peer's result does to the block around it: it is kept for when all have ended, or ends the block.
pub trait Policy<E>: Copy + fmt::Debug + Send + Sync + 'static {
    /// Whether those that run come to their end when one has ended the block.
    const DRAINS: Drains = Drains::Never;
    /// What is kept of a peer that gives a `T`.
    type Kept<T: Send + 'static>: Send + 'static;
    /// What ends the block, of a peer that gives a `T`.
    type End<T: Send + 'static>: Send + 'static;
    /// What has ended the block, while others come to their end; nothing if they do not.
    type Late<T: Send + 'static>: Default + Send;

    /// Keeps a result, or ends the block.
    fn keep<T: Send + 'static>(result: Result<T, Error<E>>) -> Result<Self::Kept<T>, Self::End<T>>;

    /// A peer has panicked, where others come to their end.
    fn caught<T: Send + 'static>(payload: Box<dyn Any + Send>) -> Self::End<T> {
        resume_unwind(payload)
    }

    /// What ends the block, if something has before.
    fn join<T: Send + 'static>(end: &mut Option<Self::End<T>>, later: Self::End<T>) {
        *end = Some(later);
    }

    /// Where that is while others come to their end.
    #[inline(always)]
    fn late<T: Send + 'static>(_late: &mut Self::Late<T>) -> Option<&mut Option<Self::End<T>>> {
        None
    }
}

/// What a failure leaves that ends a block of peers.
pub trait Ends<E>: Send + 'static {
    /// The error of the block.
    fn end(self) -> Error<E>;
}

impl<E: Failure> Ends<E> for Error<E> {
    #[inline(always)]
    fn end(self) -> Error<E> {
        self
    }
}

/// What a block of peers gives.
pub trait Finish<Kept, End, E>: Send + Sync {
    /// Its output.
    type Out: Send + 'static;

    /// All have ended, and this was kept of them.
    fn all(&self, kept: Kept) -> Result<Self::Out, Error<E>>;

    /// One has ended the block.
    fn one(&self, end: End) -> Result<Self::Out, Error<E>>;
}
