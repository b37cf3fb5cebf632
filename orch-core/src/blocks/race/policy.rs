//! What a race keeps of those who lose, and what it gives.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::blocks::peers::{Finish, Policy};
use crate::error::{Error, Failure};

/// The first success ends the block; failures are kept.
#[derive(Clone, Copy, Debug)]
pub struct FirstSuccess;

/// The failure of one that took part, and when it came.
pub struct Lost<E> {
    when: u64,
    error: Error<E>,
}

impl<E: Failure> Policy<E> for FirstSuccess {
    type Kept<T: Send + 'static> = Lost<E>;
    type End<T: Send + 'static> = T;
    type Late<T: Send + 'static> = ();

    #[inline(always)]
    fn keep<T: Send + 'static>(result: Result<T, Error<E>>) -> Result<Lost<E>, T> {
        match result {
            Ok(out) => Err(out),
            Err(error) => Ok(Lost::now(error)),
        }
    }
}

impl<E> Lost<E> {
    /// A failure after all others so far. Counted in one place for all races: it is the order in one that matters, and
    /// failures are few.
    #[cold]
    fn now(error: Error<E>) -> Self {
        static FAILURES: AtomicU64 = AtomicU64::new(0);
        Lost { when: FAILURES.fetch_add(1, Ordering::Relaxed), error }
    }
}

/// What `race` gives: the first success, or the last error with the others. `F` makes a list of nested pairs.
pub struct FirstOf<F>(pub(super) F);

impl<Kept, T, E, F, const N: usize> Finish<Kept, T, E> for FirstOf<F>
where
    T: Send + 'static,
    E: Failure,
    F: Fn(Kept) -> [Lost<E>; N] + Send + Sync,
{
    type Out = T;

    #[cold]
    fn all(&self, kept: Kept) -> Result<T, Error<E>> {
        let mut lost = Vec::from((self.0)(kept));
        lost.sort_by_key(|lost| lost.when);
        let mut errors = lost.into_iter().map(|lost| lost.error);
        let last = errors.next_back().expect("a race has at least one child");
        Err(last.with_others(errors))
    }

    #[inline(always)]
    fn one(&self, winner: T) -> Result<T, Error<E>> {
        Ok(winner)
    }
}

impl<E> fmt::Debug for Lost<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lost").field("when", &self.when).finish_non_exhaustive()
    }
}

impl<F> fmt::Debug for FirstOf<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FirstOf")
    }
}
