//! In which order children are asked.

use crate::ready::{Ready, was_cut_short};

/// Where a block goes on that could not ask all of its children before the scheduler's budget ran out.
///
/// In most polls the children are asked in written order. If the budget is gone by the end of one, some may have been
/// refused what they wait for, and with a first child that takes it all each time they would be so for ever. From then
/// on the block asks the children one by one, looks at the budget in between, and where it runs out the next poll goes on.
/// A child that is a block itself, and has not come to its end, goes on first; so it takes as many polls to come round
/// as there are steps that use up a budget, wherever they stand. When all were asked with some budget left, it is over.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Order {
    /// The number of the child that is asked next, plus one. Zero if they are asked in written order. Less than zero if
    /// they are for this poll: it began without a budget, and cannot tell who uses it up.
    next: i32,
}

impl Order {
    /// Whether children are asked one by one.
    #[inline(always)]
    pub(super) fn is_single(self) -> bool {
        self.next > 0
    }

    /// A poll begins after one in which not all were asked: the bits of those to poll first.
    #[cold]
    #[inline(never)]
    pub(super) fn resume(self, ready: Option<&Ready>, next: usize, has_budget: bool) -> (Self, u64) {
        if !has_budget {
            return (Order { next: -self.next }, u64::MAX);
        }
        was_cut_short();
        Order::ask(ready, next, self.next - 1)
    }

    /// Of the sixty-four children from `start` on, the bit of the one that is asked, which is no longer woken.
    #[cold]
    #[inline(never)]
    pub(super) fn take(self, ready: &Ready, start: usize) -> u64 {
        let child = self.next as usize - 1;
        if child / 64 != start / 64 {
            return 0;
        }
        ready.take_one(child);
        1 << (child % 64)
    }

    /// One child was asked: the bits of those to poll next, if all have been asked of all those then. `None` if there
    /// is no budget left for it and the next poll begins anew.
    #[cold]
    #[inline(never)]
    pub(super) fn advance(self, ready: Option<&Ready>, next: usize, is_spent: bool) -> (Self, u64) {
        let child = self.next - 1;
        if is_spent && was_cut_short() {
            return (self, 1 << (child % 64));
        }
        let (order, bits) = Order::ask(ready, next, child + 1);
        if is_spent && !order.is_single() {
            return (Order{next: 1}, 0);
        }
        (order, bits)
    }

    /// A poll ends that has asked in written order.
    #[inline(always)]
    pub(super) fn leave(self, has_budget: bool) -> Self {
        if has_budget {
            Order { next: 0 }
        } else {
            // The first child was asked.
            Order { next: if self.next == 0 { 2 } else { -self.next } }
        }
    }

    /// The next to ask is the first from `from` on that may have something to do; after the last of them, all.
    fn ask(ready: Option<&Ready>, next: usize, from: i32) -> (Self, u64) {
        let from = from as usize;
        let next = match ready {
            // Children sixty-four apart share a bit.
            None => Some(from).filter(|from| *from < next.min(64)),
            Some(ready) => ready.first(from),
        };
        (Order { next: next.map_or(0, |child| child as i32 + 1) }, next.map_or(u64::MAX, |child| 1 << (child % 64)))
    }
}
