//! What the result of a closure is, found where its type is known.
//!
//! The expansion calls `(&&&&&&probe(&closure)).__orch_how()` with these traits in scope. Method lookup takes the
//! implementation with the most references that applies, so a `Result` is found before a plain value and a type
//! with `Debug` before one without. This works where specialization would, in generic functions too.

use std::convert::Infallible;
use std::fmt;
use std::marker::PhantomData;

use crate::context::Failed;
use crate::error::{Error, ErrorKind, Failure};
use crate::node::Origin;
use crate::task::IntoFailure;

/// A stand-in for a value of the type `Raw`.
pub struct Probe<Raw>(pub(crate) PhantomData<fn() -> Raw>);

/// How to read the result `Raw` of a closure.
#[diagnostic::on_unimplemented(
    message = "an inline step cannot give `{Raw}`",
    label = "gives a value that cannot be handed on",
    note = "a step gives an owned (`'static`) value that can be sent between threads"
)]
pub trait Reads<Raw>: Send + Sync + 'static {
    /// What the step gives when it succeeds.
    type Out: Send + 'static;
    /// What it gives when it fails.
    type Error;

    /// Reads the result.
    fn read(raw: Raw) -> Result<Self::Out, Self::Error>;

    /// The output as something to print.
    fn debug(out: &Self::Out) -> Option<&dyn fmt::Debug>;
}

/// That the closure's error converts into the pipeline's.
pub trait Fits<Raw, E>: Reads<Raw> {
    /// The failure of the step `origin` with this error.
    fn fail(error: Self::Error, origin: Origin) -> Error<E>;
}

macro_rules! plain {
    ($name:ident [$($bound:tt)*] $debug:expr) => {
        /// A plain value.
        #[derive(Clone, Copy, Debug)]
        pub struct $name;

        impl<T: Send + 'static $($bound)*> Reads<T> for $name {
            type Out = T;
            type Error = Infallible;

            #[inline(always)]
            fn read(raw: T) -> Result<T, Infallible> {
                Ok(raw)
            }

            fn debug(out: &T) -> Option<&dyn fmt::Debug> {
                let debug: fn(&T) -> Option<&dyn fmt::Debug> = $debug;
                debug(out)
            }
        }

        impl<T: Send + 'static $($bound)*, E> Fits<T, E> for $name {
            fn fail(error: Infallible, _origin: Origin) -> Error<E> {
                match error {}
            }
        }
    };
}

macro_rules! result {
    ($name:ident [$($bound:tt)*] $debug:expr) => {
        /// A `Result`, whose error ends the step.
        #[derive(Clone, Copy, Debug)]
        pub struct $name;

        impl<T: Send + 'static $($bound)*, X> Reads<Result<T, X>> for $name {
            type Out = T;
            type Error = X;

            #[inline(always)]
            fn read(raw: Result<T, X>) -> Result<T, X> {
                raw
            }

            fn debug(out: &T) -> Option<&dyn fmt::Debug> {
                let debug: fn(&T) -> Option<&dyn fmt::Debug> = $debug;
                debug(out)
            }
        }

        impl<T: Send + 'static $($bound)*, X: IntoFailure<E>, E: Failure> Fits<Result<T, X>, E> for $name {
            fn fail(error: X, origin: Origin) -> Error<E> {
                Error::of(ErrorKind::Task(error.into_failure()), origin)
            }
        }
    };
}

macro_rules! continued {
    ($name:ident [$($bound:tt)*] $debug:expr) => {
        /// A `Result` whose error goes on: of a step with a context.
        #[derive(Clone, Copy, Debug)]
        pub struct $name;

        impl<T: Send + 'static $($bound)*, X> Reads<Result<T, Failed<X>>> for $name {
            type Out = T;
            type Error = Failed<X>;

            #[inline(always)]
            fn read(raw: Result<T, Failed<X>>) -> Result<T, Failed<X>> {
                raw
            }

            fn debug(out: &T) -> Option<&dyn fmt::Debug> {
                let debug: fn(&T) -> Option<&dyn fmt::Debug> = $debug;
                debug(out)
            }
        }

        impl<T: Send + 'static $($bound)*, X: IntoFailure<E>, E> Fits<Result<T, Failed<X>>, E> for $name {
            fn fail(error: Failed<X>, origin: Origin) -> Error<E> {
                error.of_step(origin, X::into_failure)
            }
        }
    };
}

plain!(Plain [] |_| None);
plain!(PlainDebug [+ fmt::Debug] |out| Some(out));
result!(Tried [] |_| None);
result!(TriedDebug [+ fmt::Debug] |out| Some(out));

continued!(Continued [] |_| None);
continued!(ContinuedDebug [+ fmt::Debug] |out| Some(out));

/// Finds, in a step with a context, a `Result` of a value with `Debug` whose error goes on.
pub trait HowContinuedDebug {
    /// How to read it.
    fn __orch_how(&self) -> ContinuedDebug {
        ContinuedDebug
    }
}
impl<T: fmt::Debug, X> HowContinuedDebug for &&&&&&&Probe<Result<T, Failed<X>>> {}

/// Finds, in a step with a context, a `Result` whose error goes on.
pub trait HowContinued {
    /// How to read it.
    fn __orch_how(&self) -> Continued {
        Continued
    }
}
impl<T, X> HowContinued for &&&&&&Probe<Result<T, Failed<X>>> {}

/// Finds a `Result` of a value with `Debug`.
pub trait HowTriedDebug {
    /// How to read it.
    fn __orch_how(&self) -> TriedDebug {
        TriedDebug
    }
}
impl<T: fmt::Debug, X> HowTriedDebug for &&&&&Probe<Result<T, X>> {}

/// Finds a `Result`.
pub trait HowTried {
    /// How to read it.
    fn __orch_how(&self) -> Tried {
        Tried
    }
}
impl<T, X> HowTried for &&&&Probe<Result<T, X>> {}

/// Finds a value with `Debug`.
pub trait HowPlainDebug {
    /// How to read it.
    fn __orch_how(&self) -> PlainDebug {
        PlainDebug
    }
}
impl<T: fmt::Debug> HowPlainDebug for &&&Probe<T> {}

/// A future that nobody has awaited, which is no value to hand on: nothing of it has run.
#[derive(Clone, Copy, Debug)]
pub struct Unawaited;

/// Finds a future that can be handed on, as one that was spawned or boxed.
pub trait HowWaiting {
    /// How to read it.
    fn __orch_how(&self) -> Plain {
        Plain
    }
}
impl<T: Future + Unpin> HowWaiting for &&Probe<T> {}

/// Finds a future as `async` makes it.
pub trait HowUnawaited {
    /// How it is not read.
    fn __orch_how(&self) -> Unawaited {
        Unawaited
    }
}
impl<T: Future> HowUnawaited for &Probe<T> {}

/// Finds any value.
pub trait HowPlain {
    /// How to read it.
    fn __orch_how(&self) -> Plain {
        Plain
    }
}
impl<T> HowPlain for Probe<T> {}

/// A value that may have `Debug`: `(&Printed(out)).__orch_printed()` finds it, for `#[task]`, where the type is known.
#[derive(Debug)]
pub struct Printed<'a, T>(pub &'a T);

/// Finds `Debug`.
pub trait PrintedDebug<'a> {
    /// The value.
    fn __orch_printed(&self) -> Option<&'a dyn fmt::Debug>;
}

impl<'a, T: fmt::Debug> PrintedDebug<'a> for &Printed<'a, T> {
    fn __orch_printed(&self) -> Option<&'a dyn fmt::Debug> {
        Some(self.0)
    }
}

/// Finds that there is none.
pub trait PrintedOpaque<'a> {
    /// Nothing.
    fn __orch_printed(&self) -> Option<&'a dyn fmt::Debug> {
        None
    }
}

impl<'a, T> PrintedOpaque<'a> for Printed<'a, T> {}

impl<Raw> fmt::Debug for Probe<Raw> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Probe")
    }
}
