//! A bus as a trait object.

use std::fmt;

use super::{Bus, Event};

/// The form of [`Bus`] that can be boxed: every bus is one, and `Box<dyn DynBus>` and `Arc<dyn DynBus>` are buses.
///
/// ```
/// use std::sync::Arc;
/// use async_orch::{DynBus, bus};
///
/// let bus: Arc<dyn DynBus> = Arc::new(bus::from_fn(|event| println!("{event}")));
/// # let _ = bus;
/// ```
pub trait DynBus: Send + Sync {
    /// Takes one event.
    fn emit_dyn(&self, event: &Event<'_>);
}

impl<B: Bus> DynBus for B {
    fn emit_dyn(&self, event: &Event<'_>) {
        self.emit(event);
    }
}

impl Bus for dyn DynBus + '_ {
    fn emit(&self, event: &Event<'_>) {
        self.emit_dyn(event);
    }
}

impl fmt::Debug for dyn DynBus + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DynBus")
    }
}
