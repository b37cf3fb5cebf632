//! A run whose body has not begun, at a circuit that was neither closed nor simply open.
//!
//! It stands apart from the block's future, and most of it behind a pointer, so that a run of a closed circuit has neither
//! its code nor its space.

use std::convert::Infallible;
use std::future::poll_fn;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use super::answers::{Admission, Rejection, Transition, Transitions};
use super::future::Door;
use super::{Breaker, CircuitEvent, CircuitState};
use crate::blocks::gatekeepers::{self, Ticket, Timer};
use crate::error::ErrorKind;
use crate::node::{Meta, Origin};
use crate::run::{Cx, Decision};
use crate::runtime::BoxFuture;

/// What became of a run that met such a circuit.
pub(super) enum Arrived<'a, Fut, I, R> {
    /// It waits for the answer, or has one that lets it begin.
    Waits(Box<dyn Wait<'a, Fut, I, R> + 'a>),
    /// It was [turned away](turn_away).
    Open(Rejection),
    HalfOpen,
    Isolated,
}

/// What a run needs of the block.
pub(super) type At<'a, I, R> = (&'a Door, I, R);

/// A run arrives `at` a circuit, and the time may be known. `begin` begins the body, and keeps the piped value until then.
#[cold]
#[inline(never)]
pub(super) fn arrive<'a, Fut, I, R>(
    at: At<'a, I, R>,
    time: Option<Instant>,
    begin: impl FnOnce() -> Fut + Send + 'a,
    guard: &mut R::Guard,
) -> Arrived<'a, Fut, I, R>
where
    I: Copy + Send + Sync + 'a,
    R: Cx + 'a,
{
    let (door, _, cx) = at;
    let breaker = &door.breaker;
    let (answer, transitions) = R::poll(guard, || breaker.admit(time, || cx.now()));
    for transition in transitions {
        R::tell(guard, || transition.event());
    }
    let (met, turned_away) = match answer {
        Admission::Open(rejection) => (CircuitState::Open, Arrived::Open(rejection)),
        Admission::HalfOpen => (CircuitState::HalfOpen, Arrived::HalfOpen),
        Admission::Isolated => (CircuitState::Isolated, Arrived::Isolated),
        Admission::Rejected => unreachable!("the circuit was asked"),
        Admission::Admitted(_) | Admission::Joined | Admission::Waits(_) => {
            let answer = Some(answer).filter(|answer| !matches!(answer, Admission::Waits(_)));
            let asker = Asker::new(breaker, cx, door.meta, answer);
            return Arrived::Waits(Box::new(Waiting { at, begin, asker, is_asked: true }));
        }
    };
    turn_away::<R>(guard, met, breaker, begin);
    cx.admitted(door.meta, door.keeper(), || {
        Err(match &turned_away {
            Arrived::Open(rejection) => rejection.kind(),
            Arrived::Isolated => ErrorKind::circuit_isolated(),
            Arrived::HalfOpen | Arrived::Waits(_) => ErrorKind::CircuitHalfOpen,
        })
    });
    turned_away
}

/// A run that the runtime answers for, as if the circuit `at` which it arrives had, or whose arrival it takes on.
#[cold]
#[inline(never)]
pub(super) fn taken_on<'a, Fut, I, R>(
    at: At<'a, I, R>,
    answer: Decision,
    begin: impl FnOnce() -> Fut + Send + 'a,
) -> Box<dyn Wait<'a, Fut, I, R> + 'a>
where
    I: Copy + Send + Sync + 'a,
    R: Cx + 'a,
{
    let (door, _, run) = at;
    let answer = match answer {
        // As a part of a probe it reports nothing.
        Decision::Pass => Admission::Joined,
        Decision::Reject(kind) => Admission::of(kind),
        Decision::Arrive => {
            let news = Arc::default();
            let asks = asks(door, run, Arc::clone(&news));
            let answer = run.arrive(door.meta, door.keeper(), asks);
            return Box::new(Arriving { at, begin, answer, news });
        }
    };
    let asker = Asker::new(&door.breaker, run, door.meta, Some(answer));
    Box::new(Waiting { at, begin, asker, is_asked: false })
}

impl Admission {
    /// That of a runtime that turns a run away.
    fn of(kind: ErrorKind<Infallible>) -> Self {
        match kind {
            ErrorKind::CircuitOpen { isolated: true, .. } => Admission::Isolated,
            ErrorKind::CircuitOpen { retry_after, last_failure, .. } => {
                Admission::Open(Rejection { retry_after, last_failure })
            }
            ErrorKind::CircuitHalfOpen => Admission::HalfOpen,
            _ => Admission::Rejected,
        }
    }
}

/// Tells the bus that a run is turned away, and drops what was kept for its body: here, where a panic of it still is the
/// block's. Other runs may have moved the circuit since: the event says what this run met.
#[inline(always)]
pub(super) fn turn_away<R: Cx>(guard: &mut R::Guard, met: CircuitState, breaker: &Breaker, kept: impl Sized) {
    R::tell(guard, || CircuitEvent { rejected: true, ..CircuitEvent::new(met, met, breaker.failures()) });
    R::poll(guard, || drop(kept));
}

/// A run that waits, and then begins its body, which is a `Fut`.
pub(super) trait Wait<'a, Fut, I, R>: Send {
    fn at(&self) -> At<'a, I, R>;

    /// Waits until the circuit has an answer other than to wait.
    fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<Admission>;

    /// The changes that were seen on the way.
    fn transitions(&mut self) -> Vec<Transition>;

    /// That it waits, the first time that it does.
    fn told(&mut self) -> Option<gatekeepers::Waiting>;

    /// Whether it was the circuit that had to answer.
    fn is_asked(&self) -> bool;

    fn begin(self: Box<Self>) -> Fut;
}

struct Waiting<'a, I, R, S> {
    at: At<'a, I, R>,
    begin: S,
    asker: Asker<'a, R>,
    is_asked: bool,
}

/// A run that waits at the circuit.
struct Asker<'a, R> {
    run: R,
    meta: &'static Meta,
    timer: Option<Timer<'a>>,
    turn: Turn<'a>,
    told: Told,
    transitions: Transitions,
}

/// What there is to tell of the wait.
#[derive(Default)]
enum Told {
    #[default]
    Nothing,
    Waits(Duration),
    All,
}

/// What a run has of the circuit before its body begins. Dropped, it gives that back.
struct Turn<'a> {
    breaker: &'a Breaker,
    answer: Option<Admission>,
    place: Option<Ticket>,
}

impl<'a, Fut, I, R, S> Wait<'a, Fut, I, R> for Waiting<'a, I, R, S>
where
    I: Copy + Send + Sync + 'a,
    R: Cx + 'a,
    S: FnOnce() -> Fut + Send,
{
    fn at(&self) -> At<'a, I, R> {
        self.at
    }

    fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<Admission> {
        self.asker.poll(cx)
    }

    fn transitions(&mut self) -> Vec<Transition> {
        mem::take(&mut self.asker.transitions).into_iter().collect()
    }

    fn told(&mut self) -> Option<gatekeepers::Waiting> {
        self.asker.told()
    }

    fn is_asked(&self) -> bool {
        self.is_asked
    }

    fn begin(self: Box<Self>) -> Fut {
        (self.begin)()
    }
}

impl<'a, R: Cx + 'a> Asker<'a, R> {
    fn new(breaker: &'a Breaker, run: R, meta: &'static Meta, answer: Option<Admission>) -> Self {
        Asker {
            run,
            meta,
            timer: None,
            turn: Turn { breaker, answer, place: None },
            told: Told::default(),
            transitions: Transitions::default(),
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Admission> {
        if let Some(answer) = self.turn.answer.take() {
            return Poll::Ready(answer);
        }
        let (breaker, run) = (self.turn.breaker, self.run);
        for _ in 0..2 {
            let now = run.now();
            let (answer, transitions) = breaker.wait(&mut self.turn.place, now, cx.waker().clone());
            match answer {
                Admission::Waits(time) => {
                    if let Told::Nothing = self.told {
                        self.told = Told::Waits(time);
                    }
                    ready!(Timer::poll(&mut self.timer, run, now, time, Some(Origin::block(self.meta)), cx));
                }
                answer => {
                    self.timer = None;
                    self.transitions = transitions;
                    return Poll::Ready(answer);
                }
            }
        }
        // On a clock that does not follow its own timers there would be no end of this.
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn told(&mut self) -> Option<gatekeepers::Waiting> {
        let Told::Waits(time) = self.told else { return None };
        self.told = Told::All;
        Some(gatekeepers::Waiting { cause: "a probe is under way", time: Some(time) })
    }
}

/// A run whose arrival the runtime takes on.
struct Arriving<'a, I, R, S> {
    at: At<'a, I, R>,
    begin: S,
    answer: BoxFuture<'a, Result<Option<Turn<'a>>, ErrorKind<Infallible>>>,
    news: Arc<Mutex<News>>,
}

/// What there is to tell of a wait that the runtime drives.
#[derive(Default)]
struct News {
    transitions: Vec<Transition>,
    waiting: Option<gatekeepers::Waiting>,
}

/// Asks the circuit, and waits for its answer.
async fn asks<'a, R: Cx + 'a>(
    door: &'a Door,
    run: R,
    news: Arc<Mutex<News>>,
) -> Result<Turn<'a>, ErrorKind<Infallible>> {
    let tell = |transitions: Transitions, waiting| {
        let mut news = news.lock().unwrap_or_else(PoisonError::into_inner);
        news.transitions.extend(transitions);
        news.waiting = news.waiting.take().or(waiting);
    };
    let breaker = &door.breaker;
    let (answer, transitions) = breaker.admit(None, || run.now());
    tell(transitions, None);
    let answer = Some(answer).filter(|answer| !matches!(answer, Admission::Waits(_)));
    let mut asker = Asker::new(breaker, run, door.meta, answer);
    let answer = poll_fn(|cx| {
        let answer = asker.poll(cx);
        tell(mem::take(&mut asker.transitions), asker.told());
        answer
    });
    let answer = match answer.await {
        answer @ (Admission::Admitted(_) | Admission::Joined) => {
            Ok(Turn { breaker, answer: Some(answer), place: None })
        }
        Admission::Open(rejection) => Err(rejection.kind()),
        Admission::Isolated => Err(ErrorKind::circuit_isolated()),
        Admission::HalfOpen | Admission::Waits(_) => Err(ErrorKind::CircuitHalfOpen),
        Admission::Rejected => unreachable!("the circuit was asked"),
    };
    run.admitted(door.meta, door.keeper(), || answer.as_ref().map(|_| ()).map_err(Clone::clone));
    answer
}

impl<'a, Fut, I, R, S> Wait<'a, Fut, I, R> for Arriving<'a, I, R, S>
where
    I: Copy + Send + Sync + 'a,
    R: Cx + 'a,
    S: FnOnce() -> Fut + Send,
{
    fn at(&self) -> At<'a, I, R> {
        self.at
    }

    fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<Admission> {
        Poll::Ready(match ready!(self.answer.as_mut().poll(cx)) {
            // What it was given is the block's from here on.
            Ok(Some(mut turn)) => turn.answer.take().unwrap_or(Admission::Joined),
            Ok(None) => Admission::Joined,
            Err(kind) => Admission::of(kind),
        })
    }

    fn transitions(&mut self) -> Vec<Transition> {
        mem::take(&mut self.news.lock().unwrap_or_else(PoisonError::into_inner).transitions)
    }

    fn told(&mut self) -> Option<gatekeepers::Waiting> {
        self.news.lock().unwrap_or_else(PoisonError::into_inner).waiting.take()
    }

    /// It has been told already.
    fn is_asked(&self) -> bool {
        false
    }

    fn begin(self: Box<Self>) -> Fut {
        (self.begin)()
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if let Some(Admission::Admitted(permit)) = self.answer {
            self.breaker.give_back(permit);
        }
        self.breaker.leave(&mut self.place);
    }
}
