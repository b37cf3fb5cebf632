//! Who watches a run, as a type.
//!
//! [`Off`] is nothing: its guards are `()`, so that a run over [`NoBus`](crate::NoBus) has neither the
//! code nor the space of an event. [`On`] emits to a bus.
//!
//! Each execution of a step holds a guard while it lasts. The guard is the last field of the step's future, so
//! that it is dropped after the steps inside, and makes sure that there is exactly one terminal event.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::error::{Error, Failure, Panicked};
use crate::event::{BlockEvent, Bus, CircuitEvent, Event, EventKind, Execution, Output, RunId, TaskEvent};
use crate::graph::Graph;
use crate::node::{Meta, Origin};
use crate::runtime::Host;

/// What a step tells of itself, and from which execution.
pub trait Observer: Copy + Send + Sync {
    /// Held while an execution lasts.
    type Guard: Send;
    /// Held while a start waits.
    type Queued: Send;

    /// A task or inline step starts.
    fn task(self, meta: &'static Meta) -> Self::Guard;

    /// A block starts; what runs inside it is watched from the observer returned.
    fn block(self, meta: &'static Meta) -> (Self, Self::Guard);

    /// A start waits.
    fn queue(self, meta: &'static Meta) -> Self::Queued;

    /// The start that waited is due: the next step to start from the observer returned is it.
    fn dequeue(self, queued: Self::Queued) -> Self;

    /// What follows belongs to attempt `attempt`.
    fn attempt(self, attempt: u32) -> Self;

    /// What follows belongs to item `item`.
    fn item(self, item: u64) -> Self;

    /// What follows belongs to the pipeline embedded at `meta`.
    fn embed(self, meta: &'static Meta) -> Self;

    /// Polls inside an execution, so that a panic in it can be told from a cancellation.
    fn poll<T>(guard: &mut Self::Guard, poll: impl FnOnce() -> T) -> T;

    /// As [`poll`](Observer::poll) for a task, whose panic is reported with its message.
    fn poll_task<T>(guard: &mut Self::Guard, poll: impl FnOnce() -> T) -> T;

    /// The execution gave its output.
    fn succeed<T: Any>(guard: &mut Self::Guard, output: &T, debug: fn(&T) -> Option<&dyn fmt::Debug>);

    /// The execution of a block gave its output.
    fn succeed_block(guard: &mut Self::Guard);

    /// The execution failed.
    fn fail<E: Failure>(guard: &mut Self::Guard, error: &Error<E>);

    /// The execution of a `retry` will run its body again.
    fn retrying(guard: &Self::Guard, failed: Origin, attempt: u32, delay: Duration);

    /// A circuit changed or rejected.
    fn circuit(guard: &Self::Guard, event: impl FnOnce() -> CircuitEvent);
}

/// Finishes the execution of a block with its result.
#[inline(always)]
pub(crate) fn finish_block<O: Observer, T, E: Failure>(guard: &mut O::Guard, result: &Result<T, Error<E>>) {
    match result {
        Ok(_) => O::succeed_block(guard),
        Err(error) => O::fail(guard, error),
    }
}

/// Nobody watches.
#[derive(Clone, Copy, Debug)]
pub struct Off;

impl Observer for Off {
    type Guard = ();
    type Queued = ();

    #[inline(always)]
    fn task(self, _meta: &'static Meta) {}

    #[inline(always)]
    fn block(self, _meta: &'static Meta) -> (Self, ()) {
        (self, ())
    }

    #[inline(always)]
    fn queue(self, _meta: &'static Meta) {}

    #[inline(always)]
    fn dequeue(self, (): ()) -> Self {
        self
    }

    #[inline(always)]
    fn attempt(self, _attempt: u32) -> Self {
        self
    }

    #[inline(always)]
    fn item(self, _item: u64) -> Self {
        self
    }

    #[inline(always)]
    fn embed(self, _meta: &'static Meta) -> Self {
        self
    }

    #[inline(always)]
    fn poll<T>((): &mut (), poll: impl FnOnce() -> T) -> T {
        poll()
    }

    #[inline(always)]
    fn poll_task<T>((): &mut (), poll: impl FnOnce() -> T) -> T {
        poll()
    }

    #[inline(always)]
    fn succeed<T: Any>((): &mut (), _output: &T, _debug: fn(&T) -> Option<&dyn fmt::Debug>) {}

    #[inline(always)]
    fn succeed_block((): &mut ()) {}

    #[inline(always)]
    fn fail<E: Failure>((): &mut (), _error: &Error<E>) {}

    #[inline(always)]
    fn retrying((): &(), _failed: Origin, _attempt: u32, _delay: Duration) {}

    #[inline(always)]
    fn circuit((): &(), _event: impl FnOnce() -> CircuitEvent) {}
}

/// One run that is watched.
pub struct RunState<'b, B: ?Sized, R> {
    bus: &'b B,
    rt: R,
    graph: &'b Graph,
    id: RunId,
    started: Option<Instant>,
    // One task at a time polls a run, so plain loads and stores count without gaps; atomics make it `Sync`.
    events: AtomicU64,
    executions: AtomicU64,
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
            executions: AtomicU64::new(0),
        }
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
    /// The execution that waited in a queue and is the next to start.
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
    started: Option<Instant>,
    phase: Phase,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Task,
    Block,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Idle,
    /// Inside our own poll: dropped in this phase, it was a panic. (`std::thread::panicking()` would be true
    /// for siblings that merely stand in its way.)
    Polling,
    Finished,
}

/// A start that waits.
pub struct Queued<'b, B: Bus + ?Sized, R: Host> {
    obs: On<'b, B, R>,
    meta: &'static Meta,
    id: u64,
    waiting: bool,
}

impl<'b, B: Bus + ?Sized, R: Host> On<'b, B, R> {
    pub(crate) fn root(run: &'b RunState<'b, B, R>) -> Self {
        On { run, segment: 0, attempt: 1, item: None, parent: None, reserved: None }
    }

    fn start(self, meta: &'static Meta, class: Class) -> Guard<'b, B, R> {
        let id = self.reserved.unwrap_or_else(|| self.next_execution());
        let mut started = None;
        if B::ENABLED {
            let now = self.run.rt.now();
            started = Some(now);
            self.emit(
                meta,
                id,
                now,
                match class {
                    Class::Task => EventKind::Task(TaskEvent::Running),
                    Class::Block => EventKind::Block(BlockEvent::Started),
                },
            );
        }
        Guard { obs: self, meta, id, class, started, phase: Phase::Idle }
    }

    fn next_execution(self) -> u64 {
        RunState::<B, R>::next(&self.run.executions) + 1
    }

    fn emit(self, meta: &'static Meta, id: u64, now: Instant, kind: EventKind<'_>) {
        let elapsed = self.run.started.map_or(Duration::ZERO, |started| now.duration_since(started));
        let event = Event {
            run: self.run.id,
            seq: RunState::<B, R>::next(&self.run.events),
            node: self.run.graph.locate(self.segment, meta),
            execution: Execution { id, parent: self.parent, attempt: self.attempt, item: self.item },
            elapsed,
            kind,
        };
        // A bus is a guest of the run: its panic is not the run's, and must not unwind out of a drop.
        let _ = catch_unwind(AssertUnwindSafe(|| self.run.bus.emit(&event)));
    }
}

impl<B: Bus + ?Sized, R: Host> Guard<'_, B, R> {
    fn finish(&mut self, kind: impl FnOnce(Class, Duration) -> Option<EventKind<'static>>) {
        self.finish_with(|class, elapsed, emit| {
            if let Some(kind) = kind(class, elapsed) {
                emit(kind);
            }
        });
    }

    fn finish_with(&mut self, make: impl FnOnce(Class, Duration, &dyn Fn(EventKind<'_>))) {
        if self.phase == Phase::Finished {
            return;
        }
        self.phase = Phase::Finished;
        if B::ENABLED {
            let now = self.obs.run.rt.now();
            let elapsed = self.started.map_or(Duration::ZERO, |started| now.duration_since(started));
            make(self.class, elapsed, &|kind| self.obs.emit(self.meta, self.id, now, kind));
        }
    }

    fn fail(&mut self, error: &(dyn std::error::Error + 'static)) {
        self.finish_with(|class, elapsed, emit| {
            emit(match class {
                Class::Task => EventKind::Task(TaskEvent::Failed { error, elapsed }),
                Class::Block => EventKind::Block(BlockEvent::Failed { error, elapsed }),
            });
        });
    }
}

impl<B: Bus + ?Sized, R: Host> Drop for Guard<'_, B, R> {
    fn drop(&mut self) {
        match self.phase {
            Phase::Finished => {}
            Phase::Polling => self.fail(&Panicked::new("a step inside panicked")),
            Phase::Idle => self.finish(|class, _| {
                Some(match class {
                    Class::Task => EventKind::Task(TaskEvent::Cancelled),
                    Class::Block => EventKind::Block(BlockEvent::Cancelled),
                })
            }),
        }
    }
}

impl<B: Bus + ?Sized, R: Host> Drop for Queued<'_, B, R> {
    fn drop(&mut self) {
        if self.waiting && B::ENABLED {
            let now = self.obs.run.rt.now();
            self.obs.emit(self.meta, self.id, now, EventKind::Task(TaskEvent::Cancelled));
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
        let id = self.next_execution();
        if B::ENABLED {
            self.emit(meta, id, self.run.rt.now(), EventKind::Task(TaskEvent::Pending));
        }
        Queued { obs: self, meta, id, waiting: true }
    }

    fn dequeue(self, mut queued: Self::Queued) -> Self {
        queued.waiting = false;
        On { reserved: Some(queued.id), ..self }
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
        guard.phase = Phase::Polling;
        let polled = poll();
        guard.phase = Phase::Idle;
        polled
    }

    fn poll_task<T>(guard: &mut Self::Guard, poll: impl FnOnce() -> T) -> T {
        match catch_unwind(AssertUnwindSafe(poll)) {
            Ok(polled) => polled,
            Err(payload) => {
                guard.fail(&Panicked::from_payload(&*payload));
                resume_unwind(payload)
            }
        }
    }

    fn succeed<T: Any>(guard: &mut Self::Guard, output: &T, debug: fn(&T) -> Option<&dyn fmt::Debug>) {
        guard.finish_with(|_, elapsed, emit| {
            emit(EventKind::Task(TaskEvent::Succeeded {
                output: Output::new(output, debug(output)),
                elapsed,
            }));
        });
    }

    fn succeed_block(guard: &mut Self::Guard) {
        guard.finish(|_, elapsed| Some(EventKind::Block(BlockEvent::Succeeded { elapsed })));
    }

    fn fail<E: Failure>(guard: &mut Self::Guard, error: &Error<E>) {
        guard.fail(error);
    }

    fn retrying(guard: &Self::Guard, failed: Origin, attempt: u32, delay: Duration) {
        if B::ENABLED {
            let kind = EventKind::Task(TaskEvent::Retrying { step: failed.name(), attempt, delay });
            guard.obs.emit(guard.meta, guard.id, guard.obs.run.rt.now(), kind);
        }
    }

    fn circuit(guard: &Self::Guard, event: impl FnOnce() -> CircuitEvent) {
        if B::ENABLED {
            guard.obs.emit(guard.meta, guard.id, guard.obs.run.rt.now(), EventKind::Circuit(event()));
        }
    }
}

impl<B: Bus + ?Sized, R: Host> fmt::Debug for Guard<'_, B, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("id", &self.id).finish_non_exhaustive()
    }
}

impl<B: Bus + ?Sized, R: Host> fmt::Debug for Queued<'_, B, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queued").field("id", &self.id).finish_non_exhaustive()
    }
}
