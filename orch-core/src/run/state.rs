//! What lasts as long as a run that is not quiet.

use std::fmt;
use std::num::NonZeroU64;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

use super::guard::Class;
use super::memory::Memory;
use super::time::Time;
use super::{Coords, Position, Watcher};
use crate::bus::{Ambient, DynBus, NoBus, emit_quietly};
use crate::event::{Event, EventKind, Execution, RunId};
use crate::graph::{Describe, Graph, Node};
use crate::node::Meta;
use crate::panics::discard;
use crate::runtime::{Local, Runtime};

/// One run that knows itself.
pub(crate) struct RunState<'b> {
    /// [`NoBus`] if nobody takes events, and then it is never called.
    bus: &'b dyn Watcher,
    is_watched: bool,
    /// The graph, if the run is watched, is whole and on tokio: then nobody but a clock has to be asked when an event is told.
    whole: Option<&'b Graph>,
    /// `None` for tokio.
    rt: Option<&'b dyn Runtime>,
    graph: GraphOf<'b>,
    id: RunId,
    key: Option<&'b str>,
    /// `None` if nobody looks at the times of events.
    started: Option<Instant>,
    /// Whether the bus has something for tasks to be polled in.
    has_ambients: bool,
    /// Those of the run that this is a part of, if it is one.
    counts: &'b Counts,
    /// Starts that are due: they wait no more, and have not been polled yet.
    due: Mutex<Vec<Start>>,
    /// Whether there are any, so that no block has to lock to find none. As with the counts: one task at a time asks.
    has_due: AtomicBool,
}

/// How many events and executions there were in a run, and what its steps remember. One for the run and all its parts.
///
/// One task at a time polls a run, so plain loads and stores count without gaps; atomics make it `Sync`.
#[derive(Default)]
pub(crate) struct Counts {
    events: AtomicU64,
    executions: AtomicU64,
    /// The time that was told last, as [`Time::bits`].
    elapsed: AtomicU64,
    memory: Memory,
}

/// The steps of the pipeline that runs.
enum GraphOf<'b> {
    Made(&'b Graph),
    /// Of a part of a run: made when somebody looks.
    Part {
        within: Position<'b>,
        describe: &'b (dyn Fn(&mut Describe<'_>) + Sync),
        /// In a box, so that the state of a run is small to make.
        made: OnceLock<Box<Graph>>,
    },
}

/// What a part of a run is made of.
pub(super) struct Part<'b> {
    pub(super) of: &'b RunState<'b>,
    /// The execution that runs it.
    pub(super) within: Position<'b>,
    pub(super) describe: &'b (dyn Fn(&mut Describe<'_>) + Sync),
}

/// What a run is given from outside.
#[derive(Clone, Copy, Default)]
pub(crate) struct Given<'b> {
    /// Who takes its events.
    pub(crate) bus: Option<&'b dyn Watcher>,
    /// What it runs on; tokio if nothing.
    pub(crate) rt: Option<&'b dyn Runtime>,
    /// What it is called.
    pub(crate) key: Option<&'b str>,
}

/// The number of an execution in its run, from 1. With a niche, as every step of a watched run has several.
pub(super) type Id = NonZeroU64;

/// A start of a step.
#[derive(Clone, Copy)]
pub(crate) struct Start {
    /// `None` if nobody takes events.
    pub(super) id: Option<Id>,
    pub(super) segment: u32,
    pub(super) meta: &'static Meta,
    pub(super) parent: Option<Id>,
    pub(super) coords: Coords,
}

/// What all events of an execution say.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'s> {
    pub(super) segment: u32,
    pub(super) meta: &'static Meta,
    pub(super) id: Id,
    pub(super) parent: Option<Id>,
    pub(super) coords: &'s Coords,
}

impl<'b> RunState<'b> {
    #[inline]
    pub(crate) fn new(given: Given<'b>, graph: &'b Graph, counts: &'b Counts) -> Self {
        static RUNS: AtomicU64 = AtomicU64::new(1);
        let Given { bus, rt, key } = given;
        // What calls something comes first, so that the rest is written where it stays.
        let id = RunId(RUNS.fetch_add(1, Ordering::Relaxed));
        let has_ambients = bus.is_some_and(|bus| bus.has_ambients_dyn());
        let started = bus.is_some_and(|bus| bus.needs_time_dyn()).then(|| now(rt));
        RunState {
            bus: bus.unwrap_or(&NoBus),
            is_watched: bus.is_some(),
            whole: (bus.is_some() && rt.is_none()).then_some(graph),
            rt,
            graph: GraphOf::Made(graph),
            id,
            key,
            started,
            has_ambients,
            counts,
            due: Mutex::new(Vec::new()),
            has_due: AtomicBool::new(false),
        }
    }

    /// A part of a run: the same to everybody outside, with paths that continue those of the step that runs it.
    pub(super) fn part(Part { of, within, describe }: Part<'b>) -> Self {
        RunState {
            bus: of.bus,
            is_watched: of.is_watched,
            whole: None,
            rt: of.rt,
            graph: GraphOf::Part { within, describe, made: OnceLock::new() },
            id: of.id,
            key: of.key,
            started: of.started,
            has_ambients: of.has_ambients,
            counts: of.counts,
            due: Mutex::new(Vec::new()),
            has_due: AtomicBool::new(false),
        }
    }

    pub(super) fn memory(&self) -> &Memory {
        &self.counts.memory
    }

    fn graph(&self) -> &Graph {
        match &self.graph {
            GraphOf::Made(graph) => graph,
            GraphOf::Part { within, describe, made } => made.get_or_init(|| {
                Box::new(Graph::below(within.path(), within.short_path(), |graph| describe(graph)))
            }),
        }
    }

    pub(super) fn id(&self) -> RunId {
        self.id
    }

    pub(super) fn key(&self) -> Option<&'b str> {
        self.key
    }

    pub(super) fn runtime(&self) -> Option<&'b dyn Runtime> {
        self.rt
    }

    /// Whether anybody takes events. If not, none is built and no clock is read for one.
    pub(super) fn is_watched(&self) -> bool {
        self.is_watched
    }

    /// The graph, if nobody but a clock has to be asked when an event is told.
    #[inline]
    pub(super) fn whole(&self) -> Option<&'b Graph> {
        self.whole
    }

    #[inline]
    pub(super) fn bus(&self) -> &'b dyn Watcher {
        self.bus
    }

    pub(super) fn now(&self) -> Instant {
        now(self.rt)
    }

    #[inline]
    pub(super) fn locate(&self, segment: u32, meta: &Meta) -> &Node {
        self.graph().locate(segment, meta)
    }

    pub(super) fn embedded(&self, segment: u32, meta: &Meta) -> u32 {
        self.graph().embedded(segment, meta)
    }

    #[inline]
    pub(super) fn next_execution(&self) -> Option<Id> {
        Id::new(next(&self.counts.executions) + 1)
    }

    /// The time since the run started. It does not go back, as the clock may: a run on a paused clock that is dropped outside of its
    /// runtime finds another one there.
    #[inline]
    pub(super) fn time(&self) -> Time {
        self.started.map_or(Time::default(), |started| self.time_since(started))
    }

    /// The time at which a step starts. One that follows another at once starts where that has ended, which was told last: to read the
    /// clock once more for it would tell how long the bus took. (A runtime of the user's is asked: what it is asked for may be its own
    /// record of the run.)
    #[inline]
    pub(super) fn time_of_start(&self, follows: bool) -> Time {
        if follows && self.rt.is_none() { self.told_last() } else { self.time() }
    }

    /// The time that was told last.
    #[inline]
    pub(super) fn told_last(&self) -> Time {
        Time::from_bits(self.counts.elapsed.load(Ordering::Relaxed))
    }

    fn time_since(&self, started: Instant) -> Time {
        let told = &self.counts.elapsed;
        let now = Time::of(self.now().saturating_duration_since(started));
        let now = now.max(Time::from_bits(told.load(Ordering::Relaxed)));
        told.store(now.bits(), Ordering::Relaxed);
        now
    }

    /// Whether what happens now has happened before, in a process that is gone.
    #[inline]
    pub(super) fn is_replaying(&self) -> bool {
        self.runtime().is_some_and(Runtime::is_replaying)
    }

    pub(super) fn emit(&self, start: &Start, time: Time, kind: EventKind<'_>) {
        let Start { id, segment, meta, parent, coords } = *start;
        if let (true, Some(id)) = (self.is_watched, id) {
            self.tell(Subject { segment, meta, id, parent, coords: &coords }, time, kind);
        }
    }

    pub(super) fn tell(&self, subject: Subject<'_>, now: Time, kind: EventKind<'_>) {
        self.tell_to(self.bus, subject, now, kind);
    }

    #[inline(always)]
    pub(super) fn tell_to<B: DynBus + ?Sized>(
        &self,
        bus: &B,
        subject: Subject<'_>,
        now: Time,
        kind: EventKind<'_>,
    ) {
        let Subject { segment, meta, .. } = subject;
        // What calls something comes first, so that nothing has to be put aside for it.
        let (node, replayed) = match self.whole {
            Some(graph) => (graph.locate(segment, meta), false),
            None => (self.locate(segment, meta), self.is_replaying()),
        };
        self.tell_of(bus, node, replayed, subject, now, kind);
    }

    /// In line, so that an event is made where it is told and is copied nowhere, and what the bus does not look at is not made.
    #[inline(always)]
    pub(super) fn tell_of<B: DynBus + ?Sized>(
        &self,
        bus: &B,
        node: &Node,
        replayed: bool,
        subject: Subject<'_>,
        now: Time,
        kind: EventKind<'_>,
    ) {
        let Subject { id, parent, coords, .. } = subject;
        let seq = next(&self.counts.events);
        let execution = Execution::new(id.get(), parent.map(Id::get), coords);
        let (run, key, elapsed) = (self.id, self.key, now.duration());
        emit_quietly(bus, &Event { run, key, seq, node, execution, elapsed, replayed, kind });
    }

    /// What an execution of a task is polled in.
    #[inline]
    pub(super) fn ambient(&self, id: Option<Id>) -> Option<Arc<dyn Ambient>> {
        if self.has_ambients { self.ask_ambient(id) } else { None }
    }

    #[cold]
    fn ask_ambient(&self, id: Option<Id>) -> Option<Arc<dyn Ambient>> {
        // As with events: a bus is a guest.
        let id = id?.get();
        catch_unwind(AssertUnwindSafe(|| self.bus.ambient_dyn(self.id, id))).unwrap_or_else(|payload| {
            discard(payload);
            None
        })
    }

    /// Puts a start among those that are due.
    pub(super) fn make_due(&self, start: Start) {
        self.due.lock().unwrap_or_else(PoisonError::into_inner).push(start);
        self.has_due.store(true, Ordering::Relaxed);
    }

    /// Takes the first start that is due and fits.
    pub(super) fn take_due(&self, fits: impl Fn(&Start) -> bool) -> Option<Start> {
        if !self.has_due.load(Ordering::Relaxed) {
            return None;
        }
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        let start = due.iter().position(fits).map(|place| due.remove(place));
        self.has_due.store(!due.is_empty(), Ordering::Relaxed);
        start
    }

    /// The starts that are due in the block `parent` will never be made.
    #[inline]
    pub(super) fn cancel_due(&self, parent: Id, now: Time) {
        if self.has_due.load(Ordering::Relaxed) {
            self.cancel_what_is_due(parent, now);
        }
    }

    #[cold]
    fn cancel_what_is_due(&self, parent: Id, now: Time) {
        while let Some(start) = self.take_due(|start| start.parent == Some(parent)) {
            self.emit(&start, now, Class::of(start.meta).is_cancelled());
        }
    }
}

fn now(rt: Option<&dyn Runtime>) -> Instant {
    rt.map_or_else(Local::time, Runtime::now)
}

#[inline]
fn next(count: &AtomicU64) -> u64 {
    let next = count.load(Ordering::Relaxed);
    count.store(next + 1, Ordering::Relaxed);
    next
}

impl fmt::Debug for Given<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Given").field("key", &self.key).finish_non_exhaustive()
    }
}

impl fmt::Debug for RunState<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunState").field("id", &self.id).finish_non_exhaustive()
    }
}
