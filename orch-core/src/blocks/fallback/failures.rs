//! The errors of the alternatives that have failed.

use crate::error::{Error, Failure};
use crate::run::Cx;

/// What has failed so far, in order of time. The first error is kept in place, so that an answer of the second alternative
/// costs no allocation.
pub(super) struct Failures<R: Cx, E: Failure> {
    first: Option<R::Kept<E>>,
    later: Vec<R::Kept<E>>,
    memo: R::Memo,
}

impl<R: Cx, E: Failure> Failures<R, E> {
    pub(super) fn none() -> Self {
        Failures { first: None, later: Vec::new(), memo: R::Memo::default() }
    }

    /// Keeps an error. What is returned comes after it.
    pub(super) fn add(&mut self, cx: R, error: Error<E>) -> R {
        let (cx, kept) = cx.after_kept(&mut self.memo, error);
        if self.first.is_none() {
            self.first = Some(kept);
        } else {
            self.later.push(kept);
        }
        cx
    }

    /// The block's error, with those that came before it.
    pub(super) fn before(&mut self, error: Error<E>) -> Error<E> {
        let Some(first) = self.first.take() else { return error };
        // Nobody is to look back any more.
        self.memo = R::Memo::default();
        let later = std::mem::take(&mut self.later);
        error.with_earlier([first].into_iter().chain(later).map(R::give_back))
    }
}
