//! What a step may ask of the run that it is a part of.

use std::convert::Infallible;
use std::future::Future;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use super::{Coords, Full, Here, Lend, Queued};
use crate::error::{Error, ErrorKind, Failure};
use crate::event::Told;
use crate::node::{Meta, Origin};
use crate::runtime::{BoxFuture, Gatekeeper, Report};

/// The run as a step sees it: where it is, the world around it, and who watches.
///
/// A value to copy into every future of the run. For [`Quiet`](super::Quiet) it has no size.
pub trait Cx: Here<Cx = Self> + for<'e> Lend<'e> {
    /// Held while the execution of a block lasts.
    type Guard: Send;
    /// Held while a start waits.
    type Queued: Send;
    /// What a block remembers for the steps inside.
    type Memo: Default + Send;
    /// An error that is kept while steps may look back at it.
    type Kept<E: Failure>: Send;

    // ----- where it is -----

    /// What follows belongs to attempt `attempt`, from 1.
    fn attempt(self, attempt: u32) -> Self;

    /// What follows belongs to attempt `attempt`, from 1, which runs beside others and comes after none of them.
    fn attempt_beside(self, attempt: u32) -> Self;

    /// What follows comes after this error, which its steps may look back at. A first attempt comes after none.
    fn after<E: Failure>(self, memo: &mut Self::Memo, error: Error<E>) -> Self;

    /// As [`after`](Cx::after), and the block keeps the error.
    fn after_kept<E: Failure>(self, memo: &mut Self::Memo, error: Error<E>) -> (Self, Self::Kept<E>);

    /// The error that was kept, once the block remembers nothing any more; `None` if a step has kept what it looked back at.
    fn give_back<E: Failure>(kept: Self::Kept<E>) -> Option<Error<E>>;

    /// What follows belongs to item `item`, from 0.
    fn item(self, item: u64) -> Self;

    /// What follows belongs to round `round`, from 1.
    fn round(self, round: u32) -> Self;

    /// What follows belongs to these.
    fn at(self, coords: Coords) -> Self;

    /// What follows has so much time left.
    fn within(self, duration: Duration) -> Self;

    // ----- the world -----

    /// A run of the block `meta` arrives at a gatekeeper: what the runtime says to it, if that is not asked at once.
    fn admit(self, meta: &'static Meta, gatekeeper: Gatekeeper<'_>) -> Option<Decision>;

    /// What the runtime makes of an arrival, if it said that it takes that on. `asks` asks the gatekeeper, and waits for its answer.
    fn arrive<'a, T: Send + 'a>(
        self,
        meta: &'static Meta,
        gatekeeper: Gatekeeper<'a>,
        asks: impl Future<Output = Result<T, ErrorKind<Infallible>>> + Send + 'a,
    ) -> BoxFuture<'a, Result<Option<T>, ErrorKind<Infallible>>>
    where
        Self: 'a;

    /// The gatekeeper's answer, if it was asked.
    fn admitted(
        self,
        meta: &'static Meta,
        gatekeeper: Gatekeeper<'_>,
        answer: impl FnOnce() -> Result<(), ErrorKind<Infallible>>,
    );

    /// A run that it had let through ends: whether this counts.
    fn reports(
        self,
        meta: &'static Meta,
        gatekeeper: Gatekeeper<'_>,
        report: impl FnOnce() -> Report,
    ) -> bool;

    /// Whether what happens now has happened before, in a process that is gone.
    fn is_replaying(self) -> bool;

    /// Waits for `duration`, in the step that `of` is.
    fn sleep(self, duration: Duration, of: Option<Origin>) -> impl Future<Output = ()> + Send;

    /// The time now, on the clock that [`sleep`](Cx::sleep) follows.
    fn now(self) -> Instant;

    /// Sixty-four random bits.
    fn random(self) -> u64;

    /// Takes one unit of the scheduler's cooperative budget; `Pending`, with the task woken, if there is none.
    fn poll_proceed(self, cx: &mut Context<'_>) -> Poll<()>;

    /// Whether any of the scheduler's cooperative budget is left.
    fn has_budget(self) -> bool;

    /// Has the task polled again after others had their turn.
    fn yield_now(self, waker: &Waker);

    // ----- who watches -----

    /// The items were counted, if they can be, and the start is told.
    fn counted(guard: &mut Self::Guard, items: impl FnOnce() -> Option<u64>);

    /// A start waits.
    fn queue(self, meta: &'static Meta) -> Self::Queued;

    /// The start that waited is due: the next step to start with what is returned is it.
    fn dequeue(self, queued: Self::Queued) -> Self;

    /// Polls inside the execution of a block, or calls the user's code for it. A panic makes the execution fail when the
    /// guard is dropped, after the steps inside.
    fn poll<T>(guard: &mut Self::Guard, poll: impl FnOnce() -> T) -> T;

    /// The execution of a block gave its output.
    fn succeed_block(guard: &mut Self::Guard);

    /// The execution of a block ended without a start of what is inside.
    fn skip_block(guard: &mut Self::Guard);

    /// The execution of a block failed.
    fn fail<E: Failure>(guard: &mut Self::Guard, error: &Error<E>);

    /// The execution has something to say that is particular to its block.
    fn tell<T: Told>(guard: &Self::Guard, told: impl FnOnce() -> T);

    // ----- without a type -----

    /// The run as a value of one type, for what cannot be generic; `None` if there is nothing to know of it.
    fn full<'a>(self) -> Option<Full<'a>>
    where
        Self: 'a;

    /// [`queue`](Cx::queue) of a step whose type is not known.
    fn queue_full(self, queue: impl for<'a> FnOnce(Full<'a>) -> Queued<'a>) -> Self::Queued;
}

/// What a runtime says to a run that arrives at a gatekeeper, which is not asked at once.
#[derive(Debug)]
pub enum Decision {
    Pass,
    Reject(ErrorKind<Infallible>),
    Arrive,
}

/// Finishes the execution of a block with its result.
#[inline(always)]
pub(crate) fn finish_block<R: Cx, T, E: Failure>(guard: &mut R::Guard, result: &Result<T, Error<E>>) {
    match result {
        Ok(_) => R::succeed_block(guard),
        Err(error) => R::fail(guard, error),
    }
}
