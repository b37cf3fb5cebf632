//! How long blocks go on within one turn of their task, and where they go on in the next.
//!
//! A block polls its children again as long as they wake each other, which saves the way by the executor. How often is
//! not for one block to say: blocks stand in each other, and if each counted for itself, the counts would multiply. So
//! all blocks of a thread take from one allowance. A block that finds it used up ends its turn, and so does every block
//! around it, up to the one that the executor polls.
//!
//! That one fills the allowance up when it begins to poll its children again. Blocks inside of it do not. They are known
//! by their waker or, with another executor in between (a stream of futures in a step is one), by the block around them
//! that polls its children again.
//!
//! Polling again also takes from the scheduler's budget, which is for a poll of the whole task: for several runs one after
//! the other, and for attempts and items that begin anew.

use std::cell::Cell;
use std::task::{Context, Waker};

use super::{lender, set};
use crate::runtime::Host;

/// How much may be done before others are let run: 256 further polls of children that wait, or four times as many items
/// that are ready at once.
///
/// What is by hand a loop of polls lets others run after each of them, and tokio has it so after 128 operations. This is
/// in between for children that do something; of those that do next to nothing it takes a hundredth of the time.
const ALLOWANCE: u32 = 1024;

/// What a further poll of a child takes of it.
const POLL: u32 = 4;

/// What an item takes of it that is ready at once.
const ITEM: u32 = 1;

/// For so much of it a unit of the scheduler's budget is taken.
const UNIT: u32 = 256;

thread_local! {
    /// What is left of the allowance.
    static LEFT: Cell<u32> = const { Cell::new(ALLOWANCE) };
    /// How many blocks, each inside of the one before, are polling their children again.
    static LOOPS: Cell<u32> = const { Cell::new(0) };
    /// Whether a block has ended its turn before all of its children had theirs.
    static CUT_SHORT: Cell<bool> = const { Cell::new(false) };
}

/// One poll of a block, which may poll its children more than once.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    /// One if it polls its children again, else zero. A number, so that both are cleared at once.
    loops: u32,
    /// What it has done and not taken from the allowance yet.
    done: u32,
}

impl Turn {
    /// So many children were polled.
    #[inline(always)]
    pub(crate) fn polled(&mut self, children: usize) {
        self.done += POLL * children as u32;
    }

    /// An item was ready at once.
    #[inline]
    pub(crate) fn was_ready(&mut self) {
        self.done += ITEM;
    }

    /// Whether the block may poll its children again. Else it has to [let others run](Turn::ends).
    #[inline]
    pub(crate) fn goes_on<R: Host>(&mut self, rt: R, parent: &Waker) -> bool {
        if self.loops == 0 {
            return self.begins_again(rt, parent);
        }
        self.done < UNIT || self.takes_a_unit(rt, parent)
    }

    #[inline(never)]
    fn begins_again<R: Host>(&mut self, rt: R, parent: &Waker) -> bool {
        self.loops = 1;
        let loops = LOOPS.get();
        LOOPS.set(loops + 1);
        if loops == 0 && !is_of_a_child(parent) {
            LEFT.set(ALLOWANCE);
        }
        LEFT.get() > 0 && rt.poll_proceed(&mut Context::from_waker(parent)).is_ready()
    }

    #[inline(never)]
    fn takes_a_unit<R: Host>(&mut self, rt: R, parent: &Waker) -> bool {
        let left = LEFT.get();
        LEFT.set(left.saturating_sub(std::mem::take(&mut self.done)));
        left > 0 && rt.poll_proceed(&mut Context::from_waker(parent)).is_ready()
    }

    /// Lets others run: the block is polled again in the next turn of its task.
    #[cold]
    pub(crate) fn ends<R: Host>(self, rt: R, parent: &Waker) {
        drop(self);
        if is_of_a_child(parent) {
            // The block around this one finds that there is nothing left, and passes it on.
            parent.wake_by_ref();
            return;
        }
        if LOOPS.get() == 0 {
            LEFT.set(ALLOWANCE);
        }
        rt.yield_now(parent);
    }

    /// As [`ends`](Turn::ends), before all children had their turn: the next turn begins with the others.
    #[cold]
    pub(crate) fn is_cut_short<R: Host>(self, rt: R, parent: &Waker) {
        CUT_SHORT.set(true);
        self.ends(rt, parent);
    }
}

/// Whether somebody inside the child that was polled last was [cut short](Turn::is_cut_short), since this was last asked.
/// Then the child has not had its turn.
pub(crate) fn was_cut_short() -> bool {
    CUT_SHORT.take()
}

/// Whether a waker is one that a block has given to a child.
fn is_of_a_child(waker: &Waker) -> bool {
    lender::lends(waker) || set::makes(waker)
}

impl Drop for Turn {
    #[inline(always)]
    fn drop(&mut self) {
        if self.loops > 0 {
            LOOPS.set(LOOPS.get() - 1);
        }
    }
}
