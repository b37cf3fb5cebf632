//! The block `circuit`.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;

use super::answers::{Admission, Rejection, Transition};
use super::arriving::{Arrived, Wait, arrive, taken_on, turn_away};
use super::held::Held;
use super::permit::Permit;
use super::shared::Arrival;
use super::{Breaker, CircuitEvent, CircuitState};
use crate::blocks::gatekeepers;
use crate::blocks::shell::{self, Block};
use crate::blocks::values::{Given, Predicate};
use crate::build::scope::{Point, RefOf};
use crate::error::{Error, ErrorKind, Failure, LastFailure};
use crate::graph::{Bound, Describe, Load};
use crate::node::{Meta, Origin};
use crate::run::Cx;
use crate::run::Step;
use crate::runtime::Gatekeeper;

/// The block `circuit`.
pub struct Circuit<B, G, I> {
    pub(super) body: B,
    pub(super) door: G,
    pub(super) ignore: I,
}

/// Where runs come to the circuit.
#[derive(Debug)]
pub struct Door {
    pub(super) breaker: Breaker,
    pub(super) meta: &'static Meta,
}

impl Door {
    /// What an observer and a runtime know the circuit as.
    pub(super) fn keeper(&self) -> Gatekeeper<'_> {
        Gatekeeper::Circuit(&self.breaker)
    }
}

impl<P, E, B, G, I> Block<P, E> for Circuit<B, G, I>
where
    P: Point,
    E: Failure,
    B: Step<P, E>,
    G: Given<P, Value = Door>,
    I: Predicate<P::Scope, E>,
{
    type Out = B::Out;
    type Asks = B::Asks;

    #[inline(always)]
    fn start<'a, R: Cx + 'a>(
        &'a self,
        scope: RefOf<'a, P>,
        input: P::In,
        held: shell::Held<R>,
    ) -> impl Future<Output = Result<B::Out, Error<E>>> + Send + 'a {
        let shell::Held { cx, mut guard } = held;
        let door = self.door.get(self.door.see(scope));
        let seen = self.ignore.see(scope);
        let ignore = move |error: &Error<E>| self.ignore.ask(seen, error);
        if let Some(answer) = cx.admit(door.meta, door.keeper()) {
            let begin = move || self.body.enter(scope, input, cx);
            let wait = Ok(taken_on::<_, _, R>((door, ignore, cx), answer, begin));
            return CircuitFuture::Aside { wait, meta: door.meta, guard: Some(guard) };
        }
        let permit = match door.breaker.arrive(|| cx.now()) {
            Arrival::Admitted(permit) => permit,
            Arrival::Rejected(rejection) => {
                turn_away::<R>(&mut guard, CircuitState::Open, &door.breaker, input);
                cx.admitted(door.meta, door.keeper(), || Err(rejection.kind()));
                return open(door.meta, rejection, guard);
            }
            Arrival::Undecided(time) => {
                let at = (door, ignore, cx);
                let begin = move || self.body.enter(scope, input, cx);
                let wait = match arrive::<_, _, R>(at, time, begin, &mut guard) {
                    Arrived::Open(rejection) => return open(door.meta, rejection, guard),
                    Arrived::Waits(wait) => Ok(wait),
                    Arrived::HalfOpen => Err(CircuitState::HalfOpen),
                    Arrived::Isolated => Err(CircuitState::Isolated),
                };
                return CircuitFuture::Aside { wait, meta: door.meta, guard: Some(guard) };
            }
        };
        cx.admitted(door.meta, door.keeper(), || Ok(()));
        let mut held = Held::<R>::closed(cx, door, permit, guard);
        let fut = held.poll(|| self.body.enter(scope, input, cx));
        CircuitFuture::Running { fut, ignore, held }
    }

    fn load(&self) -> Load {
        let waits = self.door.known().is_none_or(|door| door.breaker.waits());
        Load::Gate { places: Bound::NONE, wait: if waits { Bound::NONE } else { Bound::of(Duration::ZERO) } }
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        self.body.describe(graph);
    }
}

/// The run of an open circuit.
#[inline(always)]
fn open<'a, Fut, I, R: Cx>(
    meta: &'static Meta,
    Rejection { retry_after, last_failure }: Rejection,
    guard: R::Guard,
) -> CircuitFuture<'a, Fut, I, R> {
    CircuitFuture::Open { retry_after, last_failure, meta: Some(meta), guard }
}

impl Transition {
    pub(super) fn event(self) -> CircuitEvent {
        CircuitEvent {
            tripped: self.tripped,
            by_rate: self.by_rate,
            ..CircuitEvent::new(self.old_state, self.new_state, self.failures)
        }
    }
}

impl Rejection {
    pub(super) fn kind<E>(&self) -> ErrorKind<E> {
        let last_failure = self.last_failure.clone();
        ErrorKind::CircuitOpen { retry_after: self.retry_after, last_failure, isolated: false }
    }
}

const OVER: &str = "a future is not polled again after it has finished";

pin_project! {
    #[project = CircuitProjection]
    enum CircuitFuture<'a, Fut, I, R: Cx> {
        Running {
            #[pin]
            fut: Fut,
            ignore: I,
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
        // All else that can be at a circuit that is not closed: to wait, or to have been turned away by one in that state.
        // A closed one turns away by the runtime alone. `guard` is there until the body begins or that has been said. (A case for each costs every run of a closed circuit
        // some instructions.)
        Aside {
            wait: Result<Box<dyn Wait<'a, Fut, I, R> + 'a>, CircuitState>,
            meta: &'static Meta,
            guard: Option<R::Guard>,
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
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // Whatever has to be done before a body is polled is done apart, and then there is one place where it is polled, as it
        // is compiled into this.
        match self.as_mut().project() {
            CircuitProjection::Running { held, .. } if held.is_usual() => {}
            CircuitProjection::Open { .. } => {}
            _ => ready!(self.as_mut().poll_aside(cx)),
        }
        match self.project() {
            CircuitProjection::Running { fut, ignore, held } => match held.poll(|| fut.poll(cx)) {
                Poll::Pending => {
                    held.leave();
                    Poll::Pending
                }
                Poll::Ready(Ok(out)) => {
                    held.succeed();
                    Poll::Ready(Ok(out))
                }
                Poll::Ready(Err(error)) => {
                    held.fail(&error, &*ignore);
                    Poll::Ready(Err(error))
                }
            },
            CircuitProjection::Open { retry_after, last_failure, meta, guard } => {
                let meta = meta.take().expect(OVER);
                let (retry_after, last_failure) = (*retry_after, last_failure.take());
                let kind = ErrorKind::CircuitOpen { retry_after, last_failure, isolated: false };
                let error = Error::new(kind, Origin::block(meta));
                R::fail(guard, &error);
                gatekeepers::turn_away();
                Poll::Ready(Err(error))
            }
            CircuitProjection::Aside { wait, meta, guard } => {
                let mut guard = guard.take().expect(OVER);
                let kind = match wait {
                    Err(CircuitState::Isolated) => ErrorKind::CircuitOpen {
                        retry_after: Duration::MAX,
                        last_failure: None,
                        isolated: true,
                    },
                    Err(CircuitState::Closed) => ErrorKind::Rejected,
                    _ => ErrorKind::CircuitHalfOpen,
                };
                let error = Error::new(kind, Origin::block(meta));
                R::fail(&mut guard, &error);
                gatekeepers::turn_away();
                Poll::Ready(Err(error))
            }
        }
    }
}

impl<'a, Fut, I, R: Cx> CircuitFuture<'a, Fut, I, R> {
    /// What comes before the body is polled where the circuit was not closed when the run came: the answer that it waits
    /// for, and that this thread is inside of a probe from here on.
    #[cold]
    #[inline(never)]
    fn poll_aside(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if let CircuitProjection::Aside { wait, meta, guard } = self.as_mut().project()
            && let (Ok(waits), Some(watched)) = (&mut *wait, &mut *guard)
        {
            let polled = R::poll(watched, || waits.poll_answer(cx));
            for transition in waits.transitions() {
                R::tell(watched, || transition.event());
            }
            if let Some(waiting) = waits.told() {
                R::tell(watched, || waiting);
            }
            let answer = ready!(polled);
            let meta = *meta;
            if let (Ok(waits), Some(guard)) = (mem::replace(wait, Err(CircuitState::HalfOpen)), guard.take())
            {
                self.set(Self::answered(answer, waits, meta, guard));
            }
        }
        if let CircuitProjection::Running { held, .. } = self.project() {
            held.enter();
        }
        Poll::Ready(())
    }

    /// What becomes of a run that waited.
    fn answered(
        answer: Admission,
        waits: Box<dyn Wait<'a, Fut, I, R> + 'a>,
        meta: &'static Meta,
        mut guard: R::Guard,
    ) -> Self {
        let (door, _, run) = waits.at();
        let is_asked = waits.is_asked();
        let tell = |answer: Result<(), ErrorKind<Infallible>>| {
            if is_asked {
                run.admitted(meta, door.keeper(), || answer);
            }
        };
        let (met, rejection) = match answer {
            Admission::Admitted(permit) => {
                tell(Ok(()));
                return Self::begin(waits, Some(permit), guard);
            }
            Admission::Joined => {
                tell(Ok(()));
                return Self::begin(waits, None, guard);
            }
            Admission::Open(rejection) => (CircuitState::Open, Some(rejection)),
            Admission::Isolated => (CircuitState::Isolated, None),
            Admission::HalfOpen | Admission::Waits(_) => (CircuitState::HalfOpen, None),
            Admission::Rejected => {
                R::poll(&mut guard, || drop(waits));
                return CircuitFuture::Aside { wait: Err(CircuitState::Closed), meta, guard: Some(guard) };
            }
        };
        turn_away::<R>(&mut guard, met, &door.breaker, waits);
        match rejection {
            Some(rejection) => {
                tell(Err(rejection.kind()));
                let Rejection { retry_after, last_failure } = rejection;
                CircuitFuture::Open { retry_after, last_failure, meta: Some(meta), guard }
            }
            None => {
                tell(Err(if met == CircuitState::Isolated {
                    ErrorKind::circuit_isolated()
                } else {
                    ErrorKind::CircuitHalfOpen
                }));
                CircuitFuture::Aside { wait: Err(met), meta, guard: Some(guard) }
            }
        }
    }

    fn begin(waits: Box<dyn Wait<'a, Fut, I, R> + 'a>, permit: Option<Permit>, guard: R::Guard) -> Self {
        let (door, ignore, run) = waits.at();
        let mut held = Held::new(run, door, permit, guard);
        held.enter();
        let fut = held.poll(|| waits.begin());
        held.leave();
        CircuitFuture::Running { fut, ignore, held }
    }
}

impl<B, G: fmt::Debug, I> fmt::Debug for Circuit<B, G, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Circuit").field("door", &self.door).finish_non_exhaustive()
    }
}
