//! The block `with`.

use std::fmt;
use std::future::{Future, poll_fn};
use std::marker::PhantomData;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use pin_project_lite::pin_project;

use crate::blocks::shell::{Block, Held};
use crate::blocks::values::Given;
use crate::build::feed::Feed;
use crate::build::scope::{At, Point, RefOf};
use crate::error::{Error, Failure};
use crate::graph::{Bound, Describe, Load};
use crate::node::{Meta, Origin};
use crate::policy::{CanBeHandedOut, Next, Policy, Running};
use crate::run::{Asks, Cx, Step};
use crate::runtime::BoxFuture;

/// The block `with`.
pub struct With<B, G, F, Runs> {
    pub(super) body: B,
    pub(super) given: G,
    pub(super) feed: F,
    pub(super) runs: PhantomData<fn() -> Runs>,
    pub(super) meta: &'static Meta,
}

impl<P, E, B, G, F, Runs> Block<P, E> for With<B, G, F, Runs>
where
    P: Point,
    E: Failure,
    F: Feed<P::In, Takes: CanBeHandedOut<Runs>>,
    B: Step<At<P::Scope, F::Takes>, E>,
    G: Given<P, Value: Policy<B::Out, E, Runs>>,
    Runs: 'static,
{
    type Out = B::Out;
    type Asks = B::Asks;

    // A coroutine, as the policy's future borrows the body, which is beside it.
    #[inline(always)]
    fn start<'a, R: Cx + 'a>(
        &'a self,
        scope: RefOf<'a, P>,
        input: P::In,
        held: Held<R>,
    ) -> impl Future<Output = Result<B::Out, Error<E>>> + Send + 'a {
        const {
            assert!(
                !<B::Asks as Asks>::TO_END,
                "the policy of a `with` may drop what is inside it, and a saga that is dropped undoes nothing; put the `with` inside the `saga`"
            );
        }
        let seen = self.given.see(scope);
        let (run, mut held) = (held.cx, held);
        // What the body does not use of the value is dropped here.
        let mut kept = held.poll(|| {
            let mut input = Some(input);
            Some(self.feed.feed(&mut input))
        });
        let start = move |attempt, is_last| {
            let run = if F::Takes::COUNTS { run.attempt(attempt) } else { run };
            self.body.enter(scope, F::Takes::hand(&mut kept, is_last), run)
        };
        let body = Body { start, run, meta: self.meta, counts: F::Takes::COUNTS, attempts: 0, fut: None };
        async move {
            // Locals are dropped from the last to the first: the policy, the body, and the execution, which ends with that.
            let mut held = held;
            let mut body = pin!(Some(body));
            let result = {
                let next = Next::new(body.as_mut().as_pin_mut().expect("it is dropped below"));
                let mut policy = pin!(Some(held.poll(|| self.given.get(seen).apply(next))));
                let result = poll_fn(|cx| {
                    let policy = policy.as_mut().as_pin_mut().expect("it is dropped below");
                    held.poll(|| policy.poll(cx))
                })
                .await;
                held.poll(|| policy.set(None));
                result
            };
            held.poll(|| body.set(None));
            held.finish(&result);
            result
        }
    }

    fn load(&self) -> Load {
        // How often it does, if it may do so again, it alone knows.
        Load::Policy { runs: if F::Takes::COUNTS { Bound::NONE } else { Bound::of(1) } }
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        self.body.describe(graph);
    }
}

pin_project! {
    /// The body, and the run of it that is under way.
    struct Body<Start, Fut, R> {
        start: Start,
        run: R,
        meta: &'static Meta,
        counts: bool,
        attempts: u32,
        #[pin]
        fut: Option<Fut>,
    }
}

impl<Start, Fut, R, T, E> Running<T, E> for Body<Start, Fut, R>
where
    Start: FnMut(u32, bool) -> Fut + Send,
    Fut: Future<Output = Result<T, Error<E>>> + Send,
    R: Cx,
{
    fn attempts(&self) -> u32 {
        self.attempts
    }

    fn origin(&self) -> Origin {
        Origin::block(self.meta)
    }

    fn counts_for(&self, error: &mut Error<E>) {
        if self.counts {
            error.attempted(self.attempts);
        }
    }

    fn now(&self) -> Instant {
        self.run.now()
    }

    fn sleep<'s>(&self, duration: Duration) -> BoxFuture<'s, ()>
    where
        Self: 's,
    {
        Box::pin(self.run.sleep(duration, Some(self.origin())))
    }

    fn poll_turn(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.attempts == 0 { Poll::Ready(()) } else { self.run.poll_proceed(cx) }
    }

    fn start(self: Pin<&mut Self>, is_last: bool) {
        let mut this = self.project();
        // One that was forgotten and not dropped.
        this.fut.set(None);
        *this.attempts = this.attempts.saturating_add(1);
        let fut = (this.start)(*this.attempts, is_last);
        this.fut.set(Some(fut));
    }

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T, Error<E>>> {
        let mut this = self.project();
        let fut = this.fut.as_mut().as_pin_mut().expect("it was started, and has not ended");
        let mut result = ready!(fut.poll(cx));
        this.fut.set(None);
        if *this.counts
            && let Err(error) = &mut result
        {
            error.attempted(*this.attempts);
        }
        Poll::Ready(result)
    }

    fn stop(self: Pin<&mut Self>) {
        self.project().fut.set(None);
    }
}

impl<B, G, F, Runs> fmt::Debug for With<B, G, F, Runs> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("With")
    }
}
