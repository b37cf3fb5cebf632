//! The block `circuit`.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;

use super::state::{Admission, Outcome, Permit, Rejection, Transition};
use super::{Breaker, CircuitState};
use crate::cx::Cx;
use crate::error::{Error, ErrorKind, Failure};
use crate::event::CircuitEvent;
use crate::graph::Describe;
use crate::node::{Meta, Origin};
use crate::observe::{Observer, finish_block};
use crate::runtime::Host;
use crate::scope::{Point, RefOf};
use crate::step::Step;

/// The block `circuit`.
pub struct Circuit<B, I> {
    pub(crate) body: B,
    pub(crate) breaker: Breaker,
    pub(crate) ignore: I,
    pub(crate) meta: &'static Meta,
}

impl<P, E, B, I> Step<P, E> for Circuit<B, I>
where
    P: Point,
    E: Failure,
    B: Step<P, E>,
    I: Fn(&Error<E>) -> bool + Send + Sync,
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
        let (admission, transitions) = self.breaker.admit(|| cx.rt.now());
        for transition in transitions {
            O::circuit(&guard, || transition.event());
        }
        match admission {
            Admission::Admitted(permit) => {
                let mut held = Held::<R, O> {
                    rt: cx.rt,
                    breaker: &self.breaker,
                    permit: Some(permit),
                    polling: false,
                    guard,
                };
                let fut = held.poll(|| self.body.run(scope, input, cx.under(obs)));
                CircuitFuture::Running { fut, ignore: &self.ignore, held }
            }
            rejected => {
                O::circuit(&guard, || self.rejection(&rejected));
                CircuitFuture::Rejected { rejected: Some(rejected), meta: self.meta, guard }
            }
        }
    }

    fn queue<O: Observer>(&self, obs: O) -> O::Queued {
        obs.queue(self.meta)
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        graph.block(self.meta, |graph| self.body.describe(graph));
    }
}

impl<B, I> Circuit<B, I> {
    /// The event of a rejection. Other runs may have moved the circuit since: it tells what this run met.
    fn rejection(&self, rejected: &Admission) -> CircuitEvent {
        let met = match rejected {
            Admission::Open(Rejection { retry_after: Duration::MAX, .. }) => CircuitState::Isolated,
            Admission::Open(_) => CircuitState::Open,
            _ => CircuitState::HalfOpen,
        };
        CircuitEvent { rejected: true, ..CircuitEvent::new(met, met, self.breaker.failures()) }
    }
}

impl Transition {
    fn event(self) -> CircuitEvent {
        CircuitEvent {
            tripped: self.tripped,
            ..CircuitEvent::new(self.old_state, self.new_state, self.failures)
        }
    }
}

/// An admitted run. Dropped with the body unfinished, it gives its permit back: as a failure if the body panicked,
/// else as if the run had not been.
struct Held<'a, R: Host, O: Observer> {
    rt: R,
    breaker: &'a Breaker,
    permit: Option<Permit>,
    polling: bool,
    guard: O::Guard,
}

impl<R: Host, O: Observer> Held<'_, R, O> {
    #[inline(always)]
    fn poll<T>(&mut self, poll: impl FnOnce() -> T) -> T {
        self.polling = true;
        let polled = O::poll(&mut self.guard, poll);
        self.polling = false;
        polled
    }

    #[inline(always)]
    fn finish<T, E: Failure>(&mut self, result: &Result<T, Error<E>>, ignore: impl Fn(&Error<E>) -> bool) {
        if let Some(permit) = self.permit {
            match result {
                Ok(_) => self.record(permit, Outcome::<fn() -> String>::Success),
                // A predicate that panics is a panic inside the block, so the permit is still ours here.
                Err(error) if self.poll(|| ignore(error)) => {
                    self.record(permit, Outcome::<fn() -> String>::Ignored);
                }
                Err(error) => self.record(permit, Outcome::Failure(|| error.kind().to_string())),
            }
        }
        finish_block::<O, _, _>(&mut self.guard, result);
    }

    #[inline(always)]
    fn record(&mut self, permit: Permit, outcome: Outcome<impl FnOnce() -> String>) {
        self.permit = None;
        if let Some(transition) = self.breaker.record(permit, outcome, || self.rt.now()) {
            O::circuit(&self.guard, || transition.event());
        }
    }
}

impl<R: Host, O: Observer> Drop for Held<'_, R, O> {
    fn drop(&mut self) {
        match self.permit {
            None => {}
            Some(permit) if self.polling => self.record(permit, Outcome::Failure(|| "panicked".to_owned())),
            Some(permit) => self.record(permit, Outcome::<fn() -> String>::Cancelled),
        }
    }
}

pin_project! {
    #[project = CircuitProjection]
    enum CircuitFuture<'a, Fut, I, R: Host, O: Observer> {
        Running {
            #[pin]
            fut: Fut,
            ignore: &'a I,
            // Last: a block ends after the steps inside it.
            held: Held<'a, R, O>,
        },
        Rejected {
            rejected: Option<Admission>,
            meta: &'static Meta,
            guard: O::Guard,
        },
    }
}

impl<Fut, I, T, E, R, O> Future for CircuitFuture<'_, Fut, I, R, O>
where
    Fut: Future<Output = Result<T, Error<E>>>,
    I: Fn(&Error<E>) -> bool,
    E: Failure,
    R: Host,
    O: Observer,
{
    type Output = Result<T, Error<E>>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            CircuitProjection::Running { fut, ignore, held } => {
                let result = ready!(held.poll(|| fut.poll(cx)));
                held.finish(&result, *ignore);
                Poll::Ready(result)
            }
            CircuitProjection::Rejected { rejected, meta, guard } => {
                let kind = match rejected.take().expect("a future is not polled again after it has finished")
                {
                    Admission::Open(Rejection { retry_after, last_failure }) => {
                        ErrorKind::CircuitOpen { retry_after, last_failure }
                    }
                    _ => ErrorKind::CircuitHalfOpen,
                };
                let error = Error::new(kind, Origin::block(meta));
                O::fail(guard, &error);
                Poll::Ready(Err(error))
            }
        }
    }
}

impl<B, I> fmt::Debug for Circuit<B, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Circuit").field("breaker", &self.breaker).finish_non_exhaustive()
    }
}
