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
use super::{Breaker, CircuitEvent, CircuitState, LastFailure};
use crate::error::{Error, ErrorKind, Failure};
use crate::graph::Describe;
use crate::node::{Meta, Origin};
use crate::run::Cx;
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
    type Asks = B::Asks;

    #[inline(always)]
    fn run<'a, R: Cx + 'a>(
        &'a self,
        scope: RefOf<'a, P>,
        input: P::In,
        cx: R,
    ) -> impl Future<Output = Result<B::Out, Error<E>>> + Send + 'a {
        let (inside, guard) = cx.block(self.meta);
        let permit = match self.breaker.arrive(|| cx.now()) {
            Arrival::Admitted(permit) => permit,
            Arrival::Rejected(rejection) => return self.turn_away(rejection, guard),
            Arrival::Undecided(at) => {
                let (admission, transitions) = self.breaker.admit(at, || cx.now());
                for transition in transitions {
                    R::tell(&guard, || transition.event());
                }
                match admission {
                    Admission::Admitted(permit) => permit,
                    Admission::Open(rejection) => return self.turn_away(rejection, guard),
                    Admission::HalfOpen(_) => {
                        R::tell(&guard, || self.rejection(CircuitState::HalfOpen));
                        return CircuitFuture::HalfOpen { meta: Some(self.meta), guard };
                    }
                }
            }
        };
        let mut held = Held::<R> { cx, breaker: &self.breaker, permit: Some(permit), panicked: false, guard };
        let fut = held.poll(|| self.body.run(scope, input, inside));
        CircuitFuture::Running { fut, ignore: &self.ignore, held }
    }

    fn queue<R: Cx>(&self, cx: R) -> R::Queued {
        cx.queue(self.meta)
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        graph.block(self.meta, |graph| self.body.describe(graph));
    }
}

impl<B, I> Circuit<B, I> {
    /// The run of an open circuit.
    #[inline(always)]
    fn turn_away<Fut, R: Cx>(
        &self,
        Rejection { retry_after, last_failure }: Rejection,
        guard: R::Guard,
    ) -> CircuitFuture<'_, Fut, I, R> {
        let met = if retry_after == Duration::MAX { CircuitState::Isolated } else { CircuitState::Open };
        R::tell(&guard, || self.rejection(met));
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
struct Held<'a, R: Cx> {
    cx: R,
    breaker: &'a Breaker,
    permit: Option<Permit>,
    panicked: bool,
    guard: R::Guard,
}

impl<R: Cx> Held<'_, R> {
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
        let polled = R::poll(&mut self.guard, poll);
        mem::forget(unwinding);
        polled
    }

    #[inline(always)]
    fn succeed(&mut self) {
        if let Some(permit) = self.permit {
            self.record(permit, Outcome::<fn() -> String>::Success);
        }
        R::succeed_block(&mut self.guard);
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
        R::fail(&mut self.guard, error);
    }

    #[inline(always)]
    fn record(&mut self, permit: Permit, outcome: Outcome<impl FnOnce() -> String>) {
        self.permit = None;
        if let Some(transition) = self.breaker.record(permit, outcome, || self.cx.now()) {
            R::tell(&self.guard, || transition.event());
        }
    }
}

impl<R: Cx> Drop for Held<'_, R> {
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
    enum CircuitFuture<'a, Fut, I, R: Cx> {
        Running {
            #[pin]
            fut: Fut,
            ignore: &'a I,
            // Last: a block ends after the steps inside it.
            held: Held<'a, R>,
        },
        // Turned away, with what there is to say of it. `meta` is there until it has been said. (One case for both kinds, or
        // one function that ends both, sends the values through memory, and a rejection takes a tenth longer.)
        Open {
            retry_after: Duration,
            last_failure: Option<LastFailure>,
            meta: Option<&'static Meta>,
            guard: R::Guard,
        },
        HalfOpen {
            meta: Option<&'static Meta>,
            guard: R::Guard,
        },
    }
}

impl<Fut, I, T, E, R> Future for CircuitFuture<'_, Fut, I, R>
where
    Fut: Future<Output = Result<T, Error<E>>>,
    I: Fn(&Error<E>) -> bool,
    E: Failure,
    R: Cx,
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
                R::fail(guard, &error);
                Poll::Ready(Err(error))
            }
            CircuitProjection::HalfOpen { meta, guard } => {
                let meta = meta.take().expect("a future is not polled again after it has finished");
                let error = Error::new(ErrorKind::CircuitHalfOpen, Origin::block(meta));
                R::fail(guard, &error);
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
