//! Which bodies are polled further up the stack of this thread.
//!
//! Nobody hands a run's path down to the blocks of a run that nobody watches, and a pipeline may be run by hand in a step. But
//! a body is polled by its block, so whatever starts in it does so further down the same stack. To know that costs each poll
//! of such a body a few instructions: the list is an array, which needs neither memory nor a destructor.

use std::cell::{Cell, RefCell};

const SHORT: usize = 8;

thread_local! {
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    /// The outermost, by the address of their gatekeeper, which outlives the poll.
    static OUTER: [Cell<usize>; SHORT] = const { [const { Cell::new(0) }; SHORT] };
    /// Those further in.
    static INNER: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// From here on this thread polls a body that belongs to the gatekeeper at this address, until it [leaves](leave).
#[inline(always)]
pub(crate) fn enter(address: usize) {
    let depth = DEPTH.get();
    DEPTH.set(depth + 1);
    if depth < SHORT {
        OUTER.with(|outer| outer[depth].set(address));
    } else {
        enter_inner(address);
    }
}

#[cold]
#[inline(never)]
fn enter_inner(address: usize) {
    // Without the list, at the end of a thread, it is as if the body were not there.
    let _ = INNER.try_with(|inner| inner.borrow_mut().push(address));
}

/// It leaves the innermost.
#[inline(always)]
pub(crate) fn leave() {
    let depth = DEPTH.get() - 1;
    DEPTH.set(depth);
    if depth >= SHORT {
        leave_inner();
    }
}

#[cold]
#[inline(never)]
fn leave_inner() {
    let _ = INNER.try_with(|inner| inner.borrow_mut().pop());
}

/// Whether this thread is inside of a body of that gatekeeper.
#[inline(always)]
pub(crate) fn is_inside(address: usize) -> bool {
    DEPTH.get() > 0 && looks_up(address)
}

fn looks_up(address: usize) -> bool {
    let depth = DEPTH.get().min(SHORT);
    OUTER.with(|outer| outer[..depth].iter().any(|known| known.get() == address))
        || INNER.try_with(|inner| inner.borrow().contains(&address)).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_are_around_are_known() {
        for depth in 1..=3 * SHORT {
            enter(depth);
            assert!((1..=depth).all(is_inside) && !is_inside(depth + 1));
        }
        for depth in (1..=3 * SHORT).rev() {
            leave();
            assert!((1..depth).all(is_inside) && !is_inside(depth));
        }
    }
}
