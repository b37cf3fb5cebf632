//! What emits to a bus: the run, an execution under way, a start that waits.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::Observer;
use crate::bus::{Bus, emit_quietly};
use crate::error::{Error, Failure, Panicked};
use crate::event::{BlockEvent, CircuitEvent, Event, EventKind, Execution, Output, Reason, RunId, TaskEvent};
use crate::graph::Graph;
use crate::node::{Meta, Origin};
use crate::runtime::Host;

/// One run that is watched.
pub struct RunState<'b, B: ?Sized, R> {
    bus: &'b B,
    rt: R,
    graph: &'b Graph,
    id: RunId,
    started: Option<Instant>,
    // One task at a time polls a run, so plain loads and stores count without gaps; atomics make it `Sync`.
    events: AtomicU64,
    /// The time that was told last, in nanoseconds since the start.
    elapsed: AtomicU64,
    executions: AtomicU64,
    /// Starts that are due: they wait no more, and have not been polled yet.
    due: Mutex<Vec<Start>>,
}

/// A start of a step that waited.
#[derive(Clone, Copy)]
struct Start {
    id: u64,
    segment: u32,
    meta: &'static Meta,
    parent: Option<u64>,
    attempt: u32,
    item: Option<u64>,
}

impl<'b, B: Bus + ?Sized, R: Host> RunState<'b, B, R> {
    pub(crate) fn new(bus: &'b B, rt: R, graph: &'b Graph) -> Self {
        static RUNS: AtomicU64 = AtomicU64::new(1);
        RunState {
            bus,
            graph,
            id: RunId(RUNS.fetch_add(1, Ordering::Relaxed)),
            started: B::ENABLED.then(|| rt.now()),
            rt,
            events: AtomicU64::new(0),
            elapsed: AtomicU64::new(0),
            executions: AtomicU64::new(0),
            due: Mutex::new(Vec::new()),
        }
    }

    /// Takes the first start that is due and fits.
    fn take_due(&self, fits: impl Fn(&Start) -> bool) -> Option<Start> {
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        due.iter().position(fits).map(|place| due.remove(place))
    }

    /// The time since the run started. It does not go back, as the clock may: a run on a paused clock that is dropped
    /// outside of its runtime finds another one there.
    fn elapsed(&self) -> Duration {
        let Some(started) = self.started else { return Duration::ZERO };
        let now = self.rt.now().saturating_duration_since(started).as_nanos();
        let now = u64::try_from(now).unwrap_or(u64::MAX).max(self.elapsed.load(Ordering::Relaxed));
        self.elapsed.store(now, Ordering::Relaxed);
        Duration::from_nanos(now)
    }

    fn next(count: &AtomicU64) -> u64 {
        let next = count.load(Ordering::Relaxed);
        count.store(next + 1, Ordering::Relaxed);
        next
    }
}

impl<B: ?Sized, R> fmt::Debug for RunState<'_, B, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunState").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A bus watches, from inside one execution.
pub struct On<'b, B: ?Sized, R> {
    run: &'b RunState<'b, B, R>,
    /// Which of the graph's pipelines the next step belongs to.
    segment: u32,
    attempt: u32,
    item: Option<u64>,
    parent: Option<u64>,
    /// The execution that waited and is due: that of the step that was queued.
    reserved: Option<u64>,
}

impl<B: ?Sized, R> Clone for On<'_, B, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<B: ?Sized, R> Copy for On<'_, B, R> {}

impl<B: ?Sized, R> fmt::Debug for On<'_, B, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("On").field("parent", &self.parent).finish_non_exhaustive()
    }
}

/// An execution under way.
pub struct Guard<'b, B: Bus + ?Sized, R: Host> {
    obs: On<'b, B, R>,
    meta: &'static Meta,
    id: u64,
    class: Class,
    /// When it started, as the run's time. `None` if the bus takes no events.
    started: Option<Duration>,
    phase: Phase,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Task,
    Block,
}

enum Phase {
    Open,
    /// A panic left our own poll. (`std::thread::panicking()` would be true for siblings that merely stand in its way.)
    Panicked(Panicked),
    Finished,
}

/// A start that waits.
pub struct Queued<'b, B: Bus + ?Sized, R: Host> {
    run: &'b RunState<'b, B, R>,
    start: Start,
    waiting: bool,
}

impl<'b, B: Bus + ?Sized, R: Host> On<'b, B, R> {
    pub(crate) fn root(run: &'b RunState<'b, B, R>) -> Self {
        On { run, segment: 0, attempt: 1, item: None, parent: None, reserved: None }
    }

    fn start(self, meta: &'static Meta, class: Class) -> Guard<'b, B, R> {
        if !B::ENABLED {
            return Guard { obs: self, meta, id: 0, class, started: None, phase: Phase::Finished };
        }
        let id = self.reserved.and_then(|id| self.claim(id, meta)).unwrap_or_else(|| self.next_execution());
        let now = self.run.elapsed();
        let kind = match class {
            Class::Task => EventKind::Task(TaskEvent::Running),
            Class::Block => EventKind::Block(BlockEvent::Started),
        };
        self.emit(meta, id, now, kind);
        Guard { obs: self, meta, id, class, started: Some(now), phase: Phase::Open }
    }

    fn next_execution(self) -> u64 {
        RunState::<B, R>::next(&self.run.executions) + 1
    }

    /// The execution that waited, if it was one of the step `meta`. A body of several steps waits as its first, and the
    /// others are watched from the same observer.
    fn claim(self, id: u64, meta: &'static Meta) -> Option<u64> {
        let fits =
            |start: &Start| start.id == id && start.segment == self.segment && std::ptr::eq(start.meta, meta);
        self.run.take_due(fits).map(|start| start.id)
    }

    fn emit(self, meta: &'static Meta, id: u64, now: Duration, kind: EventKind<'_>) {
        let On { segment, attempt, item, parent, .. } = self;
        self.run.emit(Start { id, segment, meta, parent, attempt, item }, now, kind);
    }
}

impl<B: Bus + ?Sized, R: Host> RunState<'_, B, R> {
    fn emit(&self, start: Start, now: Duration, kind: EventKind<'_>) {
        let Start { id, segment, meta, parent, attempt, item } = start;
        let event = Event {
            run: self.id,
            seq: Self::next(&self.events),
            node: self.graph.locate(segment, meta),
            execution: Execution { id, parent, attempt, item },
            elapsed: now,
            kind,
        };
        emit_quietly(self.bus, &event);
    }

    /// The starts that are due in the block `parent` will never be made.
    fn cancel_due(&self, parent: u64, now: Duration) {
        while let Some(start) = self.take_due(|start| start.parent == Some(parent)) {
            self.emit(start, now, EventKind::Task(TaskEvent::Cancelled));
        }
    }
}

impl<B: Bus + ?Sized, R: Host> Guard<'_, B, R> {
    /// Ends the execution, if it has not ended yet, with the event that `make` emits.
    fn finish(&mut self, make: impl FnOnce(Class, Duration, &dyn Fn(EventKind<'_>))) {
        if let (Phase::Open | Phase::Panicked(_), Some(started)) = (&self.phase, self.started) {
            self.phase = Phase::Finished;
            let now = self.obs.run.elapsed();
            if self.class == Class::Block {
                self.obs.run.cancel_due(self.id, now);
            }
            make(self.class, now.saturating_sub(started), &|kind| {
                self.obs.emit(self.meta, self.id, now, kind)
            });
        }
    }

    fn fail(
        &mut self,
        error: &(dyn std::error::Error + 'static),
        reason: &dyn fmt::Display,
        origin: Option<Origin>,
    ) {
        let reason = Reason(reason);
        self.finish(|class, elapsed, emit| {
            emit(match class {
                Class::Task => EventKind::Task(TaskEvent::Failed { error, reason, elapsed }),
                Class::Block => EventKind::Block(BlockEvent::Failed { error, reason, origin, elapsed }),
            });
        });
    }

    fn emit(&self, kind: impl FnOnce() -> EventKind<'static>) {
        if B::ENABLED {
            self.obs.emit(self.meta, self.id, self.obs.run.elapsed(), kind());
        }
    }
}

impl<B: Bus + ?Sized, R: Host> Drop for Guard<'_, B, R> {
    fn drop(&mut self) {
        match &self.phase {
            Phase::Finished => {}
            Phase::Panicked(panicked) => {
                let panicked = panicked.clone();
                self.fail(&panicked, &panicked, None);
            }
            Phase::Open => self.finish(|class, _, emit| {
                emit(match class {
                    Class::Task => EventKind::Task(TaskEvent::Cancelled),
                    Class::Block => EventKind::Block(BlockEvent::Cancelled),
                });
            }),
        }
    }
}

impl<B: Bus + ?Sized, R: Host> Drop for Queued<'_, B, R> {
    fn drop(&mut self) {
        if self.waiting && B::ENABLED {
            self.run.emit(self.start, self.run.elapsed(), EventKind::Task(TaskEvent::Cancelled));
        }
    }
}

impl<'b, B: Bus + ?Sized, R: Host> Observer for On<'b, B, R> {
    type Guard = Guard<'b, B, R>;
    type Queued = Queued<'b, B, R>;

    fn task(self, meta: &'static Meta) -> Self::Guard {
        self.start(meta, Class::Task)
    }

    fn block(self, meta: &'static Meta) -> (Self, Self::Guard) {
        let guard = self.start(meta, Class::Block);
        (On { parent: Some(guard.id), reserved: None, ..self }, guard)
    }

    fn queue(self, meta: &'static Meta) -> Self::Queued {
        let On { run, segment, attempt, item, parent, .. } = self;
        let id = if B::ENABLED { self.next_execution() } else { 0 };
        let start = Start { id, segment, meta, parent, attempt, item };
        if B::ENABLED {
            run.emit(start, run.elapsed(), EventKind::Task(TaskEvent::Pending));
        }
        Queued { run, start, waiting: true }
    }

    fn dequeue(self, mut queued: Self::Queued) -> Self {
        if !B::ENABLED {
            return self;
        }
        queued.waiting = false;
        self.run.due.lock().unwrap_or_else(PoisonError::into_inner).push(queued.start);
        On { reserved: Some(queued.start.id), ..self }
    }

    fn attempt(self, attempt: u32) -> Self {
        On { attempt, ..self }
    }

    fn item(self, item: u64) -> Self {
        On { item: Some(item), ..self }
    }

    fn embed(self, meta: &'static Meta) -> Self {
        On { segment: self.run.graph.embedded(self.segment, meta), ..self }
    }

    fn poll<T>(guard: &mut Self::Guard, poll: impl FnOnce() -> T) -> T {
        if !B::ENABLED {
            return poll();
        }
        catch_unwind(AssertUnwindSafe(poll)).unwrap_or_else(|payload| {
            if let Phase::Open = guard.phase {
                guard.phase = Phase::Panicked(Panicked::from_payload(&*payload));
            }
            resume_unwind(payload)
        })
    }

    fn poll_task<T>(guard: &mut Self::Guard, poll: impl FnOnce() -> T) -> T {
        if !B::ENABLED {
            return poll();
        }
        catch_unwind(AssertUnwindSafe(poll)).unwrap_or_else(|payload| {
            let panicked = Panicked::from_payload(&*payload);
            guard.fail(&panicked, &panicked, None);
            resume_unwind(payload)
        })
    }

    fn succeed<T: Any>(guard: &mut Self::Guard, output: &T, debug: fn(&T) -> Option<&dyn fmt::Debug>) {
        guard.finish(|_, elapsed, emit| {
            emit(EventKind::Task(TaskEvent::Succeeded {
                output: Output::new(output, debug(output)),
                elapsed,
            }));
        });
    }

    fn succeed_block(guard: &mut Self::Guard) {
        guard.finish(|_, elapsed, emit| emit(EventKind::Block(BlockEvent::Succeeded { elapsed })));
    }

    fn fail<E: Failure>(guard: &mut Self::Guard, error: &Error<E>) {
        guard.fail(error, error.kind(), Some(error.origin()));
    }

    fn retrying(guard: &Self::Guard, failed: Origin, attempt: u32, delay: Duration) {
        guard.emit(|| EventKind::Task(TaskEvent::Retrying { step: failed.name(), attempt, delay }));
    }

    fn circuit(guard: &Self::Guard, event: impl FnOnce() -> CircuitEvent) {
        guard.emit(|| EventKind::Circuit(event()));
    }
}

impl<B: Bus + ?Sized, R: Host> fmt::Debug for Guard<'_, B, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("id", &self.id).finish_non_exhaustive()
    }
}

impl<B: Bus + ?Sized, R: Host> fmt::Debug for Queued<'_, B, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queued").field("id", &self.start.id).finish_non_exhaustive()
    }
}
