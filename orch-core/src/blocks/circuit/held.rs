//! What an admitted run owes its circuit.

use std::mem;

use super::answers::Outcome;
use super::future::Door;
use super::permit::Permit;
use super::thread;
use crate::error::{Error, ErrorKind, Failure};
use crate::run::Cx;

/// An admitted run. Dropped with the body unfinished, it gives its permit back: as a failure if the body panicked,
/// else as if the run had not been.
pub(super) struct Held<'a, R: Cx> {
    cx: R,
    door: &'a Door,
    /// None once it has reported, and for a part of a probe, which reports nothing.
    permit: Option<Permit>,
    course: Course,
    pub(super) guard: R::Guard,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Course {
    /// There is nothing to do but to poll the body.
    Usual,
    /// While the body is polled, this thread is inside of a probe.
    Probe,
    Panicked,
}

impl<'a, R: Cx> Held<'a, R> {
    /// A run of a closed circuit.
    #[inline(always)]
    pub(super) fn closed(cx: R, door: &'a Door, permit: Permit, guard: R::Guard) -> Self {
        Held { cx, door, permit: Some(permit), course: Course::Usual, guard }
    }

    /// Any run that may begin.
    pub(super) fn new(cx: R, door: &'a Door, permit: Option<Permit>, guard: R::Guard) -> Self {
        let is_probe = permit.is_some_and(Permit::is_probe);
        let course = if is_probe { Course::Probe } else { Course::Usual };
        Held { cx, door, permit, course, guard }
    }

    /// Whether the body can be polled without [`enter`](Self::enter).
    #[inline(always)]
    pub(super) fn is_usual(&self) -> bool {
        self.course == Course::Usual
    }

    /// Before the body of a probe is polled or started.
    pub(super) fn enter(&self) {
        if let (Course::Probe, Some(probe)) = (self.course, self.permit) {
            self.door.breaker.enter(probe);
        }
    }

    /// After it was.
    #[inline(always)]
    pub(super) fn leave(&self) {
        if self.course == Course::Probe {
            thread::leave();
        }
    }

    #[inline(always)]
    pub(super) fn poll<T>(&mut self, poll: impl FnOnce() -> T) -> T {
        /// Dropped only by a panic on its way out.
        struct Unwinding<'a>(&'a mut Course);

        impl Drop for Unwinding<'_> {
            fn drop(&mut self) {
                if mem::replace(self.0, Course::Panicked) == Course::Probe {
                    thread::leave();
                }
            }
        }

        let unwinding = Unwinding(&mut self.course);
        let polled = R::poll(&mut self.guard, poll);
        mem::forget(unwinding);
        polled
    }

    #[inline(always)]
    pub(super) fn succeed(&mut self) {
        match self.permit {
            Some(permit) if !permit.is_probe() => self.record(permit, Outcome::<fn() -> String>::Success),
            _ => self.succeed_as_probe(),
        }
        R::succeed_block(&mut self.guard);
    }

    /// Of a probe or a part of one.
    #[cold]
    #[inline(never)]
    fn succeed_as_probe(&mut self) {
        self.leave();
        if let Some(probe) = self.permit {
            self.record(probe, Outcome::<fn() -> String>::Success);
        }
    }

    pub(super) fn fail<E: Failure>(&mut self, error: &Error<E>, ignore: impl Fn(&Error<E>) -> bool) {
        self.leave();
        self.course = Course::Usual;
        if let Some(permit) = self.permit {
            if matches!(error.kind(), ErrorKind::Cancelled) || error.kind().is_rejection() {
                self.retract(permit, error.kind().is_rejection());
                return R::fail(&mut self.guard, error);
            }
            // A predicate that panics is a panic inside the block, so the permit is still ours here.
            if self.poll(|| ignore(error)) {
                self.record(permit, Outcome::<fn() -> String>::Ignored);
            } else {
                self.record(permit, Outcome::Failure(|| error.kind().to_string()));
            }
        }
        R::fail(&mut self.guard, error);
    }

    /// The run counts as nothing. A rejection inside says nothing about what the circuit guards either: a probe is not lost by it.
    #[cold]
    #[inline(never)]
    fn retract(&mut self, permit: Permit, was_rejected: bool) {
        let outcome = Outcome::<fn() -> String>::Cancelled;
        if !was_rejected {
            return self.record(permit, outcome);
        }
        self.permit = None;
        let _ = self.cx.reports(self.door.meta, self.door.keeper(), || outcome.report());
        self.door.breaker.give_back(permit);
    }

    #[inline(always)]
    fn record(&mut self, permit: Permit, outcome: Outcome<impl FnOnce() -> String>) {
        self.permit = None;
        if !self.cx.reports(self.door.meta, self.door.keeper(), || outcome.report()) {
            return self.door.breaker.give_back(permit);
        }
        if let Some(transition) = self.door.breaker.record(permit, outcome, || self.cx.now()) {
            R::tell(&self.guard, || transition.event());
        }
    }
}

impl<R: Cx> Drop for Held<'_, R> {
    fn drop(&mut self) {
        match self.permit {
            None => {}
            Some(permit) if self.course == Course::Panicked => {
                self.record(permit, Outcome::Failure(|| "panicked".to_owned()));
            }
            Some(permit) => self.record(permit, Outcome::<fn() -> String>::Cancelled),
        }
    }
}
