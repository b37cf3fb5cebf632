//! A run whose body has not begun, at a circuit that was neither closed nor simply open.
//!
//! It stands apart from the block's future, and most of it behind a pointer, so that a run of a closed circuit has neither
//! its code nor its space.

use std::convert::Infallible;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use super::answers::{Admission, Rejection, Transitions};
use super::future::Door;
use super::{Breaker, CircuitEvent, CircuitState};
use crate::blocks::gatekeepers::{self, Ticket, Timer};
use crate::error::ErrorKind;
use crate::run::Cx;

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
            let turn = Turn { breaker, answer, place: None };
            return Arrived::Waits(Box::new(Waiting {
                at,
                begin,
                timer: None,
                turn,
                told: Told::default(),
                is_asked: true,
            }));
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

/// A run that the runtime answers for, as if the circuit `at` which it arrives had.
#[cold]
#[inline(never)]
pub(super) fn answer_of<'a, Fut, I, R>(
    at: At<'a, I, R>,
    answer: Result<(), ErrorKind<Infallible>>,
    begin: impl FnOnce() -> Fut + Send + 'a,
) -> Box<dyn Wait<'a, Fut, I, R> + 'a>
where
    I: Copy + Send + Sync + 'a,
    R: Cx + 'a,
{
    let answer = Some(match answer {
        // As a part of a probe it reports nothing.
        Ok(()) => Admission::Joined,
        Err(ErrorKind::CircuitOpen { isolated: true, .. }) => Admission::Isolated,
        Err(ErrorKind::CircuitOpen { retry_after, last_failure, .. }) => {
            Admission::Open(Rejection { retry_after, last_failure })
        }
        Err(ErrorKind::CircuitHalfOpen) => Admission::HalfOpen,
        Err(_) => Admission::Rejected,
    });
    let turn = Turn { breaker: &at.0.breaker, answer, place: None };
    Box::new(Waiting { at, begin, timer: None, turn, told: Told::default(), is_asked: false })
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

    /// Waits until the circuit has an answer other than to wait; with the changes that were seen on the way.
    fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<(Admission, Transitions)>;

    /// That it waits, the first time that it does.
    fn told(&mut self) -> Option<gatekeepers::Waiting>;

    /// Whether it was the circuit that had to answer.
    fn is_asked(&self) -> bool;

    fn begin(self: Box<Self>) -> Fut;
}

struct Waiting<'a, I, R, S> {
    at: At<'a, I, R>,
    begin: S,
    timer: Option<Timer<'a>>,
    turn: Turn<'a>,
    told: Told,
    is_asked: bool,
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

    fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<(Admission, Transitions)> {
        if let Some(answer) = self.turn.answer.take() {
            return Poll::Ready((answer, Transitions::default()));
        }
        let (Door { breaker, .. }, _, run) = self.at;
        for _ in 0..2 {
            let now = run.now();
            let (answer, transitions) = breaker.wait(&mut self.turn.place, now, cx.waker().clone());
            match answer {
                Admission::Waits(time) => {
                    if let Told::Nothing = self.told {
                        self.told = Told::Waits(time);
                    }
                    ready!(Timer::poll(&mut self.timer, run, now, time, cx));
                }
                answer => {
                    self.timer = None;
                    return Poll::Ready((answer, transitions));
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

    fn is_asked(&self) -> bool {
        self.is_asked
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
