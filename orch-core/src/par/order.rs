//! In which order children are asked.

use crate::ready::{Ready, cut_short, was_cut_short};

/// In written order, or from where the last poll had to stop.
///
/// In nearly all polls children are asked in written order. If the scheduler's budget is gone after one, some may have
/// been refused what they wait for, and would be for ever if the first of them uses it all up each time. From then on the
/// block asks its children one by one, and looks at the budget in between; where it ends, the next poll goes on. A child
/// that is a block and has stopped in the middle goes on itself. So all get round in as many polls as there are steps that
/// use up a budget, however deep these stand. It is over when the last child was asked with some budget left.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Order {
    /// The number of the child that is asked next, plus one. Zero in written order. Less than zero if it is written order
    /// for this poll: it began without any budget, so there is nothing to be learned about who uses it up.
    next: i32,
}

impl Order {
    /// Whether the children are asked one by one.
    #[inline(always)]
    pub(super) fn is_single(self) -> bool {
        self.next > 0
    }

    /// A poll begins after one that did not ask all children: the bits of those to poll first. `next` is the first child
    /// that has not started.
    #[cold]
    #[inline(never)]
    pub(super) fn resume(self, ready: Option<&Ready>, next: usize, has_budget: bool) -> (Self, u64) {
        if !has_budget {
            return (Order { next: -self.next }, u64::MAX);
        }
        was_cut_short();
        Order::find(ready, next, self.next - 1)
    }

    /// Of the sixty-four children from `start` on the bit of the one to ask. It is no longer woken.
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

    /// One child was asked: the bits of those to poll next, which are all if it was the last.
    #[cold]
    #[inline(never)]
    pub(super) fn advance(self, ready: Option<&Ready>, next: usize, is_spent: bool) -> (Self, u64) {
        let child = self.next - 1;
        let (order, bits) = if is_spent && was_cut_short() {
            (self, 1 << (child % 64))
        } else {
            Order::find(ready, next, child + 1)
        };
        if !is_spent {
            return (order, bits);
        }
        if order.is_single() {
            cut_short();
            return (order, bits);
        }
        // All have had their turn, but the last one has left nothing.
        (Order { next: 1 }, bits)
    }

    /// A poll in written order ends.
    #[inline(always)]
    pub(super) fn leave(self, has_budget: bool) -> Self {
        Order {
            next: match self.next {
                _ if has_budget => 0,
                // The first child was asked.
                0 => 2,
                next => -next,
            },
        }
    }

    /// The first child from `from` on that may have something to do, and its bit. If there is none it is written order
    /// again, and all of them.
    fn find(ready: Option<&Ready>, next: usize, from: i32) -> (Self, u64) {
        let from = from as usize;
        let child = match ready {
            Some(ready) => ready.first(from),
            // Children sixty-four apart share a bit.
            None => (from < next.min(64)).then_some(from),
        };
        match child {
            Some(child) => (Order { next: child as i32 + 1 }, 1 << (child % 64)),
            None => (Order::default(), u64::MAX),
        }
    }
}
