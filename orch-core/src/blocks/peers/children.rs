//! The children of a block of peers: a binary tree, so that forty of them are six types deep.

use super::policy::Policy;
use super::slot::{ChildState, ForkSlots, Slots};
use crate::build::feed::Feed;
use crate::build::scope::{At, Point, RefOf};
use crate::error::Failure;
use crate::graph::Describe;
use crate::run::Step;
use crate::run::{Asks, Cx};

/// The children of a block at the point `P`.
pub trait Children<P: Point, E: Failure, M: Policy<E>>: Send + Sync {
    /// How many there are.
    const LEN: usize;
    /// What they ask.
    type Asks: Asks;
    /// What they take of the piped value.
    type Inputs: Send + 'static;
    /// What is kept of them when all have ended, as nested pairs.
    type Outputs: Send + 'static;
    /// What ends the block before.
    type End: Send + 'static;
    /// Where that is while others come to their end.
    type Late: Default + Send;

    /// Takes their inputs, in written order.
    fn feed(&self, piped: &mut Option<P::In>) -> Self::Inputs;

    /// Places for their runs. Those at and after `limit` wait; the first of them all is number `first`.
    fn slots<'a, R: Cx + 'a>(
        &'a self,
        first: usize,
        limit: usize,
        scope: RefOf<'a, P>,
        inputs: Self::Inputs,
        cx: R,
    ) -> impl Slots<R, End = Self::End, Late = Self::Late, Outputs = Self::Outputs> + Send + 'a;

    /// [`Step::describe`] of each child.
    fn describe(&self, graph: &mut Describe<'_>);
}

/// One child, and what it takes of the piped value.
#[derive(Debug)]
pub struct Child<F, St> {
    pub(in crate::blocks) feed: F,
    pub(in crate::blocks) step: St,
}

/// One child, and what it takes of the piped value.
pub fn child<F, St>(feed: F, step: St) -> Child<F, St> {
    Child { feed, step }
}

impl<P, E, M, F, St> Children<P, E, M> for Child<F, St>
where
    P: Point,
    E: Failure,
    M: Policy<E>,
    F: Feed<P::In>,
    St: Step<At<P::Scope, F::Takes>, E>,
{
    const LEN: usize = 1;
    type Asks = St::Asks;
    type Inputs = F::Takes;
    type Outputs = M::Kept<St::Out>;
    type End = M::End<St::Out>;
    type Late = M::Late<St::Out>;

    #[inline(always)]
    fn feed(&self, piped: &mut Option<P::In>) -> F::Takes {
        self.feed.feed(piped)
    }

    #[inline(always)]
    fn slots<'a, R: Cx + 'a>(
        &'a self,
        first: usize,
        limit: usize,
        scope: RefOf<'a, P>,
        input: F::Takes,
        cx: R,
    ) -> impl Slots<R, End = Self::End, Late = Self::Late, Outputs = Self::Outputs> + Send + 'a {
        let start = move |cx| self.step.enter(scope, input, cx);
        // Where nobody is told, one that waits is no different.
        if const { size_of::<R::Queued>() == 0 } || first < limit {
            ChildState::<_, _, St::Out, E, M, R>::Todo { start }
        } else {
            ChildState::Queued { start, queued: self.step.queue(cx) }
        }
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        self.step.describe(graph);
    }
}

/// The children of two trees, in written order.
#[derive(Debug)]
pub struct Fork<A, B>(pub(in crate::blocks) A, pub(in crate::blocks) B);

/// The children of two trees, in written order.
pub fn fork<A, B>(left: A, right: B) -> Fork<A, B> {
    Fork(left, right)
}

impl<P, E, M, A, B> Children<P, E, M> for Fork<A, B>
where
    P: Point,
    E: Failure,
    M: Policy<E>,
    A: Children<P, E, M>,
    B: Children<P, E, M, End = A::End, Late = A::Late>,
{
    const LEN: usize = A::LEN + B::LEN;
    type Asks = <A::Asks as Asks>::Or<B::Asks>;
    type Inputs = (A::Inputs, B::Inputs);
    type Outputs = (A::Outputs, B::Outputs);
    type End = A::End;
    type Late = A::Late;

    #[inline(always)]
    fn feed(&self, piped: &mut Option<P::In>) -> Self::Inputs {
        let left = self.0.feed(piped);
        (left, self.1.feed(piped))
    }

    #[inline(always)]
    fn slots<'a, R: Cx + 'a>(
        &'a self,
        first: usize,
        limit: usize,
        scope: RefOf<'a, P>,
        (left, right): Self::Inputs,
        cx: R,
    ) -> impl Slots<R, End = Self::End, Late = Self::Late, Outputs = Self::Outputs> + Send + 'a {
        let left = self.0.slots(first, limit, scope, left, cx);
        ForkSlots { left, right: self.1.slots(first + A::LEN, limit, scope, right, cx) }
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        self.0.describe(graph);
        self.1.describe(graph);
    }
}
