//! Which of a few children woke themselves while they were polled.
//!
//! They wait with the waker of their block: whoever clones theirs gets that one. But a child that only asks to be polled
//! again, by reference and before it returns, need not send the block round by way of its executor for that.

use std::ptr;
use std::sync::atomic::Ordering;
use std::task::{RawWaker, RawWakerVTable, Waker};

use super::lent::Lent;
use crate::sync::{self, AtomicU64};

/// Lends wakers to children for as long as their block is polled.
///
/// Aligned as the bits have places, so that the address of one of its bytes tells it and a bit.
#[repr(C, align(64))]
pub(crate) struct Lender<'a> {
    woken: AtomicU64,
    parent: &'a Waker,
}

const BITS: usize = u64::BITS as usize;

const _: () = assert!(size_of::<Lender<'static>>() == BITS && align_of::<Lender<'static>>() == BITS);

impl<'a> Lender<'a> {
    #[inline(always)]
    pub(crate) fn new(parent: &'a Waker) -> Self {
        Lender { woken: AtomicU64::new(0), parent }
    }

    /// Takes the bits of the children that woke themselves.
    #[inline(always)]
    pub(crate) fn take(&mut self) -> u64 {
        sync::take(&mut self.woken)
    }

    /// The waker of a child. Children sixty-four apart share a bit.
    #[inline(always)]
    pub(crate) fn waker(&self, child: usize) -> Lent<'_> {
        let data = ptr::from_ref(self).wrapping_byte_add(child % BITS).cast::<()>();
        // SAFETY: the functions in the table keep the contract of a waker for data that points into a lender that is
        // alive, and a `Lent` does not outlive the borrow of this one. It can be used from other threads, as a
        // `&Waker` can, since all that is behind the pointer is `Sync`.
        unsafe { Lent::new(data, &TABLE) }
    }
}

/// Whether a waker is one that a lender lends.
pub(super) fn lends(waker: &Waker) -> bool {
    ptr::eq(waker.vtable(), &TABLE)
}

static TABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake, drop);

/// The lender that the data of a waker points into.
///
/// # Safety
///
/// The data is that of a waker made by [`Lender::waker`].
#[inline(always)]
unsafe fn lender_of<'a>(data: *const ()) -> (&'a Lender<'a>, u64) {
    let bit = data.addr() % BITS;
    // SAFETY: the pointer was made from one to the lender by adding the bit's number of bytes, and the lender is alive
    // as long as its wakers are.
    (unsafe { &*data.wrapping_byte_sub(bit).cast() }, 1 << bit)
}

unsafe fn clone(data: *const ()) -> RawWaker {
    // SAFETY: the data is that of a waker of a lender.
    let (lender, _) = unsafe { lender_of(data) };
    let waker = std::mem::ManuallyDrop::new(lender.parent.clone());
    RawWaker::new(waker.data(), waker.vtable())
}

/// Of a waker that is lent there is only the reference, so this is as well what waking by value does.
unsafe fn wake(data: *const ()) {
    // SAFETY: the data is that of a waker of a lender.
    let (lender, bit) = unsafe { lender_of(data) };
    lender.woken.fetch_or(bit, Ordering::Relaxed);
}

unsafe fn drop(_data: *const ()) {}
