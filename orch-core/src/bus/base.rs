//! What a bus is, and the bus that is none.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::Error;
use crate::event::Event;
use crate::panics::discard;
use crate::pipeline::{Pipeline, Run};
use crate::run::{Asks, Full, Given, RunState};

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

    /// Runs a pipeline, watched by this bus; by [`NoBus`], as a run that nobody watches.
    #[doc(hidden)]
    fn run<'a, T: Run, B: Bus>(
        &'a self,
        pipeline: &'a Pipeline<T, B>,
        input: T::In,
    ) -> impl Future<Output = Result<T::Out, Error<T::Error>>> + Send + 'a {
        async move {
            let bus = &self;
            let given = Given { bus: Self::ENABLED.then_some(bus), ..Given::default() };
            let run = RunState::new(given, pipeline.cached_graph());
            pipeline.plan().run_within(input, Full::root(&run)).await
        }
    }
}

/// Gives an event to a bus. A bus is a guest of the run: its panic is not the run's, and must not unwind out of a drop.
pub(crate) fn emit_quietly<B: Bus + ?Sized>(bus: &B, event: &Event<'_>) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| bus.emit(event))) {
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

impl Bus for NoBus {
    const ENABLED: bool = false;

    #[inline(always)]
    fn emit(&self, _event: &Event<'_>) {}

    #[inline(always)]
    fn run<'a, T: Run, B: Bus>(
        &'a self,
        pipeline: &'a Pipeline<T, B>,
        input: T::In,
    ) -> impl Future<Output = Result<T::Out, Error<T::Error>>> + Send + 'a {
        <T::Asks as Asks>::run(pipeline.plan(), || pipeline.cached_graph(), input)
    }
}
