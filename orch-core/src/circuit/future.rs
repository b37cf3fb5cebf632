//! The block `circuit`.

use std::fmt;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;

use super::shared::Arrival;
use super::state::{Admission, Outcome, Permit, Rejection, Transition};
use super::{Breaker, CircuitState, LastFailure};
use crate::cx::Cx;
use crate::error::{Error, ErrorKind, Failure};
use crate::event::CircuitEvent;
use crate::graph::Describe;
use crate::node::{Meta, Origin};
use crate::observe::Observer;
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
        let permit = match self.breaker.arrive(|| cx.rt.now()) {
            Arrival::Admitted(permit) => permit,
            Arrival::Rejected(rejection) => return self.turn_away(rejection, guard),
            Arrival::Undecided(at) => {
                let (admission, transitions) = self.breaker.admit(at, || cx.rt.now());
                for transition in transitions {
                    O::circuit(&guard, || transition.event());
                }
                match admission {
                    Admission::Admitted(permit) => permit,
                    Admission::Open(rejection) => return self.turn_away(rejection, guard),
                    Admission::HalfOpen(_) => {
                        O::circuit(&guard, || self.rejection(CircuitState::HalfOpen));
                        return CircuitFuture::HalfOpen { meta: Some(self.meta), guard };
                    }
                }
            }
        };
        let mut held =
            Held::<R, O> { rt: cx.rt, breaker: &self.breaker, permit: Some(permit), panicked: false, guard };
        let fut = held.poll(|| self.body.run(scope, input, cx.under(obs)));
        CircuitFuture::Running { fut, ignore: &self.ignore, held }
    }

    fn queue<O: Observer>(&self, obs: O) -> O::Queued {
        obs.queue(self.meta)
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        graph.block(self.meta, |graph| self.body.describe(graph));
    }
}

impl<B, I> Circuit<B, I> {
    /// The run of an open circuit.
    #[inline(always)]
    fn turn_away<Fut, R: Host, O: Observer>(
        &self,
        Rejection { retry_after, last_failure }: Rejection,
        guard: O::Guard,
    ) -> CircuitFuture<'_, Fut, I, R, O> {
        let met = if retry_after == Duration::MAX { CircuitState::Isolated } else { CircuitState::Open };
        O::circuit(&guard, || self.rejection(met));
        CircuitFuture::Open { retry_after, last_failure, meta: Some(self.meta), guard }
    }

    /// The event of a rejection. Other runs may have moved the circuit since: it tells what this run met.
    fn rejection(&self, met: CircuitState) -> CircuitEvent {
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
    panicked: bool,
    guard: O::Guard,
}

impl<R: Host, O: Observer> Held<'_, R, O> {
    #[inline(always)]
    fn poll<T>(&mut self, poll: impl FnOnce() -> T) -> T {
        /// Dropped only by a panic on its way out.
        struct Unwinding<'a>(&'a mut bool);

        impl Drop for Unwinding<'_> {
            fn drop(&mut self) {
                *self.0 = true;
            }
        }

        let unwinding = Unwinding(&mut self.panicked);
        let polled = O::poll(&mut self.guard, poll);
        mem::forget(unwinding);
        polled
    }

    #[inline(always)]
    fn succeed(&mut self) {
        if let Some(permit) = self.permit {
            self.record(permit, Outcome::<fn() -> String>::Success);
        }
        O::succeed_block(&mut self.guard);
    }

    fn fail<E: Failure>(&mut self, error: &Error<E>, ignore: impl Fn(&Error<E>) -> bool) {
        if let Some(permit) = self.permit {
            // A predicate that panics is a panic inside the block, so the permit is still ours here.
            if self.poll(|| ignore(error)) {
                self.record(permit, Outcome::<fn() -> String>::Ignored);
            } else {
                self.record(permit, Outcome::Failure(|| error.kind().to_string()));
            }
        }
        O::fail(&mut self.guard, error);
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
            Some(permit) if self.panicked => self.record(permit, Outcome::Failure(|| "panicked".to_owned())),
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
        // Turned away, with what there is to say of it. `meta` is there until it has been said. (One case for both kinds, or
        // one function that ends both, sends the values through memory, and a rejection takes a tenth longer.)
        Open {
            retry_after: Duration,
            last_failure: Option<LastFailure>,
            meta: Option<&'static Meta>,
            guard: O::Guard,
        },
        HalfOpen {
            meta: Option<&'static Meta>,
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
            CircuitProjection::Running { fut, ignore, held } => match ready!(held.poll(|| fut.poll(cx))) {
                Ok(out) => {
                    held.succeed();
                    Poll::Ready(Ok(out))
                }
                Err(error) => {
                    held.fail(&error, *ignore);
                    Poll::Ready(Err(error))
                }
            },
            CircuitProjection::Open { retry_after, last_failure, meta, guard } => {
                let meta = meta.take().expect("a future is not polled again after it has finished");
                let (retry_after, last_failure) = (*retry_after, last_failure.take());
                let error =
                    Error::new(ErrorKind::CircuitOpen { retry_after, last_failure }, Origin::block(meta));
                O::fail(guard, &error);
                Poll::Ready(Err(error))
            }
            CircuitProjection::HalfOpen { meta, guard } => {
                let meta = meta.take().expect("a future is not polled again after it has finished");
                let error = Error::new(ErrorKind::CircuitHalfOpen, Origin::block(meta));
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
