//! What a bus is, and the bus that is none.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::ambient::Ambient;
use super::dynamic::DynBus;
use crate::event::{Event, RunId};
use crate::panics::discard;

/// Takes the events of runs.
///
/// [`emit`](Bus::emit) is called synchronously from the run's own poll or drop, in the order of the events, and
/// so delays the run: hand the event on if there is work to do with it. A bus that panics does not fail the run:
/// the panic is dropped, and the next event is emitted as if nothing had happened.
///
/// Concurrent runs of one pipeline call it concurrently.
///
/// ```
/// use async_orch::{Bus, Event};
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// #[derive(Default)]
/// struct Count(AtomicU64);
///
/// impl Bus for Count {
///     fn emit(&self, _event: &Event<'_>) {
///         self.0.fetch_add(1, Ordering::Relaxed);
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a bus",
    label = "cannot receive events",
    note = "write `bus::from_fn(|event| …)`, or implement `Bus` for a type of your own"
)]
pub trait Bus: Send + Sync {
    /// Whether anything comes of an event. Where it is `false`, no event is built and no clock is read.
    const ENABLED: bool = true;

    /// Takes one event.
    fn emit(&self, event: &Event<'_>);

    /// Whether it looks at the times in events; asked once, when a run starts. Where no bus of a run does, the run reads no clock for
    /// its events, and all the times in them are zero.
    ///
    /// ```
    /// use async_orch::{Bus, Event, pipeline};
    /// use std::sync::atomic::{AtomicU64, Ordering};
    ///
    /// #[derive(Default)]
    /// struct Count(AtomicU64);
    ///
    /// impl Bus for Count {
    ///     fn emit(&self, event: &Event<'_>) {
    ///         assert!(event.elapsed.is_zero());
    ///         self.0.fetch_add(1, Ordering::Relaxed);
    ///     }
    ///
    ///     fn needs_time(&self) -> bool {
    ///         false
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), async_orch::Error> {
    /// let count = Count::default();
    /// pipeline! { |_: u32| |n| { n * 2 } }.with_bus(&count).run(1).await?;
    /// assert_eq!(count.0.into_inner(), 2);
    /// # Ok(())
    /// # }
    /// ```
    fn needs_time(&self) -> bool {
        true
    }

    /// Whether it has something for tasks to be polled in; asked once, when a run starts.
    #[doc(hidden)]
    fn has_ambients(&self) -> bool {
        false
    }

    /// What an execution of a task is polled in, asked when it has started.
    #[doc(hidden)]
    fn ambient(&self, run: RunId, execution: u64) -> Option<Arc<dyn Ambient>> {
        let _ = (run, execution);
        None
    }

    /// Starts a run, watched by this bus; by [`NoBus`], as a run that nobody watches.
    #[doc(hidden)]
    fn start<'a, S: Start<'a>>(&'a self, start: S) -> impl Future<Output = S::Out> + Send + 'a {
        start.watched(self)
    }
}

/// A run to start, in the one or the other way.
#[doc(hidden)]
pub trait Start<'a> {
    /// What comes of it.
    type Out;

    /// Watched by a bus.
    fn watched<B: Bus + ?Sized>(self, bus: &'a B) -> impl Future<Output = Self::Out> + Send + 'a;

    /// Watched by nobody.
    fn unwatched(self) -> impl Future<Output = Self::Out> + Send + 'a;
}

/// Gives an event to a bus. A bus is a guest of the run: its panic is not the run's, and must not unwind out of a drop.
#[inline]
pub(crate) fn emit_quietly<B: DynBus + ?Sized>(bus: &B, event: &Event<'_>) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| bus.emit_dyn(event))) {
        discard(payload);
    }
}

/// No bus: nothing is emitted, and nothing of a run is spent on it. The bus of a pipeline that was given no other.
///
/// ```
/// use async_orch::{NoBus, Run, pipeline};
///
/// let double = pipeline! { |_: u32| |n| { n * 2 } };
/// let unobserved = double.run(2);
/// let observed = (&double).with_bus(async_orch::bus::from_fn(|event| println!("{event}")));
/// assert!(size_of_val(&unobserved) < size_of_val(&observed.run(2)));
///
/// let silent = observed.with_bus(NoBus);
/// assert_eq!(size_of_val(&silent.run(2)), size_of_val(&unobserved));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NoBus;

#[diagnostic::do_not_recommend]
impl Bus for NoBus {
    const ENABLED: bool = false;

    #[inline(always)]
    fn emit(&self, _event: &Event<'_>) {}

    fn needs_time(&self) -> bool {
        false
    }

    #[inline(always)]
    fn start<'a, S: Start<'a>>(&'a self, start: S) -> impl Future<Output = S::Out> + Send + 'a {
        start.unwatched()
    }
}
