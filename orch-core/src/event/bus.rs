//! Where events go.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use super::Event;
use crate::graph::Graph;
use crate::observe::{Observer, Off, On, RunState};
use crate::runtime::Host;

/// Takes the events of runs.
///
/// [`emit`](Bus::emit) is called synchronously from the run's own poll or drop, in the order of the events, and
/// so delays the run: hand the event on if there is work to do with it. A bus that panics does not fail the run;
/// the panic is dropped.
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
pub trait Bus: Send + Sync {
    /// Whether anything comes of an event. Where it is `false`, no event is built and no clock is read.
    const ENABLED: bool = true;

    /// Takes one event.
    fn emit(&self, event: &Event<'_>);

    /// Runs `work` with the observer that belongs to this bus. The default makes one that emits; [`NoBus`] makes
    /// one that is nothing at all, which a constant could not.
    #[doc(hidden)]
    fn drive<'a, R: Host + 'a, D: Drive<'a> + 'a>(
        &'a self,
        rt: R,
        graph: impl FnOnce() -> &'a Graph + Send + 'a,
        work: D,
    ) -> impl Future<Output = D::Output> + Send + 'a {
        async move {
            let run = RunState::new(self, rt, graph());
            work.drive(On::root(&run)).await
        }
    }
}

/// A run that waits for its observer.
#[doc(hidden)]
pub trait Drive<'a>: Send {
    type Output: Send;

    fn drive<'b, O: Observer + 'b>(self, obs: O) -> impl Future<Output = Self::Output> + Send + 'b
    where
        'a: 'b;
}

/// No bus: nothing is emitted, and nothing of a run is spent on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NoBus;

impl Bus for NoBus {
    const ENABLED: bool = false;

    #[inline(always)]
    fn emit(&self, _event: &Event<'_>) {}

    #[inline(always)]
    fn drive<'a, R: Host + 'a, D: Drive<'a> + 'a>(
        &'a self,
        _rt: R,
        _graph: impl FnOnce() -> &'a Graph + Send + 'a,
        work: D,
    ) -> impl Future<Output = D::Output> + Send + 'a {
        work.drive(Off)
    }
}

/// The bus that [`from_fn`] makes.
#[derive(Clone, Copy)]
pub struct FromFn<F>(F);

/// Makes a bus of a closure.
///
/// ```
/// use async_orch::bus;
///
/// let print = bus::from_fn(|event| println!("{event}"));
/// # let _ = print;
/// ```
pub fn from_fn<F: Fn(&Event<'_>) + Send + Sync>(emit: F) -> FromFn<F> {
    FromFn(emit)
}

impl<F: Fn(&Event<'_>) + Send + Sync> Bus for FromFn<F> {
    fn emit(&self, event: &Event<'_>) {
        (self.0)(event);
    }
}

impl<F> fmt::Debug for FromFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FromFn")
    }
}

macro_rules! through {
    ($($pointer:ty),*) => {$(
        impl<B: Bus + ?Sized> Bus for $pointer {
            const ENABLED: bool = B::ENABLED;

            fn emit(&self, event: &Event<'_>) {
                (**self).emit(event);
            }

            fn drive<'a, R: Host + 'a, D: Drive<'a> + 'a>(
                &'a self,
                rt: R,
                graph: impl FnOnce() -> &'a Graph + Send + 'a,
                work: D,
            ) -> impl Future<Output = D::Output> + Send + 'a {
                (**self).drive(rt, graph, work)
            }
        }
    )*};
}

through!(&B, Arc<B>, Box<B>);

/// `None` takes the events and drops them.
impl<B: Bus> Bus for Option<B> {
    const ENABLED: bool = B::ENABLED;

    fn emit(&self, event: &Event<'_>) {
        if let Some(bus) = self {
            bus.emit(event);
        }
    }
}

macro_rules! tuple {
    ($($bus:ident)*) => {
        /// Each takes every event, in order.
        impl<$($bus: Bus),*> Bus for ($($bus,)*) {
            const ENABLED: bool = false $(|| $bus::ENABLED)*;

            fn emit(&self, event: &Event<'_>) {
                #[allow(non_snake_case)]
                let ($($bus,)*) = self;
                $($bus.emit(event);)*
            }
        }
    };
}

tuple!(A);
tuple!(A B);
tuple!(A B C);
tuple!(A B C D);
tuple!(A B C D E);
tuple!(A B C D E F);
