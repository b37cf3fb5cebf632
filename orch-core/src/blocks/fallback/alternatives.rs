//! The alternatives: a binary tree, of which one leaf runs at a time.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::blocks::peers::{Child, Fork};
use crate::build::feed::Feed;
use crate::build::scope::{At, Point, RefOf};
use crate::error::{Error, Failure};
use crate::graph::{Describe, Graph};
use crate::run::{Asks, Cx, Step};

/// The alternatives of a block at the point `P`, which give one type.
pub trait Alternatives<P: Point, E: Failure>: Send + Sync {
    /// Whether any of them uses the piped value.
    const USES: bool;
    /// What they give.
    type Out: Send + 'static;
    /// What they ask.
    type Asks: Asks;

    /// Starts the first, and gives back what it has left of the piped value.
    fn start<'a, R: Cx + 'a>(
        &'a self,
        scope: RefOf<'a, P>,
        piped: Option<P::In>,
        cx: R,
    ) -> (impl Trying<P::In, E, R, Out = Self::Out> + Send + 'a, Option<P::In>);

    /// Adds each of them to a graph.
    fn describe(&self, graph: &mut Describe<'_>);
}

/// One of several alternatives, under way.
pub trait Trying<In, E, R> {
    /// What they give.
    type Out;

    /// Polls it.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<Self::Out, Error<E>>>;

    /// The name of the one after it, if it is not the last.
    fn next_name(self: Pin<&mut Self>) -> Option<&'static str>;

    /// Whether there is none after it.
    fn is_last(self: Pin<&mut Self>) -> bool;

    /// Drops it and starts the one after it, with what is left of the piped value. Gives back what that one leaves.
    fn go_on(self: Pin<&mut Self>, piped: Option<In>, cx: R) -> Option<In>;
}

impl<P, E, F, St> Alternatives<P, E> for Child<F, St>
where
    P: Point,
    E: Failure,
    F: Feed<P::In>,
    St: Step<At<P::Scope, F::Takes>, E>,
{
    const USES: bool = F::USES;
    type Out = St::Out;
    type Asks = St::Asks;

    #[inline(always)]
    fn start<'a, R: Cx + 'a>(
        &'a self,
        scope: RefOf<'a, P>,
        mut piped: Option<P::In>,
        cx: R,
    ) -> (impl Trying<P::In, E, R, Out = St::Out> + Send + 'a, Option<P::In>) {
        let input = self.feed.feed(&mut piped);
        (One { fut: self.step.enter(scope, input, cx) }, piped)
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        self.step.describe(graph);
    }
}

impl<P, E, A, B> Alternatives<P, E> for Fork<A, B>
where
    P: Point,
    E: Failure,
    A: Alternatives<P, E>,
    B: Alternatives<P, E, Out = A::Out>,
{
    const USES: bool = A::USES || B::USES;
    type Out = A::Out;
    type Asks = <A::Asks as Asks>::Or<B::Asks>;

    #[inline(always)]
    fn start<'a, R: Cx + 'a>(
        &'a self,
        scope: RefOf<'a, P>,
        piped: Option<P::In>,
        cx: R,
    ) -> (impl Trying<P::In, E, R, Out = A::Out> + Send + 'a, Option<P::In>) {
        let (left, piped) = self.0.start(scope, piped, cx);
        let then = Then {
            right: &self.1,
            scope,
            start: |right: &'a B, scope, piped, cx| right.start(scope, piped, cx),
            name: |right: &'a B| {
                let graph = Graph::of(|graph| right.describe(graph));
                graph.nodes().first().map_or("", |node| node.name())
            },
        };
        (OneOfTwo::Left { left, then }, piped)
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        self.0.describe(graph);
        self.1.describe(graph);
    }
}

pin_project! {
    struct One<Fut> {
        #[pin]
        fut: Fut,
    }
}

impl<In, E, R, T, Fut> Trying<In, E, R> for One<Fut>
where
    Fut: Future<Output = Result<T, Error<E>>>,
{
    type Out = T;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T, Error<E>>> {
        self.project().fut.poll(cx)
    }

    fn next_name(self: Pin<&mut Self>) -> Option<&'static str> {
        None
    }

    fn is_last(self: Pin<&mut Self>) -> bool {
        true
    }

    fn go_on(self: Pin<&mut Self>, _piped: Option<In>, _cx: R) -> Option<In> {
        unreachable!("there is none after it")
    }
}

/// The alternatives of the right, before they start.
struct Then<'a, B, Sc, Start, Name> {
    right: &'a B,
    scope: Sc,
    // Functions without size: the places that the first gives have types without names.
    start: Start,
    name: Name,
}

pin_project! {
    #[project = OneOfTwoProjected]
    #[project_replace = OneOfTwoReplaced]
    enum OneOfTwo<'a, Left, Right, B, Sc, Start, Name> {
        Left {
            #[pin]
            left: Left,
            then: Then<'a, B, Sc, Start, Name>,
        },
        Right {
            #[pin]
            right: Right,
        },
        /// On the way from one to the other.
        Gone,
    }
}

impl<'a, In, E, R, Left, Right, B, Sc, Start, Name> Trying<In, E, R>
    for OneOfTwo<'a, Left, Right, B, Sc, Start, Name>
where
    Left: Trying<In, E, R>,
    Right: Trying<In, E, R, Out = Left::Out>,
    Start: Fn(&'a B, Sc, Option<In>, R) -> (Right, Option<In>),
    Name: Fn(&'a B) -> &'static str,
{
    type Out = Left::Out;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<Left::Out, Error<E>>> {
        match self.project() {
            OneOfTwoProjected::Left { left, .. } => left.poll(cx),
            OneOfTwoProjected::Right { right } => right.poll(cx),
            OneOfTwoProjected::Gone => panic!("a future is not polled again after it has panicked"),
        }
    }

    fn next_name(self: Pin<&mut Self>) -> Option<&'static str> {
        match self.project() {
            OneOfTwoProjected::Left { left, then } => {
                Some(left.next_name().unwrap_or_else(|| (then.name)(then.right)))
            }
            OneOfTwoProjected::Right { right } => right.next_name(),
            OneOfTwoProjected::Gone => None,
        }
    }

    fn is_last(self: Pin<&mut Self>) -> bool {
        match self.project() {
            OneOfTwoProjected::Left { .. } => false,
            OneOfTwoProjected::Right { right } => right.is_last(),
            OneOfTwoProjected::Gone => true,
        }
    }

    fn go_on(mut self: Pin<&mut Self>, piped: Option<In>, cx: R) -> Option<In> {
        match self.as_mut().project() {
            OneOfTwoProjected::Left { mut left, .. } => {
                if !left.as_mut().is_last() {
                    return left.go_on(piped, cx);
                }
            }
            OneOfTwoProjected::Right { right } => return right.go_on(piped, cx),
            OneOfTwoProjected::Gone => {}
        }
        // What has failed is dropped before the next one starts.
        let OneOfTwoReplaced::Left { then, .. } = self.as_mut().project_replace(OneOfTwo::Gone) else {
            unreachable!("one of the left has just failed");
        };
        let (right, piped) = (then.start)(then.right, then.scope, piped, cx);
        self.set(OneOfTwo::Right { right });
        piped
    }
}

impl<B, Sc, Start, Name> fmt::Debug for Then<'_, B, Sc, Start, Name> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Then")
    }
}
