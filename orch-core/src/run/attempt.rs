//! One attempt at a task, handed to a runtime of the user's to be run or answered for.

use std::any::Any;
use std::convert::Infallible;
use std::fmt;
use std::future::{Future, poll_fn};
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::Position;
use crate::error::ErrorKind;

/// One attempt at a task, in the hands of a [`Runtime`](crate::Runtime): it is run, or answered for.
///
/// Each of the three ways gives a [`Done`], which is what [`execute`](crate::Runtime::execute) has to give back. The arguments
/// stay where they are, and may borrow.
pub struct Attempt<'a> {
    callee: Pin<&'a mut (dyn Callee + 'a)>,
    position: Position<'a>,
}

/// That an attempt has an outcome.
///
/// Its lifetime is that of the attempt, and only an attempt makes one. So a runtime can give back no other.
#[derive(Debug)]
#[must_use = "it is what `execute` gives back"]
pub struct Done<'a>(PhantomData<fn(&'a ()) -> &'a ()>);

/// The call of a task whose type is not known.
trait Callee: Send {
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()>;

    fn fail(self: Pin<&mut Self>, kind: ErrorKind<Infallible>);

    /// Takes a `Some(Result<Out, Error>)`; whether it was one.
    fn answer(self: Pin<&mut Self>, result: &mut dyn Any) -> bool;
}

pin_project! {
    /// A call of a task, and its outcome.
    pub(super) struct Slot<Fut, T, X> {
        #[pin]
        call: Fut,
        outcome: Option<Result<T, ErrorKind<X>>>,
    }
}

impl<Fut, T, X> Slot<Fut, T, X>
where
    Fut: Future<Output = Result<T, ErrorKind<X>>>,
{
    pub(super) fn new(call: Fut) -> Self {
        Slot { call, outcome: None }
    }

    /// What came of it.
    ///
    /// # Panics
    ///
    /// If the attempt is not done.
    pub(super) fn take(self: Pin<&mut Self>) -> Result<T, ErrorKind<X>> {
        self.project().outcome.take().expect("who has a `Done` has left an outcome")
    }
}

impl<Fut, T, X> Callee for Slot<Fut, T, X>
where
    Fut: Future<Output = Result<T, ErrorKind<X>>> + Send,
    T: Send + 'static,
    X: Send + 'static,
{
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        this.call.poll(cx).map(|outcome| *this.outcome = Some(outcome))
    }

    fn fail(self: Pin<&mut Self>, kind: ErrorKind<Infallible>) {
        *self.project().outcome = Some(Err(kind.map(|never| match never {})));
    }

    fn answer(self: Pin<&mut Self>, result: &mut dyn Any) -> bool {
        let Some(result) = result.downcast_mut::<Option<Result<T, X>>>().and_then(Option::take) else {
            return false;
        };
        *self.project().outcome = Some(result.map_err(ErrorKind::Task));
        true
    }
}

impl<'a> Attempt<'a> {
    pub(super) fn new<Fut, T, X>(slot: Pin<&'a mut Slot<Fut, T, X>>, position: Position<'a>) -> Self
    where
        Fut: Future<Output = Result<T, ErrorKind<X>>> + Send + 'a,
        T: Send + 'static,
        X: Send + 'static,
    {
        Attempt { callee: slot, position }
    }

    /// Which step of which run it is, for which item, in which attempt.
    #[must_use]
    pub fn position(&self) -> Position<'a> {
        self.position
    }

    /// Runs the task here. Dropping the future cancels the attempt.
    ///
    /// # Panics
    ///
    /// If the task does.
    pub async fn run(self) -> Done<'a> {
        let Attempt { mut callee, .. } = self;
        poll_fn(|cx| callee.as_mut().poll(cx)).await;
        Done(PhantomData)
    }

    /// Fails the attempt without running the task, with any kind of error but a task's own.
    pub fn fail(mut self, kind: ErrorKind<Infallible>) -> Done<'a> {
        self.callee.as_mut().fail(kind);
        Done(PhantomData)
    }

    /// Answers for the task without running it: with an output, or with an error as its own.
    ///
    /// # Errors
    ///
    /// Gives the attempt back if the types are not those of the task. The error of a task that cannot fail is
    /// [`Infallible`].
    pub fn answer<T: Any, X: Any>(mut self, result: Result<T, X>) -> Result<Done<'a>, Self> {
        if self.callee.as_mut().answer(&mut Some(result)) { Ok(Done(PhantomData)) } else { Err(self) }
    }
}

impl fmt::Debug for Attempt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt").field("position", &self.position).finish_non_exhaustive()
    }
}
