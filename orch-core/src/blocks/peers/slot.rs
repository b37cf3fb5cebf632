//! The places in which children wait, run and leave what they gave.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::policy::Policy;
use crate::error::{Error, Failure};
use crate::run::Cx;
use crate::wake::{InlineWakers, WakeSet};

/// The places of a tree of children.
pub trait Slots<R: Cx> {
    /// How many there are.
    const LEN: usize;
    /// What ends the block before all have ended.
    type End: Send;
    /// What the children leave, as nested pairs.
    type Outputs;

    /// Starts and polls the children that are picked, in written order; the first of them all is number `first`. False
    /// if there is no use in going on: one has ended the block, or one has to wait, and so all that follow.
    fn visit(
        self: Pin<&mut Self>,
        first: usize,
        picked: Selection<'_>,
        round: &mut Pass<'_, Self::End, R>,
    ) -> bool;

    /// Drops everything, in written order.
    fn clear(self: Pin<&mut Self>);

    /// Takes what the children left, when all have finished.
    fn take(self: Pin<&mut Self>) -> Self::Outputs;
}

/// One pass over the children.
pub struct Pass<'r, End, R> {
    pub(crate) cx: R,
    /// How many more may run.
    pub(crate) free: usize,
    /// The first child that has not been started.
    pub(crate) next: usize,
    /// Whose wakers the children have; if nobody's, then the `InlineWakers`.
    pub(crate) ready: Option<&'r WakeSet>,
    /// What has ended the block.
    pub(crate) end: Option<End>,
}

/// Some of the sixty-four children from `start` on.
#[derive(Clone, Copy)]
pub struct Selection<'r> {
    pub(crate) start: usize,
    pub(crate) bits: u64,
    /// Not in the [`Pass`]: what wakers point to has to be in memory, and what is with it.
    pub(crate) wakers: &'r InlineWakers<'r>,
}

impl Selection<'_> {
    /// Those from child `child` on.
    #[inline(always)]
    pub(crate) fn from(start: usize, child: usize) -> u64 {
        match child.saturating_sub(start) {
            before @ 0..64 => u64::MAX << before,
            _ => 0,
        }
    }

    /// Whether any of `len` children from `first` on is picked. All but the bits is known when the code is made.
    #[inline(always)]
    fn any(self, first: usize, len: usize) -> bool {
        self.bits & Self::from(self.start, first) & !Self::from(self.start, first + len) != 0
    }
}

pin_project! {
    /// The place of one child.
    #[project = SlotProjection]
    #[project_replace = SlotReplaced]
    pub(super) enum ChildState<Start, Fut, T, E, M, R>
    where
        T: Send,
        T: 'static,
        M: Policy<E>,
        R: Cx,
    {
        Todo { start: Start },
        Queued { start: Start, queued: R::Queued },
        Run { #[pin] fut: Fut },
        Done { kept: M::Kept<T> },
        Gone,
    }
}

impl<Start, Fut, T, E, M, R> Slots<R> for ChildState<Start, Fut, T, E, M, R>
where
    Start: FnOnce(R) -> Fut,
    Fut: Future<Output = Result<T, Error<E>>>,
    T: Send + 'static,
    E: Failure,
    M: Policy<E>,
    R: Cx,
{
    const LEN: usize = 1;
    type End = M::End<T>;
    type Outputs = M::Kept<T>;

    #[inline]
    fn visit(
        mut self: Pin<&mut Self>,
        index: usize,
        picked: Selection<'_>,
        round: &mut Pass<'_, M::End<T>, R>,
    ) -> bool {
        if let SlotProjection::Todo { .. } | SlotProjection::Queued { .. } = self.as_mut().project() {
            if round.free == 0 {
                return false;
            }
            let fut = match self.as_mut().project_replace(ChildState::Gone) {
                SlotReplaced::Todo { start } => start(round.cx),
                SlotReplaced::Queued { start, queued } => start(round.cx.dequeue(queued)),
                _ => unreachable!("a child is started once"),
            };
            self.set(ChildState::Run { fut });
            round.next = index + 1;
        } else if let SlotProjection::Run { .. } = self.as_mut().project() {
            // Takes its place again if it goes on. So one that is ready at once, as many are, changes no count.
            round.free += 1;
        }
        let SlotProjection::Run { fut } = self.as_mut().project() else {
            return true;
        };
        // Every child has a waker. But nothing here can panic, so for one that does not look at its waker none is made.
        let waker = match round.ready.and_then(|ready| ready.get(index)) {
            None => picked.wakers.waker(index),
            Some(waker) => waker,
        };
        let Poll::Ready(result) = fut.poll(&mut Context::from_waker(&waker)) else {
            round.free -= 1;
            return true;
        };
        match M::keep(result) {
            Ok(kept) => {
                self.set(ChildState::Done { kept });
                true
            }
            Err(end) => {
                self.set(ChildState::Gone);
                round.end = Some(end);
                false
            }
        }
    }

    fn clear(mut self: Pin<&mut Self>) {
        self.set(ChildState::Gone);
    }

    #[inline(always)]
    fn take(self: Pin<&mut Self>) -> M::Kept<T> {
        match self.project_replace(ChildState::Gone) {
            SlotReplaced::Done { kept } => kept,
            _ => unreachable!("every child has finished"),
        }
    }
}

/// Whether a tree of so many children is asked if any of them is picked. Of one in another every second is: to ask four
/// children costs no more than to ask two pairs and then the children of one, and less if all are picked.
const fn is_asked(len: usize) -> bool {
    len.next_power_of_two().trailing_zeros() & 1 == 0
}

pin_project! {
    /// The places of two trees of children.
    pub(super) struct ForkSlots<A, B> {
        #[pin]
        pub(super) left: A,
        #[pin]
        pub(super) right: B,
    }
}

impl<R: Cx, A: Slots<R>, B: Slots<R, End = A::End>> Slots<R> for ForkSlots<A, B> {
    const LEN: usize = A::LEN + B::LEN;
    type End = A::End;
    type Outputs = (A::Outputs, B::Outputs);

    #[inline(always)]
    fn visit(
        self: Pin<&mut Self>,
        first: usize,
        picked: Selection<'_>,
        round: &mut Pass<'_, A::End, R>,
    ) -> bool {
        let this = self.project();
        let second = first + A::LEN;
        ((is_asked(A::LEN) && !picked.any(first, A::LEN)) || this.left.visit(first, picked, round))
            && ((is_asked(B::LEN) && !picked.any(second, B::LEN)) || this.right.visit(second, picked, round))
    }

    fn clear(self: Pin<&mut Self>) {
        let this = self.project();
        this.left.clear();
        this.right.clear();
    }

    #[inline(always)]
    fn take(self: Pin<&mut Self>) -> Self::Outputs {
        let this = self.project();
        let left = this.left.take();
        (left, this.right.take())
    }
}

impl fmt::Debug for Selection<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Selection")
            .field("start", &self.start)
            .field("bits", &self.bits)
            .finish_non_exhaustive()
    }
}

impl<End, R> fmt::Debug for Pass<'_, End, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pass").field("next", &self.next).field("free", &self.free).finish_non_exhaustive()
    }
}
