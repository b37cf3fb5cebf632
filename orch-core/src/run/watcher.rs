//! Who takes the events of a run, as the run calls it.

use super::guard::Class;
use super::state::{Id, Subject};
use super::time::Time;
use super::{Full, RunState};
use crate::bus::{Bus, DynBus};
use crate::event::{BlockEvent, EventKind, Output, Shown, TaskEvent};
use crate::node::Meta;

/// A bus, and how starts and successes are told to it.
///
/// There is one observed run, and not one for each bus. But these four, which are told most, are made for each: what a bus does not
/// look at is then not even made.
pub(crate) trait Watcher: DynBus {
    /// A task starts; whether it [follows](super::begin::At::FOLLOWS). Gives the number of the execution, if anybody takes events, and the
    /// time, both in registers.
    fn start(&self, at: &Full<'_>, meta: &'static Meta, follows: bool) -> (Option<Id>, Time);

    /// A task has given this.
    fn succeed(&self, at: &Full<'_>, meta: &'static Meta, open: Open, output: &dyn Shown);

    /// A block starts.
    fn start_block(&self, at: &Full<'_>, meta: &'static Meta, follows: bool) -> (Option<Id>, Time);

    /// A block ends, otherwise than by an error.
    fn finish_block(&self, run: &RunState<'_>, subject: Subject<'_>, now: Time, end: BlockEvent<'static>);
}

/// An execution that has started and not ended.
#[derive(Clone, Copy)]
pub(crate) struct Open {
    pub(super) id: Id,
    pub(super) started: Time,
}

impl<B: Bus> Watcher for B {
    fn start(&self, at: &Full<'_>, meta: &'static Meta, follows: bool) -> (Option<Id>, Time) {
        start(self, at, meta, follows, Class::Task)
    }

    fn succeed(&self, at: &Full<'_>, meta: &'static Meta, Open { id, started }: Open, output: &dyn Shown) {
        let (now, output) = (at.run.time(), Output::new(output));
        let kind = EventKind::Task(TaskEvent::Succeeded { output, elapsed: now.since(started) });
        at.run.tell_to(self, at.subject(meta, id), now, kind);
    }

    fn start_block(&self, at: &Full<'_>, meta: &'static Meta, follows: bool) -> (Option<Id>, Time) {
        start(self, at, meta, follows, Class::Block)
    }

    fn finish_block(&self, run: &RunState<'_>, subject: Subject<'_>, now: Time, end: BlockEvent<'static>) {
        run.tell_to(self, subject, now, EventKind::Block(end));
    }
}

/// The start of a step, which is told.
#[inline(always)]
fn start<B: Bus>(
    bus: &B,
    at: &Full<'_>,
    meta: &'static Meta,
    follows: bool,
    class: Class,
) -> (Option<Id>, Time) {
    let run = at.run;
    let (false, Some(graph)) = (at.is_reserved(), run.whole()) else {
        return start_asking(bus, at, meta, follows, class);
    };
    let Some(id) = run.next_execution() else { return (None, Time::default()) };
    let now = if follows { run.told_last() } else { run.time() };
    let node = graph.locate(at.segment, meta);
    run.tell_of(bus, node, false, at.subject(meta, id), now, class.starts());
    (Some(id), now)
}

/// The same where somebody has to be asked: a runtime, who waited, or whose part the run is.
#[inline(never)]
fn start_asking<B: Bus>(
    bus: &B,
    at: &Full<'_>,
    meta: &'static Meta,
    follows: bool,
    class: Class,
) -> (Option<Id>, Time) {
    let Some(id) = at.begin(meta) else { return (None, Time::default()) };
    let now = at.run.time_of_start(follows);
    at.run.tell_to(bus, at.subject(meta, id), now, class.starts());
    (Some(id), now)
}
