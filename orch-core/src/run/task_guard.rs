//! An execution of a task under way.

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::task::Poll;

use super::begin::At;
use super::guard::by_panic;
use super::state::Id;
use super::time::Time;
use super::watcher::Open;
use crate::bus::Ambient;
use crate::error::Panicked;
use crate::event::{EventKind, Reason, Shown, TaskEvent};
use crate::node::Meta;
use crate::panics::catch_poll;

/// An execution of a task or inline step under way, and the run as it was handed to it, `H`: what is around the execution is read there
/// when something of it is told, and not written down for each.
pub struct TaskGuard<'b, H: At<'b>> {
    here: H,
    meta: &'static Meta,
    /// `None` if nobody takes events, or its end has been told.
    open: Option<Open>,
    /// What it is polled in, if the bus has something. Dropped by hand, after the end is told, so that a guard of which nothing is left is
    /// dropped by two comparisons.
    ambient: ManuallyDrop<Option<Arc<dyn Ambient>>>,
    run: PhantomData<&'b ()>,
}

/// What a guard is made of, besides the run. There is no panic until it is made, and so nothing here that is dropped by itself.
pub struct Started {
    meta: &'static Meta,
    pub(super) id: Option<Id>,
    time: Time,
    ambient: ManuallyDrop<Option<Arc<dyn Ambient>>>,
}

impl<'b, H: At<'b>> TaskGuard<'b, H> {
    /// The start of a task, which is told; what it is polled with is made in it.
    ///
    /// A panic of the user's code that makes it is caught here, and no other code of the user's is run until there is a guard. So nothing of
    /// the guard has to be in memory until it is written where it stays: what is written in parts and then moved as a whole has to be waited
    /// for.
    #[inline(always)]
    pub(super) fn start<T>(here: H, meta: &'static Meta, make: impl FnOnce(Option<Id>) -> T) -> (T, Started) {
        let at = here.borrow();
        let (id, time) = at.run.bus().start(at, meta, H::FOLLOWS);
        let ambient = ManuallyDrop::new(at.run.ambient(id));
        enter(&ambient);
        let made = catch_unwind(AssertUnwindSafe(|| make(id)));
        exit(&ambient);
        let started = Started { meta, id, time, ambient };
        match made {
            Ok(made) => (made, started),
            Err(payload) => {
                TaskGuard::of(here, started).fail_by(&*payload);
                resume_unwind(payload)
            }
        }
    }

    #[inline(always)]
    pub(super) fn of(here: H, Started { meta, id, time: started, ambient }: Started) -> Self {
        TaskGuard { here, meta, open: id.map(|id| Open { id, started }), ambient, run: PhantomData }
    }

    /// Polls it. A panic makes it fail at once. Also where nobody watches: what is polled is compiled in at one place so.
    #[inline(always)]
    pub(super) fn poll<T, X>(&mut self, poll: impl FnOnce() -> Poll<Result<T, X>>) -> Poll<Result<T, X>> {
        enter(&self.ambient);
        let polled = catch_poll(poll);
        exit(&self.ambient);
        polled.unwrap_or_else(|payload| {
            self.fail_by(&*payload);
            resume_unwind(payload)
        })
    }

    /// Whether its end is still to be told.
    #[inline(always)]
    fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// It has given this.
    #[inline(always)]
    pub(super) fn succeed(&mut self, output: &dyn Shown) {
        if let Some(open) = self.open.take() {
            let at = self.here.borrow();
            at.run.bus().succeed(at, self.meta, open, output);
        }
    }

    /// It failed.
    pub(super) fn fail(&mut self, error: &(dyn std::error::Error + 'static), reason: Reason<'_>) {
        if let Some(open) = self.open.take() {
            let now = self.here.borrow().run.time();
            let elapsed = now.since(open.started);
            self.tell(open, now, EventKind::Task(TaskEvent::Failed { error, reason, elapsed }));
        }
    }

    /// It is dropped, before its end or with what it was polled in.
    #[cold]
    fn leave(&mut self) {
        let _ambient = self.ambient.take();
        if let Some(open) = self.open.take() {
            self.tell(open, self.here.borrow().run.time(), EventKind::Task(TaskEvent::Cancelled));
        }
    }

    /// It failed by a panic, which is on its way out.
    #[cold]
    fn fail_by(&mut self, payload: &(dyn Any + Send)) {
        let panicked = Panicked::from_payload(payload);
        self.fail(&panicked, by_panic(&panicked));
    }

    fn tell(&self, open: Open, now: Time, kind: EventKind<'_>) {
        let at = self.here.borrow();
        at.run.tell(at.subject(self.meta, open.id), now, kind);
    }
}

impl<'b, H: At<'b>> Drop for TaskGuard<'b, H> {
    #[inline(always)]
    fn drop(&mut self) {
        if self.is_open() || self.ambient.is_some() {
            self.leave();
        }
    }
}

impl<'b, H: At<'b>> fmt::Debug for TaskGuard<'b, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskGuard").field("open", &self.is_open()).finish_non_exhaustive()
    }
}

#[inline(always)]
fn enter(ambient: &Option<Arc<dyn Ambient>>) {
    if let Some(ambient) = ambient {
        ambient.enter();
    }
}

#[inline(always)]
fn exit(ambient: &Option<Arc<dyn Ambient>>) {
    if let Some(ambient) = ambient {
        ambient.exit();
    }
}

impl fmt::Debug for Started {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Started").field("id", &self.id).finish_non_exhaustive()
    }
}
