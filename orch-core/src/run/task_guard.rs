//! An execution of a task under way.

use std::any::Any;
use std::borrow::Borrow;
use std::fmt;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use super::Full;
use super::guard::{Opened, by_panic};
use super::state::Id;
use super::time::Time;
use crate::bus::Ambient;
use crate::error::Panicked;
use crate::event::Reason;
use crate::graph::Node;
use crate::node::Meta;

/// An execution of a task or inline step under way, and the run as it was handed to it, `H`: what is around the execution is read there
/// when something of it is told, and not written down for each.
pub struct TaskGuard<'b, H: Borrow<Full<'b>>> {
    here: H,
    /// `None` if nobody takes events, or its end has been told.
    id: Option<Id>,
    node: Option<&'b Node>,
    started: Time,
    /// What it is polled in, if the bus has something. Dropped by hand, after the end is told, so that a guard of which nothing is left is
    /// dropped by two comparisons.
    ambient: ManuallyDrop<Option<Arc<dyn Ambient>>>,
}

/// What a guard is made of, besides the run. There is no panic until it is made, and so nothing here that is dropped by itself.
pub struct Started<'b> {
    pub(super) id: Option<Id>,
    node: Option<&'b Node>,
    time: Time,
    ambient: ManuallyDrop<Option<Arc<dyn Ambient>>>,
}

impl<'b, H: Borrow<Full<'b>>> TaskGuard<'b, H> {
    /// The start of a task, which is told; what it is polled with is made in it.
    ///
    /// A panic of the user's code that makes it is caught here, and no other code of the user's is run until there is a guard. So nothing of
    /// the guard has to be in memory until it is written where it stays: what is written in parts and then moved as a whole has to be waited
    /// for.
    #[inline(always)]
    pub(super) fn start<T>(
        here: H,
        meta: &'static Meta,
        make: impl FnOnce(Option<Id>) -> T,
    ) -> (T, Started<'b>) {
        let at = here.borrow();
        let mut time = Time::default();
        let (node, id) = (at.run.telling().start)(at, meta, &mut time);
        let ambient = ManuallyDrop::new(at.run.ambient(id));
        enter(&ambient);
        let made = catch_unwind(AssertUnwindSafe(|| make(id)));
        exit(&ambient);
        match made {
            Ok(made) => (made, Started { id, node, time, ambient }),
            Err(payload) => {
                TaskGuard::of(here, Started { id, node, time, ambient }).fail_by(&*payload);
                resume_unwind(payload)
            }
        }
    }

    #[inline(always)]
    pub(super) fn of(here: H, Started { id, node, time: started, ambient }: Started<'b>) -> Self {
        TaskGuard { here, id, node, started, ambient }
    }

    /// Ends it, if it has not ended yet.
    #[inline(always)]
    fn end(&mut self) -> Option<Opened<'b>> {
        Some(Opened { id: self.id.take()?, node: self.node?, started: self.started })
    }

    /// Polls it. A panic makes it fail at once.
    #[inline(always)]
    pub(super) fn poll<T>(&mut self, poll: impl FnOnce() -> T) -> T {
        if !self.is_open() {
            return poll();
        }
        enter(&self.ambient);
        let polled = catch_unwind(AssertUnwindSafe(poll));
        exit(&self.ambient);
        polled.unwrap_or_else(|payload| {
            self.fail_by(&*payload);
            resume_unwind(payload)
        })
    }

    /// Whether its end is still to be told.
    #[inline(always)]
    fn is_open(&self) -> bool {
        self.id.is_some()
    }

    /// It has given this.
    #[inline(always)]
    pub(super) fn succeed(&mut self, output: &dyn Any, debug: Option<&dyn fmt::Debug>) {
        if let Some(open) = self.end() {
            let Opened { node, id, started } = open;
            let at = self.here.borrow();
            (at.run.telling().succeed)(at, node, id, started, output, debug);
        }
    }

    /// It failed.
    pub(super) fn fail(&mut self, error: &(dyn std::error::Error + 'static), reason: Reason<'_>) {
        if let Some(open) = self.end() {
            open.fail(self.here.borrow(), error, reason);
        }
    }

    /// It is dropped, before its end or with what it was polled in.
    #[cold]
    fn leave(&mut self) {
        let _ambient = self.ambient.take();
        if let Some(open) = self.end() {
            open.cancel(self.here.borrow());
        }
    }

    /// It failed by a panic, which is on its way out.
    #[cold]
    fn fail_by(&mut self, payload: &(dyn Any + Send)) {
        let panicked = Panicked::from_payload(payload);
        self.fail(&panicked, by_panic(&panicked));
    }
}

impl<'b, H: Borrow<Full<'b>>> Drop for TaskGuard<'b, H> {
    #[inline(always)]
    fn drop(&mut self) {
        if self.is_open() || self.ambient.is_some() {
            self.leave();
        }
    }
}

impl<'b, H: Borrow<Full<'b>>> fmt::Debug for TaskGuard<'b, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskGuard").field("id", &self.id).finish_non_exhaustive()
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

impl fmt::Debug for Started<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Started").field("id", &self.id).finish_non_exhaustive()
    }
}
