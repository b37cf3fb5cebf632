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

/// How many further polls of children the allowance is. A hand-written loop of polls gives way after each, tokio's
/// budget after 128 operations: this is between them for children that do something, and costs those that do next to
/// nothing a hundredth of their time.
const POLLS: u32 = 256;

/// For so many further polls a unit of the scheduler's budget is taken.
const POLLS_OF_A_UNIT: u32 = 64;

thread_local! {
    /// What is left of the allowance.
    static LEFT: Cell<u32> = const { Cell::new(POLLS) };
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
    /// Polls for which nothing was taken yet.
    polls: u32,
}

impl Turn {
    /// So many children were polled.
    #[inline(always)]
    pub(crate) fn polled(&mut self, polls: usize) {
        self.polls += polls as u32;
    }

    /// Whether the block may poll its children again. Else it has to [let others run](Turn::ends).
    #[inline]
    pub(crate) fn goes_on<R: Host>(&mut self, rt: R, parent: &Waker) -> bool {
        if self.loops == 0 {
            return self.begins_again(rt, parent);
        }
        self.polls < POLLS_OF_A_UNIT || self.takes_a_unit(rt, parent)
    }

    #[inline(never)]
    fn begins_again<R: Host>(&mut self, rt: R, parent: &Waker) -> bool {
        self.loops = 1;
        let loops = LOOPS.get();
        LOOPS.set(loops + 1);
        if loops == 0 && !is_of_a_child(parent) {
            LEFT.set(POLLS);
        }
        LEFT.get() > 0 && rt.poll_proceed(&mut Context::from_waker(parent)).is_ready()
    }

    #[inline(never)]
    fn takes_a_unit<R: Host>(&mut self, rt: R, parent: &Waker) -> bool {
        let left = LEFT.get();
        LEFT.set(left.saturating_sub(std::mem::take(&mut self.polls)));
        left > 0 && rt.poll_proceed(&mut Context::from_waker(parent)).is_ready()
    }

    /// Lets others run: the block is polled again in the next turn of its task.
    #[cold]
    pub(crate) fn ends<R: Host>(self, rt: R, parent: &Waker) {
        if is_of_a_child(parent) {
            // The block around this one finds that there is nothing left, and passes it on.
            parent.wake_by_ref();
        } else {
            rt.yield_now(parent);
        }
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
