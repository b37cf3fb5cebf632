//! Steps that begin in a run that knows itself, which they are handed as a value or by reference.

use std::any::Any;
use std::borrow::Borrow;
use std::fmt;
use std::future::Future;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::attempt::{Attempt, Done, Slot};
use super::state::Id;
use super::task_guard::Started;
use super::{Coords, Full, Guard, Here, Inside, Lend, Position, TaskGuard};
use crate::codec::Codec;
use crate::error::{Error, ErrorKind, Failure};
use crate::event::{Gave, Reason};
use crate::node::{Meta, Origin};
use crate::runtime::Runtime;
use crate::task::Task;

/// The run as it is handed to a step.
pub trait At<'b>: Borrow<Full<'b>> {
    /// Whether the step follows another at once, and so starts at the time when that has ended.
    const FOLLOWS: bool;
}

/// What a sequence lends to a step that follows another.
#[derive(Clone, Copy, Debug)]
pub struct After<'b>(&'b Full<'b>);

impl<'b> Deref for After<'b> {
    type Target = Full<'b>;

    #[inline(always)]
    fn deref(&self) -> &Full<'b> {
        self.0
    }
}

impl<'b> Borrow<Full<'b>> for After<'b> {
    #[inline(always)]
    fn borrow(&self) -> &Full<'b> {
        self.0
    }
}

macro_rules! here {
    ($($this:ty, $follows:literal;)*) => {$(
        impl<'b> At<'b> for $this {
            const FOLLOWS: bool = $follows;
        }

        impl<'b> Here for $this {
            type Cx = Full<'b>;
            type TaskGuard = TaskGuard<'b, Self>;
            type Started = Started;

            #[inline(always)]
            fn cx(self) -> Full<'b> {
                *self.itself()
            }

            #[inline(always)]
            fn coords(self) -> Coords {
                self.coords
            }

            fn embed(self, meta: &'static Meta) -> Full<'b> {
                self.embedded(meta)
            }

            #[inline(always)]
            fn inside<'e>(self, id: Option<Id>, origin: Origin) -> Option<Inside<'e>>
            where
                Self: 'e,
            {
                Some(Inside { cx: self.cx(), origin, id })
            }

            #[inline(always)]
            fn fingerprint<T: Task<A>, A>(self, args: &A) -> Option<u64> {
                self.run.runtime().and_then(|_| T::fingerprint(args))
            }

            #[inline(always)]
            fn execute<T: Task<A, Out: Send, Error: Send>, A>(
                self,
                id: Option<Id>,
                origin: Origin,
                args: A,
                fingerprint: Option<u64>,
            ) -> impl Future<Output = Result<T::Out, ErrorKind<T::Error>>> + Send {
                let call = T::call(args, self.inside(id, origin));
                match self.run.runtime() {
                    None => Execute::Here { call },
                    Some(rt) => {
                        let position = self.cx().position(origin.meta());
                        Execute::Runtime { attempt: Apart::new(hand_over(rt, position, call, T::CODEC, fingerprint)) }
                    }
                }
            }

            #[inline(always)]
            fn task<T>(
                self,
                meta: &'static Meta,
                make: impl FnOnce(Option<Id>) -> T,
            ) -> (T, Started) {
                TaskGuard::start(self, meta, make)
            }

            #[inline(always)]
            fn hold(self, started: Started) -> Self::TaskGuard {
                TaskGuard::of(self, started)
            }

            #[inline(always)]
            fn execution(started: &Started) -> Option<Id> {
                started.id
            }

            #[inline(always)]
            fn poll_task<T, X>(
                guard: &mut Self::TaskGuard,
                poll: impl FnOnce() -> Poll<Result<T, X>>,
            ) -> Poll<Result<T, X>> {
                guard.poll(poll)
            }

            #[inline(always)]
            fn succeed_task<T: Any>(
                guard: &mut Self::TaskGuard,
                output: &T,
                debug: fn(&T) -> Option<&dyn fmt::Debug>,
            ) {
                guard.succeed(&Gave { value: output, debug });
            }

            fn fail_task<E: Failure>(guard: &mut Self::TaskGuard, error: &Error<E>) {
                let kind = error.kind();
                guard.fail(error, Reason::new(kind, kind.as_str()));
            }

            #[inline(always)]
            fn block(self, meta: &'static Meta) -> (Full<'b>, Guard<'b>) {
                Guard::block(&self, meta, Self::FOLLOWS)
            }

            fn block_that_counts(self, meta: &'static Meta) -> (Full<'b>, Guard<'b>) {
                Guard::counting(&self, meta, Self::FOLLOWS)
            }
        }
    )*};
}

here! {
    Full<'b>, false;
    &'b Full<'b>, false;
    After<'b>, true;
}

impl<'e> Lend<'e> for Full<'_> {
    type Lent = &'e Full<'e>;
    type Next = After<'e>;

    #[inline(always)]
    fn lend(&'e self) -> &'e Full<'e> {
        self
    }

    #[inline(always)]
    fn lend_next(&'e self) -> After<'e> {
        After(self)
    }
}

pin_project! {
    /// An attempt at a task. (An `async` block would hold what it is given twice, and copy it.)
    #[project = ExecuteProjected]
    enum Execute<Call, Attempt> {
        Here { #[pin] call: Call },
        Runtime { attempt: Apart<Attempt> },
    }
}

/// An attempt that a runtime of the user's makes. It is dropped out of line, so that a step without one is dropped by a few comparisons in
/// line.
struct Apart<Attempt>(ManuallyDrop<Option<Pin<Box<Attempt>>>>);

impl<Attempt: Future> Apart<Attempt> {
    fn new(attempt: Pin<Box<Attempt>>) -> Self {
        Apart(ManuallyDrop::new(Some(attempt)))
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Attempt::Output> {
        match &mut *self.0 {
            Some(attempt) => attempt.as_mut().poll(cx),
            None => unreachable!("it is there until it is dropped"),
        }
    }
}

impl<Attempt> Apart<Attempt> {
    #[cold]
    #[inline(never)]
    fn leave(&mut self) {
        drop(self.0.take());
    }
}

impl<Attempt> Drop for Apart<Attempt> {
    #[inline(always)]
    fn drop(&mut self) {
        self.leave();
    }
}

/// Has a runtime of the user's run a call, or answer for it. In a box, so that who has none does not pay for the size.
fn hand_over<'r, 'e, T, X>(
    rt: &'r (dyn Runtime + 'r),
    position: Position<'e>,
    call: impl Future<Output = Result<T, ErrorKind<X>>> + Send,
    codec: Option<Codec<T, X>>,
    fingerprint: Option<u64>,
) -> Pin<Box<impl Future<Output = Result<T, ErrorKind<X>>> + Send>>
where
    T: Send + 'static,
    X: Send + 'static,
{
    Box::pin(async move {
        let mut slot = pin!(Slot::new(call, codec));
        let _: Done<'_> = rt.execute(Attempt::new(slot.as_mut(), position, fingerprint)).await;
        slot.take()
    })
}

impl<Call: Future, Attempt: Future<Output = Call::Output>> Future for Execute<Call, Attempt> {
    type Output = Call::Output;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Call::Output> {
        match self.project() {
            ExecuteProjected::Here { call } => call.poll(cx),
            ExecuteProjected::Runtime { attempt } => attempt.poll(cx),
        }
    }
}
