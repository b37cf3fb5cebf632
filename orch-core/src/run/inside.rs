//! What a context knows: the execution that asked for it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::coords::Count;
use super::memory::LastError;
use super::state::{Id, Part};
use super::{Cx, Full, Position, RunState};
use crate::bus::Ambient;
use crate::error::Error;
use crate::event::{EventKind, Told};
use crate::node::Origin;
use crate::pipeline::Run;
use crate::runtime::Runtime;

/// An execution of a step, from inside it.
#[derive(Clone, Copy, Debug)]
pub struct Inside<'e> {
    pub(super) cx: Full<'e>,
    pub(super) origin: Origin,
    /// The execution; `None` where nobody counts them.
    pub(super) id: Option<Id>,
}

impl<'e> Inside<'e> {
    pub(crate) fn position(self) -> Position<'e> {
        self.cx.position(self.origin.meta())
    }

    /// What the run is on, if it is not tokio.
    pub(crate) fn runtime(self) -> Option<&'e dyn Runtime> {
        self.cx.run.runtime()
    }

    /// What the execution is polled in, for work that leaves it.
    pub(crate) fn ambient(self) -> Option<Arc<dyn Ambient>> {
        self.cx.run.ambient(self.id)
    }

    pub(crate) fn origin(self) -> Origin {
        self.origin
    }

    pub(crate) fn last_error(self) -> Option<LastError> {
        self.cx.last_error()
    }

    pub(crate) fn deadline(self) -> Option<Instant> {
        self.cx.deadline()
    }

    pub(crate) fn now(self) -> Instant {
        self.cx.now()
    }

    pub(crate) async fn sleep(self, duration: Duration) {
        self.cx.sleep(duration, Some(self.origin)).await;
    }

    pub(crate) fn tell<T: Told>(self, told: impl FnOnce() -> T) {
        if self.id.is_some() {
            let (run, start) = (self.cx.run, self.cx.start(self.id, self.origin.meta()));
            run.emit(&start, run.time(), EventKind::Told(&told()));
        }
    }

    /// Runs a pipeline as a part of this run, as the `call`th of this execution.
    pub(crate) async fn call<P: Run>(
        self,
        pipeline: &P,
        call: u32,
        input: P::In,
    ) -> Result<P::Out, Error<P::Error>> {
        let describe = |graph: &mut crate::graph::Describe<'_>| pipeline.describe(graph);
        let run = RunState::part(Part { of: self.cx.run, within: self.position(), describe: &describe });
        pipeline.__orch_run_within(input, self.cx.part(&run, Count::Call, call.into(), self.id)).await
    }
}
