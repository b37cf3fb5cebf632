//! Failures of peers that come to their end all the same.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use super::OnFailure;
use super::policy::{Drains, Ends, Policy};
use crate::error::{Error, Failure};
use crate::panics::discard;

/// Peers that can be undone: what runs when one has failed comes to its end, and none starts. The block fails with the first
/// error. Whether a failure of theirs is one of the block is said by `M`.
///
/// Without `ALWAYS` it is so only if a step inside asks to come to its end, which a pipeline from elsewhere does not show.
#[derive(Clone, Copy, Debug)]
pub struct Drain<M, const ALWAYS: bool>(pub(super) M);

/// What has failed, in order of time.
pub struct Failures<E> {
    errors: Vec<Error<E>>,
    /// A panic goes on when all have ended.
    panic: Option<Box<dyn Any + Send>>,
}

impl<E> Failures<E> {
    fn one(error: Error<E>) -> Self {
        Failures { errors: vec![error], ..Failures::default() }
    }

    fn caught(payload: Box<dyn Any + Send>) -> Self {
        Failures { panic: Some(payload), ..Failures::default() }
    }

    pub(in crate::blocks) fn is_empty(&self) -> bool {
        self.errors.is_empty() && self.panic.is_none()
    }

    /// One more.
    #[cold]
    pub(in crate::blocks) fn add(&mut self, error: Error<E>) {
        self.errors.push(error);
    }

    /// One more panic. Of several, the first goes on.
    #[cold]
    pub(in crate::blocks) fn add_panic(&mut self, payload: Box<dyn Any + Send>) {
        match &self.panic {
            None => self.panic = Some(payload),
            Some(_) => discard(payload),
        }
    }

    fn join(&mut self, later: Failures<E>) {
        self.errors.extend(later.errors);
        if let Some(payload) = later.panic {
            self.add_panic(payload);
        }
    }

    /// The error of the block, when all have ended; or the panic goes on.
    #[cold]
    pub(in crate::blocks) fn end(self) -> Error<E> {
        if let Some(payload) = self.panic {
            resume_unwind(payload);
        }
        let mut errors = self.errors.into_iter();
        let first = errors.next().expect("something has failed");
        if errors.len() == 0 { first } else { first.with_others(errors) }
    }
}

/// Polls, or starts, one that comes to its end. A panic is kept.
pub(crate) fn until_end<T>(poll: impl FnOnce() -> T) -> Result<T, Box<dyn Any + Send>> {
    // What it has broken is dropped, or is the steps' own.
    catch_unwind(AssertUnwindSafe(poll))
}

impl<E: Failure, M: OnFailure<E>, const ALWAYS: bool> Policy<E> for Drain<M, ALWAYS> {
    const DRAINS: Drains = if ALWAYS { Drains::Always } else { Drains::IfAsked };
    type Kept<T: Send + 'static> = M::Kept<T>;
    type End<T: Send + 'static> = Failures<E>;
    type Late<T: Send + 'static> = Option<Failures<E>>;

    #[inline(always)]
    fn keep<T: Send + 'static>(result: Result<T, Error<E>>) -> Result<M::Kept<T>, Failures<E>> {
        M::keep(result).map_err(Failures::one)
    }

    fn caught<T: Send + 'static>(payload: Box<dyn Any + Send>) -> Failures<E> {
        Failures::caught(payload)
    }

    fn join<T: Send + 'static>(end: &mut Option<Failures<E>>, later: Failures<E>) {
        match end {
            None => *end = Some(later),
            Some(end) => end.join(later),
        }
    }

    fn late<T: Send + 'static>(late: &mut Option<Failures<E>>) -> Option<&mut Option<Failures<E>>> {
        Some(late)
    }
}

impl<E: Failure, M: OnFailure<E>, const ALWAYS: bool> OnFailure<E> for Drain<M, ALWAYS> {
    const DRAINS: Drains = if ALWAYS { Drains::Always } else { Drains::IfAsked };
    type Kept<T: Send + 'static> = M::Kept<T>;
    type Late = Failures<E>;

    #[inline(always)]
    fn keep<T: Send + 'static>(result: Result<T, Error<E>>) -> Result<M::Kept<T>, Error<E>> {
        M::keep(result)
    }

    #[inline(always)]
    fn failure<T: Send + 'static>(kept: &mut M::Kept<T>) -> Option<&mut Error<E>> {
        M::failure(kept)
    }

    #[inline(always)]
    fn late(late: &mut Failures<E>) -> Option<&mut Failures<E>> {
        Some(late)
    }
}

impl<E: Failure> Ends<E> for Failures<E> {
    fn end(self) -> Error<E> {
        Failures::end(self)
    }
}

impl<E> Default for Failures<E> {
    fn default() -> Self {
        Failures { errors: Vec::new(), panic: None }
    }
}

impl<E> fmt::Debug for Failures<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failures")
            .field("errors", &self.errors.len())
            .field("panic", &self.panic.is_some())
            .finish()
    }
}
