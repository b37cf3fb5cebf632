//! What becomes of the results of peers.

use std::fmt;

use crate::error::Error;

/// What one peer's result does to the block around it: it is kept for when all have ended, or ends the block.
pub trait Policy<E>: Copy + fmt::Debug + Send + Sync + 'static {
    /// What is kept of a peer that gives a `T`.
    type Kept<T: Send + 'static>: Send + 'static;
    /// What ends the block, of a peer that gives a `T`.
    type End<T: Send + 'static>: Send + 'static;

    /// Keeps a result, or ends the block.
    fn keep<T: Send + 'static>(result: Result<T, Error<E>>) -> Result<Self::Kept<T>, Self::End<T>>;
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
