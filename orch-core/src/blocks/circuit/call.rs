//! A breaker around a future that is no block's.

use std::convert::Infallible;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll, ready};

use super::Breaker;
use super::answers::{Admission, Outcome, Transitions};
use super::permit::Permit;
use super::shared::Arrival;
use super::thread;
use crate::blocks::gatekeepers::{Ticket, Timer};
use crate::error::ErrorKind;
use crate::run::Quiet;
use crate::runtime::Local;

impl Breaker {
    /// Runs a future as a `circuit` with this breaker runs its body, outside of a pipeline: `Ok` with what the future gives, or
    /// why it did not run. An `Err` of the future is a failure; give back what is none as a part of an `Ok`.
    ///
    /// Nobody is told of what this does: a change of the state is an event of the next block that sees it, as one by the handle.
    ///
    /// # Errors
    ///
    /// [`CircuitOpen`](ErrorKind::CircuitOpen) or [`CircuitHalfOpen`](ErrorKind::CircuitHalfOpen), if the future did not run.
    ///
    /// # Panics
    ///
    /// If the future does, which is a failure; and outside of a tokio runtime with a timer, where it has to wait for a probe.
    ///
    /// # Cancellation
    ///
    /// Dropped before it is ready it counts as nothing: a probe gives its slot back, a place among those who wait is free.
    ///
    /// ```
    /// use async_orch::{Breaker, ErrorKind};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let breaker = Breaker::builder().fail_max(1).build();
    /// let parse = async |text: &str| text.parse::<u32>();
    ///
    /// assert_eq!(breaker.call(parse("1")).await.unwrap(), Ok(1));
    /// assert!(breaker.call(parse("one")).await.unwrap().is_err(), "its own error");
    /// let rejected = breaker.call(parse("2")).await.unwrap_err();
    /// assert!(matches!(rejected, ErrorKind::CircuitOpen { .. }));
    /// # }
    /// ```
    pub async fn call<T, E: fmt::Display>(
        &self,
        fut: impl Future<Output = Result<T, E>>,
    ) -> Result<Result<T, E>, ErrorKind<Infallible>> {
        let permit = match self.arrive(Local::time) {
            Arrival::Admitted(permit) => Some(permit),
            Arrival::Rejected(rejection) => return Err(rejection.kind()),
            Arrival::Undecided(at) => {
                let answer = match self.untold(self.admit(at, Local::time)) {
                    Admission::Waits(_) => {
                        let mut turn = Turn { breaker: self, place: None, timer: None };
                        poll_fn(|cx| turn.poll(cx)).await
                    }
                    decided => decided,
                };
                match answer {
                    Admission::Admitted(permit) => Some(permit),
                    Admission::Joined => None,
                    Admission::Open(rejection) => return Err(rejection.kind()),
                    Admission::Isolated => return Err(ErrorKind::circuit_isolated()),
                    Admission::HalfOpen | Admission::Waits(_) | Admission::Rejected => {
                        return Err(ErrorKind::CircuitHalfOpen);
                    }
                }
            }
        };
        // Before the future, so that it is dropped after it.
        let mut running = Running { breaker: self, permit, panics: false };
        let mut fut = pin!(fut);
        let result = poll_fn(|cx| running.poll(|| fut.as_mut().poll(cx))).await;
        running.report(match &result {
            Ok(_) => Outcome::Success,
            Err(error) => Outcome::Failure(|| error.to_string()),
        });
        Ok(result)
    }
}

impl Breaker {
    /// Leaves changes to be told by a block.
    fn untold<T>(&self, (answer, transitions): (T, Transitions)) -> T {
        let (first, last) = (transitions.into_iter().next(), transitions.into_iter().last());
        if let (Some(first), Some(last)) = (first, last) {
            self.untell(first.old_state, last.new_state);
        }
        answer
    }
}

/// A call that waits. Dropped, it gives back its place.
struct Turn<'a> {
    breaker: &'a Breaker,
    place: Option<Ticket>,
    timer: Option<Timer<'a>>,
}

impl Turn<'_> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Admission> {
        for _ in 0..2 {
            let now = Local::time();
            let answer = self.breaker.wait(&mut self.place, now, cx.waker().clone());
            match self.breaker.untold(answer) {
                Admission::Waits(time) => ready!(Timer::poll(&mut self.timer, Quiet, now, time, None, cx)),
                answer => return Poll::Ready(answer),
            }
        }
        // On a clock that does not follow its own timers there would be no end of this.
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.breaker.leave(&mut self.place);
    }
}

/// A call whose future runs. Dropped before that has ended, it counts as nothing, and as a failure if that panicked.
struct Running<'a> {
    breaker: &'a Breaker,
    permit: Option<Permit>,
    panics: bool,
}

impl Running<'_> {
    fn poll<T>(&mut self, poll: impl FnOnce() -> T) -> T {
        /// While it is polled, this thread is inside of a probe.
        struct Inside(bool);

        impl Drop for Inside {
            fn drop(&mut self) {
                if self.0 {
                    thread::leave();
                }
            }
        }

        let probe = self.permit.filter(|permit| permit.is_probe());
        if let Some(probe) = probe {
            self.breaker.enter(probe);
        }
        let inside = Inside(probe.is_some());
        self.panics = true;
        let polled = poll();
        self.panics = false;
        drop(inside);
        polled
    }

    fn report<F: FnOnce() -> String>(&mut self, outcome: Outcome<F>) {
        if let Some(permit) = self.permit.take() {
            let by_run = self.breaker.record(permit, outcome, Local::time);
            self.breaker.untold(((), Transitions { by_handle: None, by_run }));
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if self.panics {
            self.report(Outcome::Failure(|| "panicked".to_owned()));
        } else {
            self.report(Outcome::<fn() -> String>::Cancelled);
        }
    }
}
