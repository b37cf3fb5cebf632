//! One attempt at a task, handed to a runtime of the user's to be run or answered for.

use std::any::{Any, type_name};
use std::convert::Infallible;
use std::fmt;
use std::future::{Future, poll_fn};
use std::marker::PhantomData;
#[cfg(feature = "durable")]
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
#[cfg(feature = "durable")]
use std::task::ready;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::Position;
use crate::codec::Codec;
use crate::error::ErrorKind;
#[cfg(feature = "durable")]
use crate::error::{BoxError, Panicked};

/// One attempt at a task, in the hands of a [`Runtime`](crate::Runtime): it is run, or answered for.
///
/// Each of the three ways gives a [`Done`], which is what [`execute`](crate::Runtime::execute) has to give back. The arguments
/// stay where they are, and may borrow.
pub struct Attempt<'a> {
    callee: Pin<&'a mut (dyn Callee + 'a)>,
    position: Position<'a>,
    /// Of its arguments.
    #[cfg_attr(not(feature = "durable"), expect(dead_code, reason = "nothing is compared then"))]
    fingerprint: Option<u64>,
}

/// That an attempt has an outcome.
///
/// Its lifetime is that of the attempt, and only an attempt makes one. So a runtime can give back no other.
#[derive(Debug)]
#[must_use = "it is what `execute` gives back"]
pub struct Done<'a>(PhantomData<fn(&'a ()) -> &'a ()>);

impl Done<'_> {
    pub(super) fn new() -> Self {
        Done(PhantomData)
    }
}

/// The call of a task whose type is not known.
trait Callee: Send {
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()>;

    fn fail(self: Pin<&mut Self>, kind: ErrorKind<Infallible>);

    /// Takes a `Some(Result<Out, Error>)`; whether it was one.
    fn answer(self: Pin<&mut Self>, result: &mut dyn Any) -> bool;

    /// Takes a `Some(Out)`; whether it was one.
    fn output(self: Pin<&mut Self>, output: &mut dyn Any) -> bool;

    /// Takes a `Some(Error)`; whether it was one.
    fn error(self: Pin<&mut Self>, error: &mut dyn Any) -> bool;

    /// The names of `Out` and `Error`.
    fn types(&self) -> (&'static str, &'static str);

    #[cfg(feature = "durable")]
    fn is_durable(&self) -> bool;

    /// The outcome that there is, if it can be written down.
    #[cfg(feature = "durable")]
    fn written(self: Pin<&mut Self>) -> Result<Vec<u8>, BoxError>;

    /// Takes an outcome that was written down.
    #[cfg(feature = "durable")]
    fn read(self: Pin<&mut Self>, bytes: &[u8]) -> Result<(), BoxError>;
}

pin_project! {
    /// A call of a task, and its outcome.
    pub(super) struct Slot<Fut, T, X> {
        #[pin]
        call: Fut,
        outcome: Option<Result<T, ErrorKind<X>>>,
        codec: Option<Codec<T, X>>,
    }
}

impl<Fut, T, X> Slot<Fut, T, X>
where
    Fut: Future<Output = Result<T, ErrorKind<X>>>,
{
    pub(super) fn new(call: Fut, codec: Option<Codec<T, X>>) -> Self {
        Slot { call, outcome: None, codec }
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

    fn output(self: Pin<&mut Self>, output: &mut dyn Any) -> bool {
        let Some(output) = output.downcast_mut::<Option<T>>().and_then(Option::take) else { return false };
        *self.project().outcome = Some(Ok(output));
        true
    }

    fn error(self: Pin<&mut Self>, error: &mut dyn Any) -> bool {
        let Some(error) = error.downcast_mut::<Option<X>>().and_then(Option::take) else { return false };
        *self.project().outcome = Some(Err(ErrorKind::Task(error)));
        true
    }

    fn types(&self) -> (&'static str, &'static str) {
        (type_name::<T>(), type_name::<X>())
    }

    #[cfg(feature = "durable")]
    fn is_durable(&self) -> bool {
        self.codec.is_some()
    }

    #[cfg(feature = "durable")]
    fn written(self: Pin<&mut Self>) -> Result<Vec<u8>, BoxError> {
        match (&self.codec, &self.outcome) {
            (Some(codec), Some(outcome)) => crate::durable::outcome(codec, outcome.as_ref()),
            _ => Err("there is none".into()),
        }
    }

    #[cfg(feature = "durable")]
    fn read(self: Pin<&mut Self>, bytes: &[u8]) -> Result<(), BoxError> {
        let this = self.project();
        let codec = this.codec.as_ref().ok_or("the task is not durable")?;
        *this.outcome = Some(crate::durable::read_outcome(codec, bytes)?);
        Ok(())
    }
}

impl<'a> Attempt<'a> {
    pub(super) fn new<Fut, T, X>(
        slot: Pin<&'a mut Slot<Fut, T, X>>,
        position: Position<'a>,
        fingerprint: Option<u64>,
    ) -> Self
    where
        Fut: Future<Output = Result<T, ErrorKind<X>>> + Send + 'a,
        T: Send + 'static,
        X: Send + 'static,
    {
        Attempt { callee: slot, position, fingerprint }
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
        Done::new()
    }

    /// Fails the attempt without running the task, with any kind of error but a task's own.
    pub fn fail(mut self, kind: ErrorKind<Infallible>) -> Done<'a> {
        self.callee.as_mut().fail(kind);
        Done::new()
    }

    /// Answers for the task without running it: with an output, or with an error as its own.
    ///
    /// # Errors
    ///
    /// Gives the attempt back if the types are not those of the task. The error of a task that cannot fail is
    /// [`Infallible`].
    pub fn answer<T: Any, X: Any>(mut self, result: Result<T, X>) -> Result<Done<'a>, Self> {
        if self.callee.as_mut().answer(&mut Some(result)) { Ok(Done::new()) } else { Err(self) }
    }

    /// The same with an output, where the type of the task's error is not known.
    ///
    /// # Errors
    ///
    /// Gives the attempt back if the type is not that of the task's output.
    pub fn answer_output<T: Any>(mut self, output: T) -> Result<Done<'a>, Self> {
        if self.callee.as_mut().output(&mut Some(output)) { Ok(Done::new()) } else { Err(self) }
    }

    /// The same with an error as the task's own, where the type of its output is not known.
    ///
    /// ```
    /// use async_orch::{Attempt, BoxFuture, Done, Local, Run, Runtime, pipeline, task};
    /// use std::time::{Duration, Instant};
    ///
    /// /// Refuses whatever can be refused.
    /// struct Refuses;
    ///
    /// impl Runtime for Refuses {
    ///     fn execute<'a>(&'a self, attempt: Attempt<'a>) -> BoxFuture<'a, Done<'a>> {
    ///         Box::pin(async move {
    ///             match attempt.answer_error("refused") {
    ///                 Ok(done) => done,
    ///                 Err(attempt) => attempt.run().await,
    ///             }
    ///         })
    ///     }
    /// #   fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> { Local.sleep(duration) }
    /// #   fn now(&self) -> Instant { Local.now() }
    /// #   fn random(&self) -> u64 { Local.random() }
    ///     // … and the rest of a runtime.
    /// }
    ///
    /// #[task]
    /// async fn count() -> u32 {
    ///     3
    /// }
    ///
    /// #[task]
    /// async fn pay(amount: u32) -> Result<String, &'static str> {
    ///     Ok(format!("paid {amount}"))
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let p = pipeline! { seq < count pay > };
    /// assert_eq!(p.on(&Refuses).run(()).await.unwrap_err().to_string(), "step `seq/pay` failed: refused");
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Gives the attempt back if the type is not that of the task's error, which of a task that cannot fail is [`Infallible`].
    pub fn answer_error<X: Any>(mut self, error: X) -> Result<Done<'a>, Self> {
        if self.callee.as_mut().error(&mut Some(error)) { Ok(Done::new()) } else { Err(self) }
    }

    /// The type of the task's output, as text for messages.
    #[must_use]
    pub fn output_type(&self) -> &'static str {
        self.callee.types().0
    }

    /// The type of the task's error, as text for messages.
    #[must_use]
    pub fn error_type(&self) -> &'static str {
        self.callee.types().1
    }
}

#[cfg(feature = "durable")]
impl<'a> Attempt<'a> {
    /// A number that is the same for the same arguments, where those can be written down.
    pub(crate) fn fingerprint(&self) -> Option<u64> {
        self.fingerprint
    }

    /// Whether what the task gives can be written down.
    pub(crate) fn is_durable(&self) -> bool {
        self.callee.is_durable()
    }

    /// Runs the task here, and writes down what comes of it. A panic is an outcome too.
    pub(crate) fn poll_written(&mut self, cx: &mut Context<'_>) -> Poll<Result<Vec<u8>, BoxError>> {
        let mut callee = self.callee.as_mut();
        match catch_unwind(AssertUnwindSafe(|| callee.as_mut().poll(cx))) {
            Ok(polled) => ready!(polled),
            Err(payload) => callee.as_mut().fail(ErrorKind::Panicked(Panicked::caught(payload))),
        }
        Poll::Ready(callee.written())
    }

    /// Answers for the task with what was written down.
    pub(crate) fn read(mut self, bytes: &[u8]) -> Result<Done<'a>, BoxError> {
        self.callee.as_mut().read(bytes).map(|()| Done::new())
    }
}

impl fmt::Debug for Attempt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt").field("position", &self.position).finish_non_exhaustive()
    }
}
