//! The arms of a `choose`: a binary tree, in written order, and the future of the one that was chosen.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::blocks::peers::Fork;
use crate::build::feed::{Ignores, Takes};
use crate::build::scope::{At, Point, RefOf};
use crate::error::{Error, Failure};
use crate::graph::Describe;
use crate::run::Step;
use crate::run::{Asks, Cx};

/// The arms of a block at the point `P`, whose scrutinee is kept as a `V`. They give one type.
pub trait Arms<P: Point, V, E: Failure>: Send + Sync {
    /// How many there are.
    const LEN: usize;
    /// What they give.
    type Out: Send + 'static;
    /// What they ask.
    type Asks: Asks;

    /// Starts the one that was chosen, by its number in written order.
    fn start<'a, R: Cx + 'a>(
        &'a self,
        chosen: usize,
        scope: RefOf<'a, P>,
        value: V,
        piped: P::In,
        cx: R,
    ) -> impl Future<Output = Result<Self::Out, Error<E>>> + Send + 'a;

    /// Adds each of them to a graph.
    fn describe(&self, graph: &mut Describe<'_>);
}

/// What an arm takes of the scrutinee, a `V`, and of what is piped.
pub trait Share<V, In>: Send + Sync + 'static {
    /// The step's own input.
    type Takes: Send + 'static;

    /// Takes it.
    fn share(&self, value: V, piped: In) -> Self::Takes;
}

impl<V, In> Share<V, In> for Ignores {
    type Takes = ();

    #[inline(always)]
    fn share(&self, _value: V, _piped: In) {}
}

impl<V, In: Send + 'static> Share<V, In> for Takes {
    type Takes = In;

    #[inline(always)]
    fn share(&self, _value: V, piped: In) -> In {
        piped
    }
}

/// The arm's names are parts of the scrutinee, and beside that it takes this.
#[derive(Clone, Copy, Debug)]
pub struct Part<F>(F);

/// What an arm takes whose names are parts of the scrutinee.
pub fn part<F>(feed: F) -> Part<F> {
    Part(feed)
}

impl<V: Send + 'static, In: Send + 'static, F: Share<(), In>> Share<V, In> for Part<F> {
    type Takes = (V, F::Takes);

    #[inline(always)]
    fn share(&self, value: V, piped: In) -> (V, F::Takes) {
        (value, self.0.share((), piped))
    }
}

/// One arm.
pub struct Arm<F, St> {
    /// The pattern and the guard, as they are written.
    text: &'static str,
    feed: F,
    step: St,
}

/// One arm.
pub fn arm<F, St>(text: &'static str, feed: F, step: St) -> Arm<F, St> {
    Arm { text, feed, step }
}

impl<P, V, E, F, St> Arms<P, V, E> for Arm<F, St>
where
    P: Point,
    E: Failure,
    F: Share<V, P::In>,
    St: Step<At<P::Scope, F::Takes>, E>,
{
    const LEN: usize = 1;
    type Out = St::Out;
    type Asks = St::Asks;

    #[inline(always)]
    fn start<'a, R: Cx + 'a>(
        &'a self,
        _chosen: usize,
        scope: RefOf<'a, P>,
        value: V,
        piped: P::In,
        cx: R,
    ) -> impl Future<Output = Result<St::Out, Error<E>>> + Send + 'a {
        self.step.enter(scope, self.feed.share(value, piped), cx)
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        graph.arm(self.text, |graph| self.step.describe(graph));
    }
}

impl<P, V, E, A, B> Arms<P, V, E> for Fork<A, B>
where
    P: Point,
    E: Failure,
    A: Arms<P, V, E>,
    B: Arms<P, V, E, Out = A::Out>,
{
    const LEN: usize = A::LEN + B::LEN;
    type Out = A::Out;
    type Asks = <A::Asks as Asks>::Or<B::Asks>;

    #[inline(always)]
    fn start<'a, R: Cx + 'a>(
        &'a self,
        chosen: usize,
        scope: RefOf<'a, P>,
        value: V,
        piped: P::In,
        cx: R,
    ) -> impl Future<Output = Result<A::Out, Error<E>>> + Send + 'a {
        if chosen < A::LEN {
            OneOfTwo::Left { left: self.0.start(chosen, scope, value, piped, cx) }
        } else {
            OneOfTwo::Right { right: self.1.start(chosen - A::LEN, scope, value, piped, cx) }
        }
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        self.0.describe(graph);
        self.1.describe(graph);
    }
}

pin_project! {
    #[project = OneOfTwoProjected]
    enum OneOfTwo<Left, Right> {
        Left {
            #[pin]
            left: Left,
        },
        Right {
            #[pin]
            right: Right,
        },
    }
}

impl<Left: Future, Right: Future<Output = Left::Output>> Future for OneOfTwo<Left, Right> {
    type Output = Left::Output;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Left::Output> {
        match self.project() {
            OneOfTwoProjected::Left { left } => left.poll(cx),
            OneOfTwoProjected::Right { right } => right.poll(cx),
        }
    }
}

impl<F, St> fmt::Debug for Arm<F, St> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arm").field("text", &self.text).finish_non_exhaustive()
    }
}
