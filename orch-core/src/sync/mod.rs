//! What threads share is made of these. They are those of `std`, except where a model checker runs the crate's tests and
//! has its own in their place.

#[cfg(all(test, orch_loom))]
mod model;

#[cfg(all(test, orch_loom))]
pub(crate) use model::*;
#[cfg(not(all(test, orch_loom)))]
pub(crate) use plain::*;

#[cfg(not(all(test, orch_loom)))]
mod plain {
    pub(crate) use std::sync::atomic::{AtomicBool, AtomicU64};
    pub(crate) use std::sync::{Arc, Mutex, MutexGuard};

    pub(crate) use atomic_waker::AtomicWaker;

    /// Takes what nobody else has.
    #[inline(always)]
    pub(crate) fn take(word: &mut AtomicU64) -> u64 {
        std::mem::take(word.get_mut())
    }

    /// An `Arc` that was made as one of `std`, which alone can be of a slice.
    #[inline(always)]
    pub(crate) fn share<T: ?Sized>(arc: Arc<T>) -> Arc<T> {
        arc
    }
}
