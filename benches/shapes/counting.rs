//! The least that a bus can be.

use std::sync::atomic::{AtomicU64, Ordering};

use async_orch::{Bus, Event, TaskState};

/// Counts, and looks at no time: what is left is what an event costs by itself.
///
/// The events of a run are numbered without gaps, and the last is the end of the outermost step: so it is enough to add when a run
/// is over.
#[derive(Default)]
pub struct Counting(AtomicU64);

impl Bus for Counting {
    fn emit(&self, event: &Event<'_>) {
        if event.execution.parent.is_none() && event.state().is_some_and(TaskState::is_terminal) {
            self.0.fetch_add(event.seq + 1, Ordering::Relaxed);
        }
    }

    fn needs_time(&self) -> bool {
        false
    }
}

impl Counting {
    /// How many events the runs had that are over.
    #[allow(dead_code, reason = "not every program that measures asks")]
    pub fn counted(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
