//! In which order children are asked.

use crate::wake::{WakeSet, cut_short, was_cut_short};

/// In written order, or from where the last poll had to stop.
///
/// In nearly all polls children are asked in written order. If the scheduler's budget is gone after one, some may have
/// been refused what they wait for, and would be for ever if the first of them uses it all up each time. From then on the
/// block asks its children one by one and looks at the budget in between; where it ends, the next poll goes on. A child
/// that is a block and has stopped in the middle goes on itself. So all get round in as many polls as there are steps that
/// use up a budget, however deep these stand. It is over when all were asked in one poll with some budget left.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Order {
    /// The number of the child that is asked next, plus one; plus [`WHOLE`] if all before it were asked in this poll. Zero
    /// in written order. Less than zero if it is written order for this poll: it began without any budget, so there is
    /// nothing to be learned about who uses it up.
    next: i32,
}

const WHOLE: i32 = 1 << 30;

impl Order {
    /// Whether the children are asked one by one.
    #[inline(always)]
    pub(super) fn is_single(self) -> bool {
        self.next > 0
    }

    fn child(self) -> usize {
        ((self.next & !WHOLE) - 1) as usize
    }

    /// A poll begins after one that did not ask all children: the bits of those to poll first. `next` is the first child
    /// that has not started.
    #[cold]
    #[inline(never)]
    pub(super) fn resume(self, ready: Option<&WakeSet>, next: usize, has_budget: bool) -> (Self, u64) {
        if !has_budget {
            return (Order { next: -self.next }, u64::MAX);
        }
        was_cut_short();
        if let Some(child) = find(ready, next, self.child()).filter(|_| self.child() > 0) {
            return (Order::at(child), bit(child));
        }
        match find(ready, next, 0) {
            Some(child) => (Order { next: Order::at(child).next + WHOLE }, bit(child)),
            None => (Order::default(), u64::MAX),
        }
    }

    /// Of the sixty-four children from `start` on the bit of the one to ask. It is no longer woken.
    #[cold]
    #[inline(never)]
    pub(super) fn take(self, ready: &WakeSet, start: usize) -> u64 {
        let child = self.child();
        if child / 64 != start / 64 {
            return 0;
        }
        ready.take_one(child);
        bit(child)
    }

    /// One child was asked: the bit of the next. It is zero if there is none in this poll; then it is written order again
    /// if all were asked.
    #[cold]
    #[inline(never)]
    pub(super) fn advance(self, ready: Option<&WakeSet>, next: usize, is_spent: bool) -> (Self, u64) {
        let child = if is_spent && was_cut_short() {
            Some(self.child())
        } else {
            find(ready, next, self.child() + 1)
        };
        match child {
            Some(child) if is_spent => {
                cut_short();
                (Order::at(child), 0)
            }
            Some(child) => (Order { next: Order::at(child).next + (self.next & WHOLE) }, bit(child)),
            None if is_spent || self.next < WHOLE => (Order::at(0), 0),
            None => (Order::default(), 0),
        }
    }

    /// A poll in written order ends.
    #[inline(always)]
    pub(super) fn leave(self, has_budget: bool, is_first_round: bool) -> Self {
        if has_budget { Order::default() } else { self.starve(is_first_round) }
    }

    /// It ends without a budget.
    #[cold]
    #[inline(never)]
    fn starve(self, is_first_round: bool) -> Self {
        if self.next == 0 && is_first_round {
            cut_short();
            return Order::at(0);
        }
        // All had their turn, if only in another poll. So if one of them goes on with others inside, then after this
        // block's siblings.
        was_cut_short();
        if self.next == 0 { Order::at(0) } else { Order { next: -self.next } }
    }

    fn at(child: usize) -> Self {
        Order { next: child as i32 + 1 }
    }
}

/// The first child from `from` on that may have something to do.
fn find(ready: Option<&WakeSet>, next: usize, from: usize) -> Option<usize> {
    match ready {
        Some(ready) => ready.first(from),
        // Children sixty-four apart share a bit.
        None => (from < next.min(64)).then_some(from),
    }
}

fn bit(child: usize) -> u64 {
    1 << (child % 64)
}
