//! A bus as a trait object.

use std::fmt;
use std::sync::Arc;

use super::{Ambient, Bus};
use crate::event::{Event, RunId};

/// The form of [`Bus`] that can be boxed: every bus is one, and `Box<dyn DynBus>` and `Arc<dyn DynBus>` are buses.
///
/// A run over one builds its events whatever is inside; for none at run time, an `Option` of it saves no more than the
/// call.
///
/// ```
/// use std::sync::Arc;
/// use async_orch::bus::{DynBus, LogBus, NoBus};
///
/// fn choose(verbose: bool) -> Arc<dyn DynBus> {
///     if verbose { Arc::new(LogBus::new()) } else { Arc::new(NoBus) }
/// }
///
/// let pipeline = async_orch::pipeline! { |_: u32| |n| { n * 2 } }.with_bus(choose(true));
/// # let _ = pipeline;
/// ```
pub trait DynBus: Send + Sync {
    /// Takes one event.
    fn emit_dyn(&self, event: &Event<'_>);

    /// Whether it looks at the times in events: [`Bus::needs_time`].
    fn needs_time_dyn(&self) -> bool;

    /// Whether it has an [`Ambient`] for executions.
    #[doc(hidden)]
    fn has_ambients_dyn(&self) -> bool;

    /// What an execution of a task is polled in.
    #[doc(hidden)]
    fn ambient_dyn(&self, run: RunId, execution: u64) -> Option<Arc<dyn Ambient>>;
}

impl<B: Bus> DynBus for B {
    fn emit_dyn(&self, event: &Event<'_>) {
        if B::ENABLED {
            self.emit(event);
        }
    }

    fn needs_time_dyn(&self) -> bool {
        B::ENABLED && self.needs_time()
    }

    #[doc(hidden)]
    fn has_ambients_dyn(&self) -> bool {
        B::ENABLED && self.has_ambients()
    }

    #[doc(hidden)]
    fn ambient_dyn(&self, run: RunId, execution: u64) -> Option<Arc<dyn Ambient>> {
        self.ambient(run, execution)
    }
}

#[diagnostic::do_not_recommend]
impl Bus for dyn DynBus + '_ {
    fn emit(&self, event: &Event<'_>) {
        self.emit_dyn(event);
    }

    fn needs_time(&self) -> bool {
        self.needs_time_dyn()
    }

    #[doc(hidden)]
    fn has_ambients(&self) -> bool {
        self.has_ambients_dyn()
    }

    #[doc(hidden)]
    fn ambient(&self, run: RunId, execution: u64) -> Option<Arc<dyn Ambient>> {
        self.ambient_dyn(run, execution)
    }
}

impl fmt::Debug for dyn DynBus + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DynBus")
    }
}
