//! Failures of peers that come to their end all the same.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use super::OnFailure;
use super::policy::{Ends, Policy};
use crate::error::{Error, Failure};
use crate::panics::discard;

/// After the first failure none starts, and those that run come to their end: what they do can be undone then. The block fails
/// with the first error.
#[derive(Clone, Copy, Debug)]
pub struct Drain;

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

impl<E: Failure> Policy<E> for Drain {
    const DRAINS: bool = true;
    type Kept<T: Send + 'static> = T;
    type End<T: Send + 'static> = Failures<E>;
    type Late<T: Send + 'static> = Option<Failures<E>>;

    #[inline(always)]
    fn keep<T: Send + 'static>(result: Result<T, Error<E>>) -> Result<T, Failures<E>> {
        result.map_err(Failures::one)
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

impl<E: Failure> OnFailure<E> for Drain {
    const DRAINS: bool = true;
    type Kept<T: Send + 'static> = T;
    type Late = Failures<E>;

    #[inline(always)]
    fn keep<T: Send + 'static>(result: Result<T, Error<E>>) -> Result<T, Error<E>> {
        result
    }

    #[inline(always)]
    fn failure<T: Send + 'static>(_kept: &mut T) -> Option<&mut Error<E>> {
        None
    }

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
