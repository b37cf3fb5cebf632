//! Which of many children were woken.
//!
//! Children stand in groups of sixty-four, groups in chunks of at most as many, and chunks behind one top. A waker
//! sets the bit of its child in the word of the group; who sets the first bit of a group marks the group in the word
//! of its chunk, who marks the first group marks the chunk at the top, and who marks the first chunk wakes the
//! parent. So a wake costs the same among ten children or a hundred thousand, and the parent is woken once however
//! many of them are. Levels with one entry are left out: up to sixty-four children are one word.
//!
//! The words, not the children, are shared with the wakers. What a child was is gone with its block, while its wakers
//! live on and set bits that nobody reads.

use std::fmt;
use std::mem::offset_of;
use std::ptr;
use std::sync::atomic::Ordering;
use std::task::{RawWaker, RawWakerVTable, Waker};

use super::borrowed_waker::BorrowedWaker;
use crate::sync::{self, Arc, AtomicBool, AtomicU64, AtomicWaker};

/// Sixty-four children.
///
/// As many bytes long and aligned as it has children: the address of byte `n` of a group tells both the group and
/// child `n` of it, and is what the waker of the child holds. The bytes of the groups of a chunk are, one after the
/// other, its children.
#[repr(C, align(64))]
struct Group {
    woken: AtomicU64,
    /// Its number in its chunk.
    place: usize,
}

const CHILDREN: usize = size_of::<Group>();
const GROUPS: usize = 64;

const _: () = assert!(CHILDREN == u64::BITS as usize && align_of::<Group>() == CHILDREN);

/// Up to sixty-four groups.
///
/// `repr(C)`, so that what stands before the groups is the same for every number of them.
#[repr(C)]
struct Chunk<G: ?Sized = [Group]> {
    len: usize,
    /// The groups with woken children, if there are several groups.
    woken: AtomicU64,
    top: Top,
    groups: G,
}

/// What is above a chunk.
enum Top {
    Alone(ParentWaker),
    Among { top: Arc<ParentWaker>, bit: u64 },
}

/// Where the wakes of all children come together.
pub(crate) struct ParentWaker {
    /// The chunks with woken children, if there are several. From the sixty-fifth on, chunks share bits.
    woken: AtomicU64,
    /// Whether the parent is looking for woken children itself, and need not be woken.
    polling: AtomicBool,
    parent: AtomicWaker,
}

/// The block's own end of a chunk.
pub(crate) struct WakeSet(Arc<Chunk>);

impl ParentWaker {
    /// A top for several chunks.
    pub(crate) fn shared() -> Arc<ParentWaker> {
        Arc::new(ParentWaker::new())
    }

    fn new() -> Self {
        ParentWaker { woken: AtomicU64::new(0), polling: AtomicBool::new(true), parent: AtomicWaker::new() }
    }

    /// Takes the marks of chunks with woken children.
    pub(crate) fn take(&self) -> u64 {
        self.woken.swap(0, Ordering::SeqCst)
    }

    /// Whether a chunk has woken children.
    pub(crate) fn is_marked(&self) -> bool {
        self.woken.load(Ordering::SeqCst) != 0
    }

    /// The parent is polled, and looks for woken children itself.
    #[inline]
    pub(crate) fn enter(&self) {
        // Late is no harm: the parent is woken once too often.
        self.polling.store(true, Ordering::Relaxed);
    }

    /// The parent has found no woken child. True if there is still none and it will be woken by the next.
    #[inline]
    pub(crate) fn leave(&self, parent: &Waker, is_marked: impl FnOnce() -> bool) -> bool {
        self.parent.register(parent);
        // Either a waker that marks now sees that nobody polls any more, or we see its mark: all four operations are
        // sequentially consistent.
        self.polling.store(false, Ordering::SeqCst);
        if is_marked() {
            self.enter();
            return false;
        }
        true
    }

    /// The parent is gone.
    fn close(&self) {
        self.enter();
        self.parent.take();
    }

    #[inline]
    fn wake(&self) {
        if !self.polling.load(Ordering::SeqCst) {
            self.parent.wake();
        }
    }
}

impl Chunk {
    fn parent(&self) -> &ParentWaker {
        match &self.top {
            Top::Alone(top) => top,
            Top::Among { top, .. } => top,
        }
    }

    /// A group has its first woken child.
    #[inline]
    fn mark(&self, place: usize) {
        if self.len > 1 && self.woken.fetch_or(1 << place, Ordering::SeqCst) != 0 {
            return;
        }
        match &self.top {
            Top::Alone(top) => top.wake(),
            Top::Among { top, bit } => {
                if top.woken.fetch_or(*bit, Ordering::SeqCst) == 0 {
                    top.wake();
                }
            }
        }
    }
}

impl WakeSet {
    /// The most children that one chunk has room for.
    pub(crate) const MOST: usize = GROUPS * CHILDREN;

    /// A chunk for all the children there are.
    ///
    /// # Panics
    ///
    /// If there are more than fit.
    pub(crate) fn alone(children: usize) -> Self {
        WakeSet::new(children, Top::Alone(ParentWaker::new()))
    }

    /// Chunk `index` of several.
    pub(crate) fn among(top: &Arc<ParentWaker>, index: usize, children: usize) -> Self {
        WakeSet::new(children, Top::Among { top: top.clone(), bit: 1 << (index % 64) })
    }

    fn new(children: usize, top: Top) -> Self {
        fn chunk<const LEN: usize>(top: Top) -> std::sync::Arc<Chunk> {
            std::sync::Arc::new(Chunk {
                len: LEN,
                woken: AtomicU64::new(0),
                top,
                groups: std::array::from_fn::<_, LEN, _>(|place| Group { woken: AtomicU64::new(0), place }),
            })
        }
        WakeSet(sync::share(match children.div_ceil(CHILDREN) {
            0..=1 => chunk::<1>(top),
            2 => chunk::<2>(top),
            3..=4 => chunk::<4>(top),
            5..=8 => chunk::<8>(top),
            9..=16 => chunk::<16>(top),
            17..=32 => chunk::<32>(top),
            33..=GROUPS => chunk::<GROUPS>(top),
            _ => panic!("at most {} children stand in a chunk, not {children}", WakeSet::MOST),
        }))
    }

    /// What its children wake.
    #[inline]
    pub(crate) fn parent(&self) -> &ParentWaker {
        self.0.parent()
    }

    /// Whether a group has woken children.
    #[inline]
    pub(crate) fn is_marked(&self) -> bool {
        let word = if self.0.len > 1 { &self.0.woken } else { &self.0.groups[0].woken };
        word.load(Ordering::SeqCst) != 0
    }

    /// Takes the marks of groups with woken children.
    #[inline]
    pub(crate) fn take_groups(&self) -> u64 {
        if self.0.len > 1 { self.0.woken.swap(0, Ordering::SeqCst) } else { 1 }
    }

    /// Takes the woken children of a group.
    #[inline]
    pub(crate) fn take(&self, group: usize) -> u64 {
        self.0.groups[group].woken.swap(0, Ordering::SeqCst)
    }

    /// Takes the woken children of a group from one of them on. What is marked stays so, and says too much from then on.
    pub(crate) fn take_from(&self, group: usize, child: usize) -> u64 {
        let taken = u64::MAX << child;
        self.0.groups[group].woken.fetch_and(!taken, Ordering::SeqCst) & taken
    }

    /// Gives woken children of a group back that were taken.
    pub(crate) fn put_back(&self, group: usize, woken: u64) {
        if woken != 0 && self.0.groups[group].woken.fetch_or(woken, Ordering::SeqCst) == 0 {
            self.0.mark(group);
        }
    }

    /// The first woken child from `from` on. It stays woken.
    pub(crate) fn first(&self, from: usize) -> Option<usize> {
        (from / CHILDREN..self.0.len).find_map(|group| {
            let before = from.saturating_sub(group * CHILDREN);
            let woken = self.0.groups[group].woken.load(Ordering::SeqCst) & u64::MAX << before;
            (woken != 0).then(|| group * CHILDREN + woken.trailing_zeros() as usize)
        })
    }

    /// Takes one woken child. The marks of its group and chunk stay, and say too much from then on.
    pub(crate) fn take_one(&self, child: usize) {
        self.0.groups[child / CHILDREN].woken.fetch_and(!(1 << (child % CHILDREN)), Ordering::SeqCst);
    }

    /// The waker of a child.
    ///
    /// # Panics
    ///
    /// If there is no such child.
    #[inline]
    pub(crate) fn waker(&self, child: usize) -> BorrowedWaker<'_> {
        self.get(child).unwrap_or_else(|| panic!("there is no child {child}"))
    }

    /// The waker of a child, if there is such a child.
    #[inline]
    pub(crate) fn get(&self, child: usize) -> Option<BorrowedWaker<'_>> {
        if child / CHILDREN >= self.0.len {
            return None;
        }
        // From the pointer of the `Arc`, not from a reference to the groups: a waker finds from it the whole chunk.
        let chunk = Arc::as_ptr(&self.0);
        // SAFETY: the `Arc` is alive, so its pointer is to a chunk.
        let groups = unsafe { &raw const (*chunk).groups }.cast::<u8>();
        // SAFETY: each child is a byte of the groups, and there is this child.
        let data = unsafe { groups.add(child) }.cast::<()>();
        // SAFETY: the functions in the table keep the contract of a waker for data that points to a byte of a group of
        // a chunk in an `Arc`. The waker owns no count of that `Arc`, but its clones do, and it does not outlive ours.
        Some(unsafe { BorrowedWaker::new(data, &TABLE) })
    }
}

impl Drop for WakeSet {
    fn drop(&mut self) {
        // Wakers that are still about must not keep the parent alive.
        self.parent().close();
    }
}

/// Whether a waker is one of a child.
pub(super) fn makes(waker: &Waker) -> bool {
    ptr::eq(waker.vtable(), &TABLE)
}

static TABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, drop);

/// The child that the data of a waker points to, and its chunk as the pointer of the `Arc` that it is in.
///
/// # Safety
///
/// The data is that of a waker made by [`WakeSet::waker`], and its chunk is alive.
#[inline]
unsafe fn chunk_of(data: *const ()) -> *const Chunk {
    let first = group_of(data).0;
    // SAFETY: the group is alive with its chunk.
    let place = unsafe { (*first).place };
    // SAFETY: `place` groups stand before it, and before those the head of the chunk. The pointer came from that of the
    // whole chunk by additions only, so it may be used for all of it.
    let head = unsafe { first.sub(place).byte_sub(offset_of!(Chunk<[Group; 0]>, groups)) };
    // SAFETY: with `repr(C)` a chunk without groups is what every chunk begins with.
    let len = unsafe { (*head.cast::<Chunk<[Group; 0]>>()).len };
    ptr::slice_from_raw_parts(head, len) as *const Chunk
}

/// The group and the bit of the child that the data of a waker points to.
#[inline]
fn group_of(data: *const ()) -> (*const Group, u64) {
    let child = data.addr() % CHILDREN;
    (data.wrapping_byte_sub(child).cast::<Group>(), 1 << child)
}

/// Sets the bit of a child.
///
/// # Safety
///
/// As [`chunk_of`].
#[inline]
unsafe fn set(data: *const ()) {
    let (group, bit) = group_of(data);
    // SAFETY: the group is alive with its chunk.
    let group = unsafe { &*group };
    if group.woken.fetch_or(bit, Ordering::SeqCst) == 0 {
        // SAFETY: the caller's promise; the chunk is alive.
        unsafe { &*chunk_of(data) }.mark(group.place);
    }
}

unsafe fn clone(data: *const ()) -> RawWaker {
    // SAFETY: the waker is alive, and with it the `Arc` of its chunk: by a count of its own or, if it is borrowed, by that
    // of its `WakeSet`.
    unsafe { Arc::increment_strong_count(chunk_of(data)) };
    RawWaker::new(data, &TABLE)
}

unsafe fn wake(data: *const ()) {
    // SAFETY: the waker owns a count (one that is borrowed is never given away), which this takes over: it is given
    // back at the end, after the chunk was used, also if waking the parent panics.
    let _chunk = unsafe { Arc::from_raw(chunk_of(data)) };
    // SAFETY: the count keeps the chunk alive.
    unsafe { set(data) };
}

unsafe fn wake_by_ref(data: *const ()) {
    // SAFETY: the waker is alive, and with it its chunk.
    unsafe { set(data) };
}

unsafe fn drop(data: *const ()) {
    // SAFETY: the waker owns a count, which this gives back.
    unsafe { Arc::decrement_strong_count(chunk_of(data)) };
}

/// The numbers of the bits of a word that are set, from the lowest.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ones(pub(crate) u64);

impl Iterator for Ones {
    type Item = usize;

    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
        let lowest = self.0.trailing_zeros() as usize;
        self.0 &= self.0.wrapping_sub(1);
        (lowest < 64).then_some(lowest)
    }
}

impl fmt::Debug for WakeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WakeSet").finish_non_exhaustive()
    }
}
