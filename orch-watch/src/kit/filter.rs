//! Some of the events.

use std::fmt;
use std::sync::Arc;

use orch_core::__private_0_1_0::Ambient;
use orch_core::bus::Bus;
use orch_core::{Event, RunId};

/// See [`filter`].
#[derive(Clone, Copy)]
pub struct Filter<F, B> {
    is_wanted: F,
    bus: B,
}

/// Hands on the events for which `is_wanted` is true.
///
/// A bus that pairs starts with ends, such as one that measures, has to be given both or neither: filter by the step, not by the change.
/// The times in events are there for `is_wanted` if `bus` [needs](Bus::needs_time) them.
///
/// ```
/// use async_orch::bus::{Recorder, filter};
/// use async_orch::{NodeKind, pipeline, task};
///
/// #[task]
/// async fn fetch(id: u32) -> u32 {
///     id
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), async_orch::Error> {
/// let recorder = Recorder::new();
/// let tasks = filter(|event| event.node.kind() == NodeKind::Task, &recorder);
/// pipeline! { |_: u32| seq < fetch |n| { n } > }.with_bus(tasks).run(1).await?;
/// assert_eq!(recorder.paths(), ["seq/fetch"]);
/// # Ok(())
/// # }
/// ```
pub fn filter<F, B>(is_wanted: F, bus: B) -> Filter<F, B>
where
    F: Fn(&Event<'_>) -> bool + Send + Sync,
    B: Bus,
{
    Filter { is_wanted, bus }
}

#[diagnostic::do_not_recommend]
impl<F, B> Bus for Filter<F, B>
where
    F: Fn(&Event<'_>) -> bool + Send + Sync,
    B: Bus,
{
    const ENABLED: bool = B::ENABLED;

    fn emit(&self, event: &Event<'_>) {
        if (self.is_wanted)(event) {
            self.bus.emit(event);
        }
    }

    fn needs_time(&self) -> bool {
        self.bus.needs_time()
    }

    #[doc(hidden)]
    fn has_ambients(&self) -> bool {
        self.bus.has_ambients()
    }

    #[doc(hidden)]
    fn ambient(&self, run: RunId, execution: u64) -> Option<Arc<dyn Ambient>> {
        self.bus.ambient(run, execution)
    }
}

impl<F, B: fmt::Debug> fmt::Debug for Filter<F, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Filter").field("bus", &self.bus).finish_non_exhaustive()
    }
}
