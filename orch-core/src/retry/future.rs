//! The block `retry`.

use std::fmt;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use backon::BackoffBuilder;
use pin_project_lite::pin_project;

use super::policy::Policy;
use crate::cx::Cx;
use crate::error::{Error, Failure};
use crate::feed::Again;
use crate::graph::Describe;
use crate::node::Meta;
use crate::observe::{Observer, finish_block};
use crate::runtime::Host;
use crate::scope::{At, Point, RefOf};
use crate::step::Step;

/// The block `retry`.
pub struct Retry<B, D, W, F> {
    pub(super) body: B,
    pub(super) policy: Policy<D, W>,
    pub(super) feed: F,
    pub(super) meta: &'static Meta,
}

impl<P, E, B, D, W, F> Step<P, E> for Retry<B, D, W, F>
where
    P: Point,
    E: Failure,
    F: Again<P::In>,
    B: Step<At<P::Scope, F::Takes>, E>,
    D: BackoffBuilder + Clone,
    W: Fn(&Error<E>) -> bool + Send + Sync,
{
    type Out = B::Out;

    #[inline(always)]
    fn run<'a, R: Host + 'a, O: Observer + 'a>(
        &'a self,
        scope: RefOf<'a, P>,
        input: P::In,
        cx: Cx<R, O>,
    ) -> impl Future<Output = Result<B::Out, Error<E>>> + Send + 'a {
        let (obs, guard) = cx.obs.block(self.meta);
        let mut held = Held {
            step: self,
            scope,
            kept: Some(F::keep(input)),
            again: F::again,
            delays: None,
            attempt: 0,
            start: |step: &'a Self, scope, input, cx| step.body.run(scope, input, cx),
            sleep: R::sleep,
            cx: cx.under(obs),
            guard,
        };
        let fut = held.start();
        RetryFuture::Running { fut, held }
    }

    fn queue<O: Observer>(&self, obs: O) -> O::Queued {
        obs.queue(self.meta)
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        graph.block(self.meta, |graph| self.body.describe(graph));
    }
}

/// What lasts from one attempt to the next.
struct Held<'a, B, D: BackoffBuilder, W, F, S, T, Again, Start, Sleep, R, O: Observer> {
    step: &'a Retry<B, D, W, F>,
    scope: S,
    /// The piped value, until the last attempt takes it.
    kept: Option<T>,
    delays: Option<D::Backoff>,
    /// The attempt under way, or the one that failed last.
    attempt: u32,
    // Functions without size: the types of the futures that they give have no names.
    again: Again,
    start: Start,
    sleep: Sleep,
    cx: Cx<R, O>,
    guard: O::Guard,
}

impl<'a, B, D, W, F, S, T, Again, Start, Sleep, R, O> Held<'a, B, D, W, F, S, T, Again, Start, Sleep, R, O>
where
    D: BackoffBuilder + Clone,
    S: Copy,
    Again: Fn(&F, &T) -> T,
    R: Host,
    O: Observer,
{
    /// Starts the next attempt.
    #[inline]
    fn start<Fut>(&mut self) -> Fut
    where
        Start: Fn(&'a Retry<B, D, W, F>, S, T, Cx<R, O>) -> Fut,
    {
        self.attempt = self.attempt.saturating_add(1);
        O::poll(&mut self.guard, || {
            let input = match &self.kept {
                Some(kept) if !self.step.policy.is_last(self.attempt) => (self.again)(&self.step.feed, kept),
                _ => self.kept.take().expect("the piped value is kept until the last attempt takes it"),
            };
            (self.start)(self.step, self.scope, input, self.cx.under(self.cx.obs.attempt(self.attempt)))
        })
    }

    /// Decides after a failure: how long to wait until the next attempt, or that there is none.
    fn decide<E: Failure>(&mut self, error: &mut Error<E>) -> Option<Duration>
    where
        W: Fn(&Error<E>) -> bool,
    {
        let delay = O::poll(&mut self.guard, || {
            self.step.policy.delay(self.attempt, error, &mut self.delays, || self.cx.rt.random())
        });
        match delay {
            Some(delay) => {
                O::retrying(&self.guard, error.origin(), self.attempt.saturating_add(1), delay);
            }
            None => error.attempted(self.attempt),
        }
        delay
    }
}
