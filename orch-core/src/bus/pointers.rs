//! Buses made of buses: shared, optional, several.

use std::sync::Arc;

use super::base::{Bus, emit_quietly};
use crate::error::Error;
use crate::event::Event;
use crate::pipeline::{Pipeline, Run};

macro_rules! through {
    ($($pointer:ty),*) => {$(
        impl<B: Bus + ?Sized> Bus for $pointer {
            const ENABLED: bool = B::ENABLED;

            fn emit(&self, event: &Event<'_>) {
                (**self).emit(event);
            }

            fn run<'a, T: Run, B2: Bus>(
                &'a self,
                pipeline: &'a Pipeline<T, B2>,
                input: T::In,
            ) -> impl Future<Output = Result<T::Out, Error<T::Error>>> + Send + 'a {
                (**self).run(pipeline, input)
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
        /// Each takes every event, in order. If one panics, the others still take it.
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
        }
    };
}

tuple!(A);
tuple!(A B);
tuple!(A B C);
tuple!(A B C D);
tuple!(A B C D E);
tuple!(A B C D E F);
