//! Tasks: what `#[task]` makes of a function.

use std::convert::Infallible;
use std::fmt;
use std::future::{Future, poll_fn};
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{self, Poll, ready};

use pin_project_lite::pin_project;

use crate::build::returned::Gives;
use crate::build::spot::Spot;
use crate::bus::{Entered, Surrounded};
use crate::codec::Codec;
use crate::context::Context;
use crate::error::{BoxError, ErrorKind, Panicked};
use crate::run::{Asks, Inside};

/// A function as a type, called with its parameters as the tuple `Args`.
///
/// `#[task]` implements it on a type of the function's own name; nobody needs to write it by hand.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a task that takes `{Args}`",
    note = "put `#[task]` on the function"
)]
pub trait Task<Args>: 'static {
    /// The name in paths, events and errors: the function's, or `#[task(name = "…")]`.
    const NAME: &'static str;
    /// What it gives when it succeeds. A step is made of a task only if that can be sent between threads.
    type Out: 'static;
    /// What it gives when it fails; [`Infallible`] if it cannot. The same holds for it.
    type Error: 'static;
    /// Whether it asks for its [`Context`], and so which run it is a part of.
    #[doc(hidden)]
    type Asks: Asks;

    /// How what it gives is written down, if it is `#[task(durable)]`.
    #[doc(hidden)]
    const CODEC: Option<Codec<Self::Out, Self::Error>> = None;

    /// Asks for it.
    #[doc(hidden)]
    fn __orch_holds(_spot: Spot<(Self, Args)>)
    where
        Self: Sized,
    {
    }

    /// A number that is the same for the same arguments, where those can be written down.
    #[doc(hidden)]
    fn fingerprint(_args: &Args) -> Option<u64> {
        None
    }

    /// Calls the function. Nothing happens before the future is polled.
    ///
    /// The error is [`ErrorKind::Task`], or [`ErrorKind::Panicked`] from a task that runs outside of the
    /// caller's future.
    #[doc(hidden)]
    fn call(
        args: Args,
        inside: Option<Inside<'_>>,
    ) -> impl Future<Output = Result<Self::Out, ErrorKind<Self::Error>>> + Send;

    /// The output as something that can be printed, if its type has `Debug`.
    #[doc(hidden)]
    fn debug(_out: &Self::Out) -> Option<&dyn fmt::Debug> {
        None
    }
}

/// The context of a call.
#[must_use]
pub fn context<E>(inside: Option<Inside<'_>>) -> Context<'_, E> {
    Context::new(inside)
}

/// That a task fits a pipeline whose error type is `E`.
///
/// `#[task]` implements it: for every `E` if the function cannot fail, else where its error converts into
/// `E`. (A blanket implementation over [`Infallible`] cannot say the first.)
pub trait Fails<Args, E>: Task<Args> {
    /// The task's error as the pipeline's.
    fn convert(error: Self::Error) -> E;
}

/// The error of a task converts into the error type `E` of a pipeline.
#[diagnostic::on_unimplemented(
    message = "the error `{Self}` of this step does not convert into the pipeline's error `{E}`",
    label = "can fail with `{Self}`",
    note = "implement `From<{Self}>` for `{E}`, or name another type in the header: `error = MyError;`"
)]
// It holds for types of every crate: shown, it would stand in the documentation of each of them.
#[doc(hidden)]
pub trait IntoFailure<E> {
    /// Converts it.
    fn into_failure(self) -> E;

    /// Asks for it.
    fn __orch_holds(_spot: Spot<(Self, E)>)
    where
        Self: Sized,
    {
    }
}

#[diagnostic::do_not_recommend]
impl<T: Into<E>, E> IntoFailure<E> for T {
    #[inline]
    fn into_failure(self) -> E {
        self.into()
    }
}

/// As [`IntoFailure`], where the pipeline names no error type: nobody can implement a conversion into [`BoxError`](crate::BoxError).
#[diagnostic::on_unimplemented(
    message = "the error `{Self}` of this step does not convert into the pipeline's error `BoxError`",
    label = "can fail with `{Self}`",
    note = "`BoxError` takes text, and what implements `std::error::Error + Send + Sync`: implement it, or let the step give such an error, `.map_err(…)`; a `Box<dyn Error>` needs `+ Send + Sync`, and a type parameter `Error + Send + Sync + Unpin + 'static`",
    note = "or name a type that takes it in the header: `error = MyError;`"
)]
#[doc(hidden)]
pub trait IntoBoxError<E = BoxError> {
    /// Asks for it.
    fn __orch_holds(_spot: Spot<(Self, E)>)
    where
        Self: Sized,
    {
    }
}

#[diagnostic::do_not_recommend]
impl<T: Into<E>, E> IntoBoxError<E> for T {}

/// A task with its arguments, not yet started.
pub struct Call<T, Args> {
    pub(crate) args: Args,
    task: PhantomData<fn() -> T>,
}

impl<T, Args> Call<T, Args> {
    /// The call of `T` with `args`.
    #[inline(always)]
    pub fn new(args: Args) -> Self {
        Call { args, task: PhantomData }
    }
}

impl<T, Args> fmt::Debug for Call<T, Args> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Call")
    }
}

pin_project! {
    /// The call of an async function that can fail: it gives `T` or the error `X`.
    #[derive(Debug)]
    pub struct Fallible<F, T, X> {
        #[pin]
        fut: F,
        gives: PhantomData<fn() -> (T, X)>,
    }
}

impl<F, T, X> Fallible<F, T, X> {
    /// Wraps the function's future.
    #[inline(always)]
    pub fn new(fut: F) -> Self {
        Fallible { fut, gives: PhantomData }
    }
}

impl<T, X, F: Future<Output: Gives<T, X>>> Future for Fallible<F, T, X> {
    type Output = Result<T, ErrorKind<X>>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Self::Output> {
        self.project().fut.poll(cx).map(F::Output::given)
    }
}

pin_project! {
    /// The call of an async function that cannot fail.
    #[derive(Debug)]
    pub struct Unfailing<F> { #[pin] fut: F }
}

impl<F> Unfailing<F> {
    /// Wraps the function's future.
    #[inline(always)]
    pub fn new(fut: F) -> Self {
        Unfailing { fut }
    }
}

impl<F: Future> Future for Unfailing<F> {
    type Output = Result<F::Output, ErrorKind<Infallible>>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Self::Output> {
        self.project().fut.poll(cx).map(Ok)
    }
}

pin_project! {
    /// The call of an async function that gives `!`.
    #[derive(Debug)]
    pub struct Endless<F> { #[pin] fut: F }
}

impl<F> Endless<F> {
    /// Wraps the function's future.
    #[inline(always)]
    pub fn new(fut: F) -> Self {
        Endless { fut }
    }
}

impl<F: Future> Future for Endless<F> {
    type Output = Result<Infallible, ErrorKind<Infallible>>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Self::Output> {
        match self.project().fut.poll(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(_) => unreachable!("there is no value of `!`"),
        }
    }
}

/// The call of a sync function, made when first polled.
#[derive(Debug)]
pub struct CallOnce<F> {
    call: Option<F>,
}

impl<F> CallOnce<F> {
    /// Wraps a closure that makes the call.
    #[inline(always)]
    pub fn new(call: F) -> Self {
        CallOnce { call: Some(call) }
    }
}

// The closure is taken out by value, never pinned.
impl<F> Unpin for CallOnce<F> {}

impl<T, F: FnOnce() -> T> Future for CallOnce<F> {
    type Output = T;

    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, _: &mut task::Context<'_>) -> Poll<T> {
        let call = self.call.take().expect("a task is not polled again after it has finished");
        Poll::Ready(call())
    }
}

pin_project! {
    /// The call of a task that runs outside of the caller's future: on the blocking pool or as a task of its
    /// own. Dropping it aborts the task at its next await; a blocking call runs on, its result is discarded.
    #[derive(Debug)]
    pub struct Detached<S, T> {
        start: Option<S>,
        handle: Option<AbortOnDrop<T>>,
    }
}

#[derive(Debug)]
struct AbortOnDrop<T>(tokio::task::JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl<S, T> Detached<S, T>
where
    S: FnOnce() -> tokio::task::JoinHandle<T>,
{
    /// Starts it when first polled.
    #[inline]
    pub fn new(start: S) -> Self {
        Detached { start: Some(start), handle: None }
    }
}

impl<S, T, X> Future for Detached<S, Result<T, ErrorKind<X>>>
where
    S: FnOnce() -> tokio::task::JoinHandle<Result<T, ErrorKind<X>>>,
{
    type Output = Result<T, ErrorKind<X>>;

    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Some(start) = this.start.take() {
            *this.handle = Some(AbortOnDrop(start()));
        }
        let handle = this.handle.as_mut().expect("a task is not polled again after it has finished");
        let joined = ready!(Pin::new(&mut handle.0).poll(cx));
        *this.handle = None;
        Poll::Ready(match joined {
            Ok(result) => result,
            Err(error) => Err(match error.try_into_panic() {
                Ok(payload) => ErrorKind::Panicked(Panicked::caught(payload)),
                // By nobody but the runtime, which shuts down: who drops this drops the handle too.
                Err(_) => ErrorKind::Cancelled,
            }),
        })
    }
}

/// Starts a task on tokio.
///
/// # Panics
///
/// Where there is no runtime. tokio says so itself before, without a word of which task it was.
fn starts<T>(name: &'static str, start: impl FnOnce() -> T) -> T {
    match catch_unwind(AssertUnwindSafe(start)) {
        Ok(handle) => handle,
        Err(_) => panic!("task `{name}` leaves its run by `spawn` or `blocking`, and needs a tokio runtime"),
    }
}

/// Where work that leaves its run leaves its outcome.
struct Outcome<T, X>(Mutex<Option<Result<T, ErrorKind<X>>>>);

impl<T, X> Outcome<T, X> {
    fn new() -> Arc<Self> {
        Arc::new(Outcome(Mutex::new(None)))
    }

    fn leave(&self, outcome: std::thread::Result<Result<T, ErrorKind<X>>>) {
        let outcome = outcome.unwrap_or_else(|payload| Err(ErrorKind::Panicked(Panicked::caught(payload))));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
    }

    /// None was left by work that the runtime gave up.
    fn take(&self) -> Result<T, ErrorKind<X>> {
        let outcome = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        outcome.unwrap_or(Err(ErrorKind::Cancelled))
    }
}

/// Runs a sync function where it may block: on tokio's blocking pool, or where the run's runtime says.
///
/// # Panics
///
/// When polled outside of a tokio runtime, if the run is on tokio.
pub async fn blocking<F, T, X>(
    name: &'static str,
    call: F,
    inside: Option<Inside<'_>>,
) -> Result<T, ErrorKind<X>>
where
    F: FnOnce() -> Result<T, ErrorKind<X>> + Send + 'static,
    T: Send + 'static,
    X: Send + 'static,
{
    let ambient = inside.and_then(Inside::ambient);
    let call = move || {
        let _entered = Entered::new(ambient.as_deref());
        call()
    };
    let Some(rt) = inside.and_then(Inside::runtime) else {
        return Detached::new(move || starts(name, || tokio::task::spawn_blocking(call))).await;
    };
    let outcome = Outcome::new();
    let left = outcome.clone();
    rt.blocking(Box::new(move || left.leave(catch_unwind(AssertUnwindSafe(call))))).await;
    outcome.take()
}

/// Runs a future as a task of its own: on tokio, or where the run's runtime says.
///
/// # Panics
///
/// When polled outside of a tokio runtime, if the run is on tokio.
pub async fn spawned<F, T, X>(
    name: &'static str,
    fut: F,
    inside: Option<Inside<'_>>,
) -> Result<T, ErrorKind<X>>
where
    F: Future<Output = Result<T, ErrorKind<X>>> + Send + 'static,
    T: Send + 'static,
    X: Send + 'static,
{
    let fut = Surrounded::new(fut, inside.and_then(Inside::ambient));
    let Some(rt) = inside.and_then(Inside::runtime) else {
        return Detached::new(move || starts(name, || tokio::spawn(fut))).await;
    };
    let outcome = Outcome::new();
    let left = outcome.clone();
    rt.spawn(Box::pin(async move {
        let mut fut = Box::pin(fut);
        let polled = poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| fut.as_mut().poll(cx))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(result)) => Poll::Ready(Ok(result)),
            Err(payload) => Poll::Ready(Err(payload)),
        });
        left.leave(polled.await);
    }))
    .await;
    outcome.take()
}
