//! An execution under way, and a start that waits: what makes sure that each is told of once.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::state::Start;
use super::{Full, RunState};
use crate::bus::Scope;
use crate::error::{ErrorKind, Panicked};
use crate::event::{BlockEvent, EventKind, Reason, TaskEvent, Told};
use crate::node::{Meta, Origin};

/// An execution under way.
pub struct Guard<'b> {
    pub(super) run: &'b RunState<'b>,
    pub(super) start: Start,
    class: Class,
    /// When it started, as the run's time; `None` if nobody takes events.
    started: Option<Duration>,
    pub(super) phase: Phase,
    /// Its start has not been told yet, as it counts its items before.
    counts: bool,
    /// What it is polled in, if it is a task and the bus has something.
    pub(super) scope: Option<Arc<dyn Scope>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Task,
    Block,
}

impl Class {
    pub(super) fn of(meta: &Meta) -> Self {
        if meta.kind.is_block() { Class::Block } else { Class::Task }
    }

    pub(super) fn waits(self) -> EventKind<'static> {
        match self {
            Class::Task => EventKind::Task(TaskEvent::Pending),
            Class::Block => EventKind::Block(BlockEvent::Pending),
        }
    }

    pub(super) fn is_cancelled(self) -> EventKind<'static> {
        match self {
            Class::Task => EventKind::Task(TaskEvent::Cancelled),
            Class::Block => EventKind::Block(BlockEvent::Cancelled),
        }
    }
}

pub(super) enum Phase {
    Open,
    /// A panic left our own poll. (`std::thread::panicking()` would be true for siblings that merely stand in its way.)
    Panicked(Panicked),
    Finished,
}

/// A start that waits.
pub struct Queued<'b> {
    pub(super) run: &'b RunState<'b>,
    pub(super) start: Start,
    pub(super) waiting: bool,
}

impl<'b> Guard<'b> {
    /// The start of an execution, which is told.
    pub(super) fn new(cx: Full<'b>, meta: &'static Meta, class: Class) -> Self {
        let mut guard = Guard::counting(cx, meta, class);
        guard.counted(None);
        if class == Class::Task {
            guard.scope = guard.run.scope(guard.start.id);
        }
        guard
    }

    /// The start of an execution, which is told when its items have been counted, or it ends before.
    pub(super) fn counting(cx: Full<'b>, meta: &'static Meta, class: Class) -> Self {
        let run = cx.run;
        if !run.is_watched() {
            let start = cx.start(None, meta);
            return Guard {
                run,
                start,
                class,
                started: None,
                phase: Phase::Finished,
                counts: false,
                scope: None,
            };
        }
        let id = cx.claim(meta).or_else(|| run.next_execution());
        let (start, started) = (cx.start(id, meta), Some(run.elapsed()));
        Guard { run, start, class, started, phase: Phase::Open, counts: true, scope: None }
    }

    /// Tells the start.
    pub(super) fn counted(&mut self, items: Option<u64>) {
        if let (true, Some(started)) = (std::mem::take(&mut self.counts), self.started) {
            self.emit(
                started,
                match self.class {
                    Class::Task => EventKind::Task(TaskEvent::Running),
                    Class::Block => EventKind::Block(BlockEvent::Started { items }),
                },
            );
        }
    }

    /// Ends the execution, if it has not ended yet, with the event that `make` makes.
    pub(super) fn finish<'e>(&mut self, make: impl FnOnce(Class, Duration) -> EventKind<'e>) {
        if let (Phase::Open | Phase::Panicked(_), Some(started)) = (&self.phase, self.started) {
            self.counted(None);
            self.phase = Phase::Finished;
            let now = self.run.elapsed();
            if self.class == Class::Block {
                self.run.cancel_due(self.start.id, now);
            }
            self.emit(now, make(self.class, now.saturating_sub(started)));
        }
    }

    pub(super) fn fail(
        &mut self,
        error: &(dyn std::error::Error + 'static),
        reason: Reason<'_>,
        origin: Option<Origin>,
    ) {
        self.finish(|class, elapsed| match class {
            Class::Task => EventKind::Task(TaskEvent::Failed { error, reason, elapsed }),
            Class::Block => EventKind::Block(BlockEvent::Failed { error, reason, origin, elapsed }),
        });
    }

    /// It failed by a panic, which is on its way out.
    pub(super) fn fail_by(&mut self, panicked: &Panicked) {
        let kind = ErrorKind::<Infallible>::Panicked(panicked.clone()).as_str();
        self.fail(panicked, Reason::new(panicked, kind), None);
    }

    /// Tells of something in the midst of it.
    pub(super) fn tell<T: Told>(&self, told: impl FnOnce() -> T) {
        if self.run.is_watched() {
            self.emit(self.run.elapsed(), EventKind::Told(&told()));
        }
    }

    fn emit(&self, now: Duration, kind: EventKind<'_>) {
        self.run.emit(&self.start, now, kind);
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        match &self.phase {
            Phase::Finished => {}
            Phase::Panicked(panicked) => {
                let panicked = panicked.clone();
                self.fail_by(&panicked);
            }
            Phase::Open => self.finish(|class, _| class.is_cancelled()),
        }
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        if self.waiting && self.run.is_watched() {
            self.run.emit(&self.start, self.run.elapsed(), Class::of(self.start.meta).is_cancelled());
        }
    }
}

impl fmt::Debug for Guard<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("id", &self.start.id).finish_non_exhaustive()
    }
}

impl fmt::Debug for Queued<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queued").field("id", &self.start.id).finish_non_exhaustive()
    }
}
