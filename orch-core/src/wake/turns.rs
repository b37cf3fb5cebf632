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

use super::{inline_wakers, set};
use crate::run::Cx;

/// How much may be done before others are let run. Counted are, with what each takes of it: [`SWEEP`], [`POLL`], [`ITEM`].
///
/// By hand, children that wake themselves would let others run after each round, and tokio would look at timers and sockets
/// after 61 of them. So this is some 16 sweeps or 128 rounds of single children, after which it does. For 64 children that do
/// next to nothing it costs a hundredth of their time.
const ALLOWANCE: u32 = 1024;

/// A round over a few children, of which nobody knows how many were woken.
const SWEEP: u32 = 64;

/// A further poll of a child that was woken, or a further look for one.
const POLL: u32 = 4;

/// An item that was ready at once, or an attempt.
const ITEM: u32 = 1;

/// For so much a unit of the scheduler's budget is taken.
const UNIT: u32 = 512;

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
    /// A few children were polled, whether or not they were woken.
    #[inline(always)]
    pub(crate) fn swept(&mut self) {
        self.done += SWEEP;
    }

    /// So many children were polled as they had been woken.
    #[inline(always)]
    pub(crate) fn polled(&mut self, children: usize) {
        self.done += POLL * children as u32;
    }

    /// An item was ready at once.
    #[inline(always)]
    pub(crate) fn was_ready(&mut self) {
        self.done += ITEM;
    }

    /// Whether it has not polled any children again.
    #[inline]
    pub(crate) fn is_first_round(&self) -> bool {
        self.loops == 0
    }

    /// Whether the block may go on: poll its children again, or take more items. Else it has to
    /// [let others run](Turn::ends).
    #[inline]
    pub(crate) fn goes_on<R: Cx>(&mut self, rt: R, parent: &Waker) -> bool {
        if self.loops == 0 {
            return self.begins_again(rt, parent);
        }
        LEFT.get() > 0 && (self.done < UNIT || self.takes_a_unit(rt, parent))
    }

    #[inline(never)]
    fn begins_again<R: Cx>(&mut self, rt: R, parent: &Waker) -> bool {
        let loops = LOOPS.get();
        if loops == 0 && !is_of_a_child(parent) {
            LEFT.set(ALLOWANCE);
        } else if LEFT.get() == 0 {
            return false;
        }
        if rt.poll_proceed(&mut Context::from_waker(parent)).is_pending() {
            return false;
        }
        LOOPS.set(loops + 1);
        self.loops = 1;
        true
    }

    #[inline(never)]
    fn takes_a_unit<R: Cx>(&mut self, rt: R, parent: &Waker) -> bool {
        let left = LEFT.get().saturating_sub(std::mem::take(&mut self.done));
        LEFT.set(left);
        left > 0 && rt.poll_proceed(&mut Context::from_waker(parent)).is_ready()
    }

    /// Lets others run: the block is polled again in the next turn of its task.
    #[cold]
    pub(crate) fn ends<R: Cx>(self, rt: R, parent: &Waker) {
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
}

/// Whether a block whose body has ended may begin it anew in the same poll, of which it has `done` so much. Else it has to
/// [let others run](Turn::ends).
pub(crate) fn repeats(done: &mut u32, parent: &Waker) -> bool {
    let left = LEFT.get();
    if LOOPS.get() > 0 || is_of_a_child(parent) {
        LEFT.set(left.saturating_sub(ITEM));
        return left > 0;
    }
    // Blocks in the body take themselves for the outermost. From the second time on it is known what they have taken.
    let taken = if *done > 0 { ALLOWANCE - left } else { 0 };
    LEFT.set(ALLOWANCE);
    *done += ITEM + taken;
    *done < ALLOWANCE
}

/// Some of a block's children have not had their turn when [its own](Turn::ends) ends. It is still the block's turn then,
/// for the blocks around it.
pub(crate) fn cut_short() {
    CUT_SHORT.set(true);
}

/// Whether a turn was [cut short](cut_short) since this was last asked.
pub(crate) fn was_cut_short() -> bool {
    CUT_SHORT.take()
}

/// Whether a waker is one that a block has given to a child.
fn is_of_a_child(waker: &Waker) -> bool {
    inline_wakers::lends(waker) || set::makes(waker)
}

impl Drop for Turn {
    #[inline(always)]
    fn drop(&mut self) {
        if self.loops > 0 {
            let loops = LOOPS.get() - 1;
            LOOPS.set(loops);
            // The outermost block fills it up.
            if loops > 0 {
                LEFT.set(LEFT.get().saturating_sub(self.done));
            }
        }
    }
}
