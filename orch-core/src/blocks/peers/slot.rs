//! The places in which children wait, run and leave what they gave.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::drain::until_end;
use super::policy::{Drains, Policy};
use crate::error::{Error, Failure};
use crate::run::Cx;
use crate::wake::{InlineWakers, WakeSet};

/// The places of a tree of children.
pub trait Slots<R: Cx> {
    /// How many there are.
    const LEN: usize;
    /// Whether those that run come to their end when one has ended the block.
    const DRAINS: Drains;
    /// What ends the block before all have ended.
    type End: Send;
    /// Where that is while others come to their end.
    type Late: Default + Send;
    /// What the children leave, as nested pairs.
    type Outputs;

    /// What has ended the block, while others come to their end; `None` if they do not.
    fn late(late: &mut Self::Late) -> Option<&mut Option<Self::End>>;

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
    /// Whether the others come to their end then.
    pub(crate) drains: bool,
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
    const DRAINS: Drains = M::DRAINS;
    type End = M::End<T>;
    type Late = M::Late<T>;
    type Outputs = M::Kept<T>;

    #[inline(always)]
    fn late(late: &mut M::Late<T>) -> Option<&mut Option<M::End<T>>> {
        M::late(late)
    }

    #[inline]
    fn visit(
        mut self: Pin<&mut Self>,
        index: usize,
        picked: Selection<'_>,
        round: &mut Pass<'_, M::End<T>, R>,
    ) -> bool {
        let drains = |round: &Pass<'_, M::End<T>, R>| M::DRAINS.may() && round.drains;
        if let SlotProjection::Todo { .. } | SlotProjection::Queued { .. } = self.as_mut().project() {
            if round.free == 0 || (drains(round) && round.end.is_some()) {
                return false;
            }
            let start = match self.as_mut().project_replace(ChildState::Gone) {
                SlotReplaced::Todo { start } => (start, round.cx),
                SlotReplaced::Queued { start, queued } => (start, round.cx.dequeue(queued)),
                _ => unreachable!("a child is started once"),
            };
            round.next = index + 1;
            let fut = if drains(round) {
                match until_end(|| start.0(start.1)) {
                    Ok(fut) => fut,
                    Err(payload) => {
                        M::join(&mut round.end, M::caught(payload));
                        return true;
                    }
                }
            } else {
                start.0(start.1)
            };
            self.set(ChildState::Run { fut });
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
        let mut cx = Context::from_waker(&waker);
        let polled = if drains(round) {
            match until_end(|| fut.poll(&mut cx)) {
                Ok(polled) => polled.map(M::keep),
                Err(payload) => Poll::Ready(Err(M::caught(payload))),
            }
        } else {
            fut.poll(&mut cx).map(M::keep)
        };
        let Poll::Ready(kept) = polled else {
            round.free -= 1;
            return true;
        };
        match kept {
            Ok(kept) => {
                self.set(ChildState::Done { kept });
                true
            }
            Err(end) if drains(round) => {
                M::join(&mut round.end, end);
                if let Err(payload) = until_end(|| self.set(ChildState::Gone)) {
                    M::join(&mut round.end, M::caught(payload));
                }
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

impl<R: Cx, A: Slots<R>, B: Slots<R, End = A::End, Late = A::Late>> Slots<R> for ForkSlots<A, B> {
    const LEN: usize = A::LEN + B::LEN;
    const DRAINS: Drains = A::DRAINS;
    type End = A::End;
    type Late = A::Late;
    type Outputs = (A::Outputs, B::Outputs);

    #[inline(always)]
    fn late(late: &mut A::Late) -> Option<&mut Option<A::End>> {
        A::late(late)
    }

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
