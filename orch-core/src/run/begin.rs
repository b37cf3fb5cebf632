//! Steps that begin in a run that knows itself, which they are handed as a value or by reference.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::attempt::{Attempt, Done, Slot};
use super::state::Id;
use super::task_guard::Started;
use super::{Coords, Full, Guard, Here, Inside, Lend, Position, TaskGuard};
use crate::codec::Codec;
use crate::error::{Error, ErrorKind, Failure};
use crate::event::Reason;
use crate::node::{Meta, Origin};
use crate::runtime::Runtime;
use crate::task::Task;

macro_rules! here {
    ($($this:ty),*) => {$(
        impl<'b> Here for $this {
            type Cx = Full<'b>;
            type TaskGuard = TaskGuard<'b, Self>;
            type Started = Started<'b>;

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
            fn fingerprint<T: Task<A>, A: Send>(self, args: &A) -> Option<u64> {
                self.run.runtime().and_then(|_| T::fingerprint(args))
            }

            #[inline(always)]
            fn execute<T: Task<A>, A: Send>(
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
                        Execute::Runtime { attempt: hand_over(rt, position, call, T::CODEC, fingerprint) }
                    }
                }
            }

            #[inline(always)]
            fn task<T>(
                self,
                meta: &'static Meta,
                make: impl FnOnce(Option<Id>) -> T,
            ) -> (T, Started<'b>) {
                TaskGuard::start(self, meta, make)
            }

            #[inline(always)]
            fn hold(self, started: Started<'b>) -> Self::TaskGuard {
                TaskGuard::of(self, started)
            }

            #[inline(always)]
            fn execution(started: &Started<'b>) -> Option<Id> {
                started.id
            }

            #[inline(always)]
            fn poll_task<T>(guard: &mut Self::TaskGuard, poll: impl FnOnce() -> T) -> T {
                guard.poll(poll)
            }

            #[inline(always)]
            fn succeed_task<T: Any>(
                guard: &mut Self::TaskGuard,
                output: &T,
                debug: fn(&T) -> Option<&dyn fmt::Debug>,
            ) {
                guard.succeed(output, debug(output));
            }

            fn fail_task<E: Failure>(guard: &mut Self::TaskGuard, error: &Error<E>) {
                let kind = error.kind();
                guard.fail(error, Reason::new(kind, kind.as_str()));
            }

            #[inline(always)]
            fn block(self, meta: &'static Meta) -> (Full<'b>, Guard<'b>) {
                Guard::block(&self, meta)
            }

            fn block_that_counts(self, meta: &'static Meta) -> (Full<'b>, Guard<'b>) {
                Guard::counting(&self, meta)
            }
        }
    )*};
}

here!(Full<'b>, &'b Full<'b>);

impl<'e> Lend<'e> for Full<'_> {
    type Lent = &'e Full<'e>;

    #[inline(always)]
    fn lend(&'e self) -> &'e Full<'e> {
        self
    }
}

pin_project! {
    /// An attempt at a task. (An `async` block would hold what it is given twice, and copy it.)
    #[project = ExecuteProjected]
    enum Execute<Call, Attempt> {
        Here { #[pin] call: Call },
        Runtime { attempt: Pin<Box<Attempt>> },
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
            ExecuteProjected::Runtime { attempt } => attempt.as_mut().poll(cx),
        }
    }
}
