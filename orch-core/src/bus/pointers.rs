//! Buses made of buses: shared, optional, several.

use std::sync::Arc;

use super::ambient::{self, Ambient};
use super::base::{Bus, Start, emit_quietly};
use crate::event::{Event, RunId};

macro_rules! through {
    ($($pointer:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl<B: Bus + ?Sized> Bus for $pointer {
            const ENABLED: bool = B::ENABLED;

            fn emit(&self, event: &Event<'_>) {
                (**self).emit(event);
            }

            fn needs_time(&self) -> bool {
                (**self).needs_time()
            }

            #[doc(hidden)]
            fn has_ambients(&self) -> bool {
                (**self).has_ambients()
            }

            #[doc(hidden)]
            fn ambient(&self, run: RunId, execution: u64) -> Option<Arc<dyn Ambient>> {
                (**self).ambient(run, execution)
            }

            fn start<'a, S: Start<'a>>(&'a self, start: S) -> impl Future<Output = S::Out> + Send + 'a {
                (**self).start(start)
            }
        }
    )*};
}

through!(&B, Arc<B>, Box<B>);

/// `None` takes the events and drops them.
#[diagnostic::do_not_recommend]
impl<B: Bus> Bus for Option<B> {
    const ENABLED: bool = B::ENABLED;

    fn emit(&self, event: &Event<'_>) {
        if let Some(bus) = self {
            bus.emit(event);
        }
    }

    fn needs_time(&self) -> bool {
        self.as_ref().is_some_and(Bus::needs_time)
    }

    #[doc(hidden)]
    fn has_ambients(&self) -> bool {
        self.as_ref().is_some_and(Bus::has_ambients)
    }

    #[doc(hidden)]
    fn ambient(&self, run: RunId, execution: u64) -> Option<Arc<dyn Ambient>> {
        self.as_ref().and_then(|bus| bus.ambient(run, execution))
    }
}

macro_rules! tuple {
    ($($bus:ident)*) => {
        /// Each takes every event, in order. If one panics, the others still take it.
        #[diagnostic::do_not_recommend]
        impl<$($bus: Bus),*> Bus for ($($bus,)*) {
            const ENABLED: bool = false $(|| $bus::ENABLED)*;

            fn emit(&self, event: &Event<'_>) {
                #[allow(non_snake_case)]
                let ($($bus,)*) = self;
                $(
                    if $bus::ENABLED {
                        emit_quietly($bus, event);
                    }
                )*
            }

            fn needs_time(&self) -> bool {
                #[allow(non_snake_case)]
                let ($($bus,)*) = self;
                false $(|| $bus::ENABLED && $bus.needs_time())*
            }

            #[doc(hidden)]
            fn has_ambients(&self) -> bool {
                #[allow(non_snake_case)]
                let ($($bus,)*) = self;
                false $(|| $bus::ENABLED && $bus.has_ambients())*
            }

            #[doc(hidden)]
            fn ambient(&self, run: RunId, execution: u64) -> Option<Arc<dyn Ambient>> {
                #[allow(non_snake_case)]
                let ($($bus,)*) = self;
                ambient::all([$($bus.ambient(run, execution)),*].into_iter().flatten().collect())
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
