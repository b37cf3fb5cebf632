//! Which of a few children woke themselves while they were polled.
//!
//! They wait with the waker of their block: whoever clones theirs gets that one. But a child that only asks to be polled
//! again, by reference and before it returns, need not send the block round by way of its executor for that.

use std::ptr;
use std::sync::atomic::Ordering;
use std::task::{RawWaker, RawWakerVTable, Waker};

use super::borrowed_waker::BorrowedWaker;
use crate::sync::{self, AtomicU64};

/// Lends wakers to children for as long as their block is polled.
///
/// Aligned as the bits have places, so that the address of one of its bytes tells it and a bit.
#[repr(C, align(64))]
pub(crate) struct InlineWakers<'a> {
    woken: AtomicU64,
    parent: &'a Waker,
}

const BITS: usize = u64::BITS as usize;

const _: () =
    assert!(size_of::<InlineWakers<'static>>() == BITS && align_of::<InlineWakers<'static>>() == BITS);

impl<'a> InlineWakers<'a> {
    #[inline(always)]
    pub(crate) fn new(parent: &'a Waker) -> Self {
        InlineWakers { woken: AtomicU64::new(0), parent }
    }

    /// Takes the bits of the children that woke themselves.
    #[inline(always)]
    pub(crate) fn take(&mut self) -> u64 {
        sync::take(&mut self.woken)
    }

    /// The waker of a child. Children sixty-four apart share a bit.
    #[inline(always)]
    pub(crate) fn waker(&self, child: usize) -> BorrowedWaker<'_> {
        let data = ptr::from_ref(self).wrapping_byte_add(child % BITS).cast::<()>();
        // SAFETY: the functions in the table keep the contract of a waker for data that points into inline wakers that is
        // alive, and a `BorrowedWaker` does not outlive the borrow of this one. It can be used from other threads, as a
        // `&Waker` can, since all that is behind the pointer is `Sync`.
        unsafe { BorrowedWaker::new(data, &TABLE) }
    }
}

/// Whether a waker is one that inline wakers lends.
pub(super) fn lends(waker: &Waker) -> bool {
    ptr::eq(waker.vtable(), &TABLE)
}

static TABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake, drop);

/// The wakers that the data of a waker points into.
///
/// # Safety
///
/// The data is that of a waker made by [`InlineWakers::waker`].
#[inline(always)]
unsafe fn lender_of<'a>(data: *const ()) -> (&'a InlineWakers<'a>, u64) {
    let bit = data.addr() % BITS;
    // SAFETY: the pointer was made from one to the wakers by adding the bit's number of bytes, and the wakers is alive
    // as long as its wakers are.
    (unsafe { &*data.wrapping_byte_sub(bit).cast() }, 1 << bit)
}

unsafe fn clone(data: *const ()) -> RawWaker {
    // SAFETY: the data is that of a waker of inline wakers.
    let (wakers, _) = unsafe { lender_of(data) };
    let waker = std::mem::ManuallyDrop::new(wakers.parent.clone());
    RawWaker::new(waker.data(), waker.vtable())
}

/// Of a waker that is inline there is only the reference, so this is as well what waking by value does.
unsafe fn wake(data: *const ()) {
    // SAFETY: the data is that of a waker of inline wakers.
    let (wakers, bit) = unsafe { lender_of(data) };
    wakers.woken.fetch_or(bit, Ordering::Relaxed);
}

unsafe fn drop(_data: *const ()) {}
