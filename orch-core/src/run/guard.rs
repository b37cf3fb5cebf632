//! An execution under way, and a start that waits: what makes sure that each is told of once.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::state::{Id, Start, Subject};
use super::{Coords, Full, RunState};
use crate::bus::Ambient;
use crate::error::{ErrorKind, Panicked};
use crate::event::{BlockEvent, EventKind, Output, Reason, TaskEvent, Told};
use crate::graph::Node;
use crate::node::{Meta, Origin};

/// An execution under way.
pub struct Guard<'b> {
    pub(super) run: &'b RunState<'b>,
    /// `None` if nobody takes events.
    node: Option<&'b Node>,
    pub(super) id: Option<Id>,
    parent: Option<Id>,
    coords: Coords,
    class: Class,
    /// When it started, in nanoseconds of the run's time.
    started: u64,
    /// Whether its end is still to be told.
    pub(super) is_open: bool,
    /// The panic that left our own poll, in a box so that a guard is quick to move. (`std::thread::panicking()` would be true for siblings
    /// that merely stand in its way.)
    pub(super) panicked: Option<Box<Panicked>>,
    /// Its start has not been told yet, as it counts its items before.
    counts: bool,
    /// What it is polled in, if it is a task and the bus has something.
    pub(super) ambient: Option<Arc<dyn Ambient>>,
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

/// A start that waits.
pub struct Queued<'b> {
    pub(super) run: &'b RunState<'b>,
    pub(super) start: Start,
    pub(super) waiting: bool,
}

/// What is new of an execution that starts in a run which is watched. The guard is made of it in one go and at its place: what is written
/// field by field and then moved has to be waited for.
struct Opened<'b> {
    node: &'b Node,
    id: Id,
    started: u64,
}

impl<'b> Opened<'b> {
    #[inline(always)]
    fn new(cx: &Full<'b>, meta: &'static Meta) -> Option<Self> {
        let run = cx.run;
        let is_watched = run.is_watched();
        let id = is_watched.then(|| cx.claim(meta).or_else(|| run.next_execution())).flatten()?;
        Some(Opened { node: run.locate(cx.segment, meta), id, started: run.nanos() })
    }

    #[inline(always)]
    fn subject<'s>(&self, cx: &'s Full<'b>) -> Subject<'s> {
        Subject { node: self.node, id: self.id, parent: cx.parent, coords: &cx.coords }
    }

    #[inline(always)]
    fn guard(
        self,
        cx: &Full<'b>,
        class: Class,
        counts: bool,
        ambient: Option<Arc<dyn Ambient>>,
    ) -> Guard<'b> {
        let Full { run, parent, coords, .. } = *cx;
        let Opened { node, id, started } = self;
        let (node, id, is_open, panicked) = (Some(node), Some(id), true, None);
        Guard { run, node, id, parent, coords, class, started, is_open, panicked, counts, ambient }
    }
}

impl<'b> Guard<'b> {
    /// The start of a task, which is told.
    pub(super) fn task(cx: &Full<'b>, meta: &'static Meta) -> Self {
        let Some(opened) = Opened::new(cx, meta) else { return Guard::unwatched(cx, Class::Task) };
        cx.run.tell(
            opened.subject(cx),
            Duration::from_nanos(opened.started),
            EventKind::Task(TaskEvent::Running),
        );
        let ambient = cx.run.ambient(Some(opened.id));
        opened.guard(cx, Class::Task, false, ambient)
    }

    /// The start of a block, which is told.
    pub(super) fn block(cx: &Full<'b>, meta: &'static Meta) -> Self {
        let Some(opened) = Opened::new(cx, meta) else { return Guard::unwatched(cx, Class::Block) };
        let started = BlockEvent::Started { items: None };
        cx.run.tell(opened.subject(cx), Duration::from_nanos(opened.started), EventKind::Block(started));
        opened.guard(cx, Class::Block, false, None)
    }

    /// The start of a block, which is told when its items have been counted, or it ends before.
    pub(super) fn counting(cx: &Full<'b>, meta: &'static Meta) -> Self {
        match Opened::new(cx, meta) {
            Some(opened) => opened.guard(cx, Class::Block, true, None),
            None => Guard::unwatched(cx, Class::Block),
        }
    }

    fn unwatched(cx: &Full<'b>, class: Class) -> Self {
        let Full { run, parent, coords, .. } = *cx;
        Guard {
            run,
            node: None,
            id: None,
            parent,
            coords,
            class,
            started: 0,
            is_open: false,
            panicked: None,
            counts: false,
            ambient: None,
        }
    }

    /// Whom its events are about; nobody if nobody takes them.
    #[inline(always)]
    fn subject(&self) -> Option<Subject<'_>> {
        let (Some(node), Some(id)) = (self.node, self.id) else { return None };
        Some(Subject { node, id, parent: self.parent, coords: &self.coords })
    }

    /// Tells the start.
    pub(super) fn counted(&mut self, items: Option<u64>) {
        if let (true, Some(subject)) = (std::mem::take(&mut self.counts), self.subject()) {
            self.run.tell(
                subject,
                Duration::from_nanos(self.started),
                EventKind::Block(BlockEvent::Started { items }),
            );
        }
    }

    /// Ends the execution, if it has not ended yet: gives the run's time, and the time since its start.
    #[inline(always)]
    fn end(&mut self) -> Option<(Duration, Duration)> {
        if !std::mem::take(&mut self.is_open) {
            return None;
        }
        let nanos = self.run.nanos();
        let now = Duration::from_nanos(nanos);
        if self.class == Class::Block {
            self.end_block(now);
        }
        Some((now, Duration::from_nanos(nanos.saturating_sub(self.started))))
    }

    /// What is inside it ends first: its start is told if it was not, and starts in it that are due will never be made.
    fn end_block(&mut self, now: Duration) {
        self.counted(None);
        if let Some(id) = self.id {
            self.run.cancel_due(id, now);
        }
    }

    #[inline(always)]
    fn tell_this(&self, now: Duration, kind: EventKind<'_>) {
        if let Some(subject) = self.subject() {
            self.run.tell(subject, now, kind);
        }
    }

    /// A task has given this.
    pub(super) fn succeed(&mut self, output: Output<'_>) {
        if let Some((now, elapsed)) = self.end() {
            self.tell_this(now, EventKind::Task(TaskEvent::Succeeded { output, elapsed }));
        }
    }

    /// A block ends otherwise than by an error.
    pub(super) fn finish(&mut self, make: fn(Duration) -> BlockEvent<'static>) {
        if let Some((now, elapsed)) = self.end() {
            self.tell_this(now, EventKind::Block(make(elapsed)));
        }
    }

    pub(super) fn fail(
        &mut self,
        error: &(dyn std::error::Error + 'static),
        reason: Reason<'_>,
        origin: Option<Origin>,
    ) {
        if let Some((now, elapsed)) = self.end() {
            self.tell_this(
                now,
                match self.class {
                    Class::Task => EventKind::Task(TaskEvent::Failed { error, reason, elapsed }),
                    Class::Block => EventKind::Block(BlockEvent::Failed { error, reason, origin, elapsed }),
                },
            );
        }
    }

    fn cancel(&mut self) {
        if let Some((now, _)) = self.end() {
            self.tell_this(now, self.class.is_cancelled());
        }
    }

    /// It failed by a panic, which is on its way out.
    pub(super) fn fail_by(&mut self, panicked: &Panicked) {
        let kind = ErrorKind::<Infallible>::Panicked(panicked.clone()).as_str();
        self.fail(panicked, Reason::new(panicked, kind), None);
    }

    /// Tells of something in the midst of it.
    pub(super) fn tell<T: Told>(&self, told: impl FnOnce() -> T) {
        if self.node.is_some() {
            self.tell_of(&told());
        }
    }

    fn tell_of(&self, told: &dyn Told) {
        self.tell_this(self.run.elapsed(), EventKind::Told(told));
    }

    #[cold]
    fn left(&mut self) {
        match self.panicked.take() {
            Some(panicked) => self.fail_by(&panicked),
            None => self.cancel(),
        }
    }
}

impl Drop for Guard<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.is_open {
            self.left();
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
        f.debug_struct("Guard").field("id", &self.id).finish_non_exhaustive()
    }
}

impl fmt::Debug for Queued<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queued").field("id", &self.start.id).finish_non_exhaustive()
    }
}
