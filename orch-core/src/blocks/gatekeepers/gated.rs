//! A body behind a gatekeeper that lets runs through in order of arrival.
//!
//! What decides is a [`Gate`]: plain data behind a lock, which is told the time. Here is what waiting is, for all of them. A run
//! that is let through at once has neither the code nor the space of a wait, which stands behind a pointer.

use std::convert::Infallible;
use std::fmt;
use std::future::{Future, poll_fn};
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::{Duration, Instant};

use pin_project_lite::pin_project;

use super::{Ticket, Timer, Waiting};
use crate::blocks::shell::{Block, Held};
use crate::blocks::values::Given;
use crate::build::scope::{Point, RefOf};
use crate::error::{Error, ErrorKind, Failure};
use crate::graph::{Describe, Load};
use crate::node::{Meta, Origin};
use crate::run::{Cx, Decision, Step, finish_block};
use crate::runtime::{BoxFuture, Gatekeeper, Report};

/// What lets runs through, or has them wait, or turns them away.
pub(crate) trait Gate: Send + Sync {
    /// What a run holds until it ends; dropped, it goes back.
    type Permit<'a>: Send
    where
        Self: 'a;

    /// What an observer and a runtime know it as.
    fn keeper(&self) -> Gatekeeper<'_>;

    /// What lets a run through at once, if that is all there is to it.
    fn admit(&self, now: impl FnOnce() -> Instant) -> Option<Self::Permit<'_>>;

    /// Why a run that was not let through at once is turned away at once, if it is.
    fn refuse(&self, now: Instant) -> Option<ErrorKind<Infallible>>;

    /// The answer to a run that waits, whenever it looks; it is told by `waker` when it should. While it waits it has a `place`,
    /// and has to [leave](Self::leave) it if it gives up.
    fn wait(&self, place: &mut Option<Place>, now: Instant, waker: Waker) -> Answer<Self::Permit<'_>>;

    /// Who waited gives up.
    fn leave(&self, place: &mut Option<Place>);

    /// A body that was let through is polled from here on, until [`after`](Self::after).
    fn before(&self);

    /// It was polled.
    fn after(&self);

    /// Whether a run that was let through says how it ended.
    const REPORTS: bool;

    /// What it does to the load of a run: a [`Load::Gate`].
    fn load(&self) -> Load;
}

/// Where a run stands that waits.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) ticket: Ticket,
    /// When it came.
    pub(crate) since: Instant,
}

/// The answer to a run that waits.
#[derive(Debug)]
pub(crate) enum Answer<P> {
    Admitted(P),
    Rejected(ErrorKind<Infallible>),
    /// Go on waiting, and look again when this time is over, if there is one. What is told of it, the first time.
    Waits(Waiting, Option<Duration>),
}

/// A block with a body behind a gate, which it is given.
pub struct Gated<B, G> {
    body: B,
    given: G,
    meta: &'static Meta,
}

impl<B, G> Gated<B, G> {
    pub(crate) fn new(body: B, given: G, meta: &'static Meta) -> Self {
        Gated { body, given, meta }
    }
}

impl<P, E, B, G> Block<P, E> for Gated<B, G>
where
    P: Point,
    E: Failure,
    B: Step<P, E>,
    G: Given<P, Value: Gate>,
{
    type Out = B::Out;
    type Asks = B::Asks;

    #[inline(always)]
    fn start<'a, R: Cx + 'a>(
        &'a self,
        scope: RefOf<'a, P>,
        input: P::In,
        held: Held<R>,
    ) -> impl Future<Output = Result<B::Out, Error<E>>> + Send + 'a {
        let Held { cx, mut guard } = held;
        let gate = self.given.get(self.given.see(scope));
        let at = At { gate, meta: self.meta, run: cx };
        let begin = move || self.body.enter(scope, input, cx);
        let answer = cx.admit(self.meta, gate.keeper());
        if answer.is_none()
            && let Some(permit) = gate.admit(|| cx.now())
        {
            cx.admitted(self.meta, gate.keeper(), || Ok(()));
            let mut holds = Holds { at, permit: Some(permit), panicked: false, guard };
            let fut = holds.poll(begin);
            return GatedFuture { fut: Some(fut), wait: None, holds };
        }
        let wait = arrive(at, answer, begin, &mut guard);
        GatedFuture { fut: None, wait: Some(wait), holds: Holds { at, permit: None, panicked: false, guard } }
    }

    fn load(&self) -> Load {
        self.given.known().map_or(Load::Unknown, Gate::load)
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        self.body.describe(graph);
    }
}

/// What a run needs of the block.
struct At<'a, G, R> {
    gate: &'a G,
    meta: &'static Meta,
    run: R,
}

impl<G, R: Copy> Clone for At<'_, G, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<G, R: Copy> Copy for At<'_, G, R> {}

impl<G: Gate, R: Cx> At<'_, G, R> {
    fn admitted(self, answer: Result<(), &ErrorKind<Infallible>>) {
        self.run.admitted(self.meta, self.gate.keeper(), || answer.map_err(Clone::clone));
    }
}

/// A run comes to a gate that does not let it through at once, or that the runtime answers for.
#[cold]
#[inline(never)]
fn arrive<'a, Fut, G: Gate, R: Cx + 'a>(
    at: At<'a, G, R>,
    answer: Option<Decision>,
    begin: impl FnOnce() -> Fut + Send + 'a,
    guard: &mut R::Guard,
) -> Box<dyn Wait<'a, Fut, G, R> + 'a> {
    let refused = match answer {
        Some(Decision::Pass) => return Box::new(Passes(begin)),
        Some(Decision::Arrive) => {
            let told = Arc::default();
            let answer = at.run.arrive(at.meta, at.gate.keeper(), asks(at, Arc::clone(&told)));
            return Box::new(Arrives { begin, answer, told });
        }
        Some(Decision::Reject(kind)) => Some(kind),
        None => {
            let refused = R::poll(guard, || at.gate.refuse(at.run.now()));
            if let Some(kind) = &refused {
                at.admitted(Err(kind));
            }
            refused
        }
    };
    let Some(kind) = refused else {
        return Box::new(Waits { asker: Asker::new(at), begin, is_told: false });
    };
    // Here a panic of what was kept for the body still is the block's.
    R::poll(guard, || drop(begin));
    Box::new(Refused(Some(kind)))
}

/// A run that was let through. Dropped with the body unfinished, it gives back what it holds.
struct Holds<'a, G: Gate, R: Cx> {
    at: At<'a, G, R>,
    /// `None` once that is back, and where the runtime let the run pass.
    permit: Option<G::Permit<'a>>,
    panicked: bool,
    // Last: a block ends after the steps inside it, and after its permit is back.
    guard: R::Guard,
}

impl<G: Gate, R: Cx> Holds<'_, G, R> {
    #[inline(always)]
    fn poll<T>(&mut self, poll: impl FnOnce() -> T) -> T {
        /// Dropped only by a panic on its way out.
        struct Unwinding<'a, G: Gate>(&'a G, &'a mut bool);

        impl<G: Gate> Drop for Unwinding<'_, G> {
            fn drop(&mut self) {
                self.0.after();
                *self.1 = true;
            }
        }

        let gate = self.at.gate;
        gate.before();
        let unwinding = Unwinding(gate, &mut self.panicked);
        let polled = R::poll(&mut self.guard, poll);
        mem::forget(unwinding);
        gate.after();
        polled
    }

    #[inline(always)]
    fn finish<T, E: Failure>(&mut self, result: &Result<T, Error<E>>) {
        self.give_back(|| match result {
            Ok(_) => Report::Succeeded,
            Err(error) if matches!(error.kind(), ErrorKind::Cancelled) => Report::Cancelled,
            Err(_) => Report::Failed,
        });
        finish_block::<R, _, _>(&mut self.guard, result);
    }

    #[inline(always)]
    fn give_back(&mut self, report: impl FnOnce() -> Report) {
        let Some(permit) = self.permit.take() else { return };
        drop(permit);
        if G::REPORTS {
            // Whether it counts or not, there is nothing but the place to give back.
            let _ = self.at.run.reports(self.at.meta, self.at.gate.keeper(), report);
        }
    }
}

impl<G: Gate, R: Cx> Drop for Holds<'_, G, R> {
    #[inline(always)]
    fn drop(&mut self) {
        let panicked = self.panicked;
        self.give_back(|| if panicked { Report::Failed } else { Report::Cancelled });
    }
}

const OVER: &str = "a future is not polled again after it has finished";

pin_project! {
    // Not an enum: where one was moved, its variants were copied in pieces that fit both.
    #[project = Projected]
    struct GatedFuture<'a, Fut, G: Gate, R: Cx> {
        // The body, from when on the run was let through.
        #[pin]
        fut: Option<Fut>,
        // Until then. Behind a pointer, so that a run that is let through at once has no space for it.
        wait: Option<Box<dyn Wait<'a, Fut, G, R> + 'a>>,
        holds: Holds<'a, G, R>,
    }
}

impl<Fut, G, T, E, R> Future for GatedFuture<'_, Fut, G, R>
where
    Fut: Future<Output = Result<T, Error<E>>>,
    G: Gate,
    E: Failure,
    R: Cx,
{
    type Output = Result<T, Error<E>>;

    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // Whatever comes before the body is done apart, and then there is one place where it is polled, as it is compiled
        // into this.
        if self.fut.is_none()
            && let Err(kind) = ready!(self.as_mut().poll_wait(cx))
        {
            return Poll::Ready(Err(self.turned_away(kind)));
        }
        let Projected { fut, holds, .. } = self.project();
        let Some(fut) = fut.as_pin_mut() else { panic!("{OVER}") };
        let result = ready!(holds.poll(|| fut.poll(cx)));
        holds.finish(&result);
        Poll::Ready(result)
    }
}

impl<Fut, G: Gate, R: Cx> GatedFuture<'_, Fut, G, R> {
    #[cold]
    #[inline(never)]
    fn poll_wait(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), ErrorKind<Infallible>>> {
        let Projected { mut fut, wait, holds } = self.as_mut().project();
        let Some(waits) = wait else { panic!("{OVER}") };
        let answer = ready!(waits.poll_answer(cx, &mut holds.guard));
        let waits = wait.take();
        Poll::Ready(match answer {
            Ok(permit) => {
                holds.permit = permit;
                fut.set(waits.map(|waits| holds.poll(|| waits.begin())));
                Ok(())
            }
            Err(kind) => {
                R::poll(&mut holds.guard, || drop(waits));
                Err(kind)
            }
        })
    }

    #[cold]
    fn turned_away<E: Failure>(self: Pin<&mut Self>, kind: ErrorKind<Infallible>) -> Error<E> {
        let Projected { holds, .. } = self.project();
        let error = Error::new(kind.map(|never| match never {}), Origin::block(holds.at.meta));
        R::fail(&mut holds.guard, &error);
        super::turn_away();
        error
    }
}

/// A run that waits, and then begins its body, which is a `Fut`.
trait Wait<'a, Fut, G: Gate, R: Cx>: Send {
    /// Waits until the gate has an answer other than to wait. There is no permit where the runtime let the run pass.
    fn poll_answer(&mut self, cx: &mut Context<'_>, guard: &mut R::Guard) -> Poll<Answered<'a, G>>;

    fn begin(self: Box<Self>) -> Fut;
}

type Answered<'a, G> = Result<Option<<G as Gate>::Permit<'a>>, ErrorKind<Infallible>>;

struct Waits<'a, G: Gate, R, S> {
    asker: Asker<'a, G, R>,
    begin: S,
    is_told: bool,
}

/// The runtime lets it pass.
struct Passes<S>(S);

impl<'a, Fut, G, R, S> Wait<'a, Fut, G, R> for Passes<S>
where
    G: Gate,
    R: Cx,
    S: FnOnce() -> Fut + Send,
{
    fn poll_answer(&mut self, _cx: &mut Context<'_>, _guard: &mut R::Guard) -> Poll<Answered<'a, G>> {
        Poll::Ready(Ok(None))
    }

    fn begin(self: Box<Self>) -> Fut {
        (self.0)()
    }
}

/// The runtime takes its arrival on.
struct Arrives<'a, G: Gate + 'a, S> {
    begin: S,
    answer: BoxFuture<'a, Answered<'a, G>>,
    told: Arc<Mutex<Option<Waiting>>>,
}

impl<'a, Fut, G, R, S> Wait<'a, Fut, G, R> for Arrives<'a, G, S>
where
    G: Gate,
    R: Cx,
    S: FnOnce() -> Fut + Send,
{
    fn poll_answer(&mut self, cx: &mut Context<'_>, guard: &mut R::Guard) -> Poll<Answered<'a, G>> {
        let answer = R::poll(guard, || self.answer.as_mut().poll(cx));
        if let Some(waiting) = self.told.lock().unwrap_or_else(PoisonError::into_inner).take() {
            R::tell(guard, || waiting);
        }
        answer
    }

    fn begin(self: Box<Self>) -> Fut {
        (self.begin)()
    }
}

/// Asks the gate, and waits for its answer.
async fn asks<'a, G: Gate, R: Cx + 'a>(
    at: At<'a, G, R>,
    told: Arc<Mutex<Option<Waiting>>>,
) -> Result<G::Permit<'a>, ErrorKind<Infallible>> {
    let answer = match at.gate.admit(|| at.run.now()) {
        Some(permit) => Ok(permit),
        None => match at.gate.refuse(at.run.now()) {
            Some(kind) => Err(kind),
            None => {
                let (mut asker, mut tells) = (Asker::new(at), Some(told));
                return poll_fn(|cx| {
                    asker.poll(cx, |waiting| {
                        if let Some(told) = tells.take() {
                            *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(waiting);
                        }
                    })
                })
                .await;
            }
        },
    };
    at.admitted(answer.as_ref().map(|_| ()));
    answer
}

/// It was turned away, which is said when it is polled.
struct Refused(Option<ErrorKind<Infallible>>);

impl<'a, Fut, G: Gate, R: Cx> Wait<'a, Fut, G, R> for Refused {
    fn poll_answer(&mut self, _cx: &mut Context<'_>, _guard: &mut R::Guard) -> Poll<Answered<'a, G>> {
        Poll::Ready(Err(self.0.take().expect(OVER)))
    }

    fn begin(self: Box<Self>) -> Fut {
        unreachable!("it is not let through")
    }
}

/// A place in the queue, which is given back when this is dropped.
struct Turn<'a, G: Gate> {
    gate: &'a G,
    place: Option<Place>,
}

/// A run that asks until it has an answer.
struct Asker<'a, G: Gate, R> {
    at: At<'a, G, R>,
    timer: Option<Timer<'a>>,
    turn: Turn<'a, G>,
}

impl<'a, G: Gate, R: Cx + 'a> Asker<'a, G, R> {
    fn new(at: At<'a, G, R>) -> Self {
        Asker { at, timer: None, turn: Turn { gate: at.gate, place: None } }
    }

    /// What there is to tell of the wait is `told` each time that it looks.
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        mut told: impl FnMut(Waiting),
    ) -> Poll<Result<G::Permit<'a>, ErrorKind<Infallible>>> {
        let At { gate, run, meta } = self.at;
        for _ in 0..2 {
            let now = run.now();
            match gate.wait(&mut self.turn.place, now, cx.waker().clone()) {
                Answer::Admitted(permit) => {
                    self.timer = None;
                    self.at.admitted(Ok(()));
                    return Poll::Ready(Ok(permit));
                }
                Answer::Rejected(kind) => {
                    self.timer = None;
                    self.at.admitted(Err(&kind));
                    return Poll::Ready(Err(kind));
                }
                Answer::Waits(waiting, time) => {
                    told(waiting);
                    let Some(time) = time else {
                        self.timer = None;
                        return Poll::Pending;
                    };
                    ready!(Timer::poll(&mut self.timer, run, now, time, Some(Origin::block(meta)), cx));
                }
            }
        }
        // On a clock that does not follow its own timers there would be no end of this.
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl<'a, Fut, G, R, S> Wait<'a, Fut, G, R> for Waits<'a, G, R, S>
where
    G: Gate,
    R: Cx + 'a,
    S: FnOnce() -> Fut + Send,
{
    fn poll_answer(&mut self, cx: &mut Context<'_>, guard: &mut R::Guard) -> Poll<Answered<'a, G>> {
        let mut told = None;
        let answer = R::poll(guard, || self.asker.poll(cx, |waiting| told = Some(waiting)));
        if let Some(waiting) = told
            && !mem::replace(&mut self.is_told, true)
        {
            R::tell(guard, || waiting);
        }
        answer.map_ok(Some)
    }

    fn begin(self: Box<Self>) -> Fut {
        (self.begin)()
    }
}

impl<G: Gate> Drop for Turn<'_, G> {
    fn drop(&mut self) {
        self.gate.leave(&mut self.place);
    }
}

/// How long a wait that began at `since` may last yet; `None` for ever.
pub(crate) fn time_left(max_wait: Option<Duration>, since: Instant, now: Instant) -> Option<Duration> {
    max_wait.map(|max_wait| max_wait.saturating_sub(now.saturating_duration_since(since)))
}

impl<B, G> fmt::Debug for Gated<B, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gated").field("block", &Origin::block(self.meta)).finish_non_exhaustive()
    }
}
