//! A waker for the time of a poll.

use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::task::{RawWakerVTable, Waker};

/// A waker for the time of a poll: it owns nothing, so making it costs nothing.
pub(crate) struct BorrowedWaker<'a> {
    waker: ManuallyDrop<Waker>,
    wakers: PhantomData<&'a ()>,
}

impl BorrowedWaker<'_> {
    /// A waker of `data` and the functions in `table`.
    ///
    /// # Safety
    ///
    /// They keep the contract of a waker for this data until the lifetime ends, without one of them being `wake` or
    /// `drop`; and what the one for `clone` makes is a waker of its own.
    #[inline(always)]
    pub(super) unsafe fn new(data: *const (), table: &'static RawWakerVTable) -> Self {
        // SAFETY: the caller's promise. `wake` and `drop` are not called: the waker is never given away.
        BorrowedWaker { waker: ManuallyDrop::new(unsafe { Waker::new(data, table) }), wakers: PhantomData }
    }
}

impl Deref for BorrowedWaker<'_> {
    type Target = Waker;

    #[inline(always)]
    fn deref(&self) -> &Waker {
        &self.waker
    }
}
