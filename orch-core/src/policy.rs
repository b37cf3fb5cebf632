//! What a policy of the user's is to a block: what it is given, and what it has to give.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use crate::build::feed::CanBeCloned;
use crate::build::spot::Spot;
use crate::error::{BoxError, Error, ErrorKind, Failure};
use crate::node::Origin;
use crate::runtime::BoxFuture;

/// A policy of your own for a body: what stands in the head of a `with` block.
///
/// It says whether and how often the body is run, and what comes of it. `T` is what the body gives, and `E` the error type of the
/// pipeline. A policy for bodies of every type is generic over both; one that is for a type alone names it, as a cache does that
/// gives clones. A reference to a policy and an `Arc` of one are policies, so that several blocks and runs can share what it holds.
///
/// ```
/// use async_orch::{Error, Failure, Next, Once, Policy, pipeline};
/// use std::sync::atomic::{AtomicU32, Ordering};
///
/// /// Counts the bodies that fail.
/// #[derive(Default)]
/// struct Failures(AtomicU32);
///
/// impl<T: Send, E: Failure> Policy<T, E, Once> for Failures {
///     async fn apply(&self, next: Next<'_, T, E, Once>) -> Result<T, Error<E>> {
///         let result = next.call_once().await;
///         if result.is_err() {
///             self.0.fetch_add(1, Ordering::Relaxed);
///         }
///         result
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let failures = Failures::default();
/// let parse = pipeline! { |_: &'static str| with(&failures) < |text| { text.parse::<u16>() } > };
/// assert_eq!(parse.run("7").await.unwrap(), 7);
/// assert!(parse.run("seven").await.is_err());
/// assert_eq!(failures.0.into_inner(), 1);
/// # }
/// ```
///
/// `Runs` is how often it may run the body in one run of the block. It is [`Again`] if nothing is said: as often as it likes, and what
/// is piped into the body has to be `Clone`, as each run but the last gets a clone. One that says [`Once`] asks for no clone.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no policy for a body that gives `{T}` and fails with `Error<{E}>`",
    label = "does not implement `Policy<{T}, {E}>`",
    note = "`with(policy) < … >` takes a value of a type that implements `async_orch::Policy`, a reference to one, or an `Arc` of one",
    note = "one for bodies of every type: `impl<T: Send, E: Failure> Policy<T, E> for …`; of a layer of tower's, with the feature `tower`: `tower(layer)`, or `tower_again(layer)` if it calls more than once"
)]
pub trait Policy<T, E = BoxError, Runs = Again>: Send + Sync {
    /// Runs a body, and gives what the block is to give.
    ///
    /// # Errors
    ///
    /// One that the body gave, or one of its own, by [`Next::error`] or [`Origin::error`].
    ///
    /// # Panics
    ///
    /// A panic is one of the block: it goes on outwards, as a panic of a step does.
    ///
    /// # Cancellation
    ///
    /// The future is dropped when the run is dropped, at any of its awaits.
    fn apply(&self, next: Next<'_, T, E, Runs>) -> impl Future<Output = Result<T, Error<E>>> + Send;
}

#[diagnostic::do_not_recommend]
impl<T, E, Runs, P: Policy<T, E, Runs>> Policy<T, E, Runs> for &P {
    #[inline(always)]
    fn apply(&self, next: Next<'_, T, E, Runs>) -> impl Future<Output = Result<T, Error<E>>> + Send {
        P::apply(self, next)
    }
}

#[diagnostic::do_not_recommend]
impl<T, E, Runs, P: Policy<T, E, Runs>> Policy<T, E, Runs> for Arc<P> {
    #[inline(always)]
    fn apply(&self, next: Next<'_, T, E, Runs>) -> impl Future<Output = Result<T, Error<E>>> + Send {
        P::apply(self, next)
    }
}

/// A policy that runs its body as often as it likes, one run after another: what a [`Policy`] is that says nothing else. Each run is
/// an attempt.
#[derive(Clone, Copy, Debug)]
pub struct Again;

/// A policy that runs its body once at most, so that what is piped into it is moved and need not be `Clone`:
/// [`Policy<T, E, Once>`](Policy). Its run is no attempt of its own: `cx.attempt()` and [`Error::attempts`] are those of the blocks
/// around it.
#[derive(Clone, Copy, Debug)]
pub struct Once;

/// The body of a `with` block, as its [`Policy`] gets it.
///
/// It is used in one run of the block alone. What is left of it is dropped before the block ends.
pub struct Next<'a, T, E = BoxError, Runs = Again> {
    body: Pin<&'a mut (dyn Running<T, E> + 'a)>,
    runs: PhantomData<fn() -> Runs>,
}

impl<'a, T, E> Next<'a, T, E, Again> {
    /// Runs the body, from its start, on a clone of what is piped. It may be called again when that run has ended or was dropped.
    ///
    /// # Errors
    ///
    /// What the body fails with. Its [`attempts`](Error::attempts) are the runs that there were, this one included, unless a
    /// block inside has counted its own.
    ///
    /// # Panics
    ///
    /// If a step of the body does.
    ///
    /// # Cancellation
    ///
    /// Dropped, it cancels what is under way in the body. It has not run, and is no attempt, if it was never polled.
    pub fn call(&mut self) -> impl Future<Output = Result<T, Error<E>>> + Send + use<'_, 'a, T, E> {
        Call { body: self.body.as_mut(), state: CallState::Waiting { is_last: false } }
    }
}

impl<'a, T, E, Runs> Next<'a, T, E, Runs> {
    pub(crate) fn new(body: Pin<&'a mut (dyn Running<T, E> + 'a)>) -> Self {
        Next { body, runs: PhantomData }
    }

    /// Runs the body for the last time, and so on what is piped itself and no clone of it.
    ///
    /// # Errors
    ///
    /// What the body fails with, as [`call`](Next::call).
    ///
    /// # Panics
    ///
    /// If a step of the body does.
    ///
    /// # Cancellation
    ///
    /// Dropped, it cancels what is under way in the body. It has not run, and is no attempt, if it was never polled.
    pub fn call_once(self) -> impl Future<Output = Result<T, Error<E>>> + Send + use<'a, T, E, Runs> {
        Call { body: self.body, state: CallState::Waiting { is_last: true } }
    }

    /// How many runs of the body have started.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.body.attempts()
    }

    /// The block: its name, its path, and where it is written.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.body.origin()
    }

    /// Waits on the clock of the run, which is that of its [`Runtime`](crate::Runtime). It may be polled beside a run of the body.
    pub fn sleep(&self, duration: Duration) -> BoxFuture<'a, ()>
    where
        T: 'a,
        E: 'a,
    {
        self.body.sleep(duration)
    }

    /// The time now, on the clock of the run.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.body.now()
    }

    /// An error of the block itself, of any kind: [`ErrorKind::Rejected`] if it turns the run away, [`ErrorKind::policy`] for an error of
    /// its own. Who has given this away, to [`call_once`](Next::call_once), makes one by [`Origin::error`].
    #[must_use]
    pub fn error(&self, kind: ErrorKind<E>) -> Error<E>
    where
        E: Failure,
    {
        let mut kind = kind;
        if let ErrorKind::Policy { ran, .. } = &mut kind {
            *ran = self.attempts() > 0;
        }
        let mut error = Error::of(kind, self.origin());
        self.body.counts_for(&mut error);
        error
    }
}

impl<T, E, Runs> fmt::Debug for Next<'_, T, E, Runs> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next").field("block", &self.origin()).field("attempts", &self.attempts()).finish()
    }
}

/// A body, one run of which may be under way. Without its type, so that a policy has none of a run's in its own.
pub(crate) trait Running<T, E>: Send {
    fn attempts(&self) -> u32;

    fn origin(&self) -> Origin;

    /// An error of the body, or of its policy: its attempts are the runs there were, if runs are attempts.
    fn counts_for(&self, error: &mut Error<E>);

    fn now(&self) -> Instant;

    fn sleep<'s>(&self, duration: Duration) -> BoxFuture<'s, ()>
    where
        Self: 's;

    /// Takes part in the scheduler's cooperative budget, from the second run on.
    fn poll_turn(&self, cx: &mut Context<'_>) -> Poll<()>;

    /// Starts a run.
    fn start(self: Pin<&mut Self>, is_last: bool);

    /// Polls the run that was started.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T, Error<E>>>;

    /// Cancels it.
    fn stop(self: Pin<&mut Self>);
}

/// One run of the body.
struct Call<'n, 'a, T, E> {
    body: Pin<&'n mut (dyn Running<T, E> + 'a)>,
    state: CallState,
}

#[derive(Clone, Copy)]
enum CallState {
    Waiting { is_last: bool },
    Running,
    Over,
}

impl<T, E> Future for Call<'_, '_, T, E> {
    type Output = Result<T, Error<E>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.state {
            CallState::Waiting { is_last } => {
                ready!(self.body.poll_turn(cx));
                // Before it starts, so that what a panic leaves is dropped with this.
                self.state = CallState::Running;
                self.body.as_mut().start(is_last);
            }
            CallState::Running => {}
            CallState::Over => panic!("a future is not polled again after it has finished"),
        }
        let result = ready!(self.body.as_mut().poll(cx));
        self.state = CallState::Over;
        Poll::Ready(result)
    }
}

impl<T, E> Drop for Call<'_, '_, T, E> {
    fn drop(&mut self) {
        if let CallState::Running = self.state {
            self.body.as_mut().stop();
        }
    }
}

/// What is piped into a body that a policy runs so often.
#[diagnostic::on_unimplemented(
    message = "the piped `{Self}` is needed by each run of the body, but it cannot be cloned",
    label = "needs a clone of `{Self}`",
    note = "derive `Clone` for it, put it into an `Arc`, or give this block a policy that runs its body once at most: a `Policy<T, E, Once>`"
)]
#[doc(hidden)]
pub trait CanBeHandedOut<Runs>: Sized {
    /// Whether each run is an attempt of the block's. What runs once at most is a part of the attempt around it.
    const COUNTS: bool;

    /// What a run gets of what is kept.
    fn hand(kept: &mut Option<Self>, is_last: bool) -> Self;

    /// Asks for it.
    fn __orch_holds(_spot: Spot<(Self, Runs)>) {}
}

#[diagnostic::do_not_recommend]
impl<In> CanBeHandedOut<Once> for In {
    const COUNTS: bool = false;

    #[inline(always)]
    fn hand(kept: &mut Option<In>, _is_last: bool) -> In {
        kept.take().expect(TAKEN_LAST)
    }
}

#[diagnostic::do_not_recommend]
impl<In: CanBeCloned> CanBeHandedOut<Again> for In {
    const COUNTS: bool = true;

    #[inline(always)]
    fn hand(kept: &mut Option<In>, is_last: bool) -> In {
        if is_last { kept.take().expect(TAKEN_LAST) } else { kept.as_ref().expect(TAKEN_LAST).duplicate() }
    }
}

const TAKEN_LAST: &str = "the last run of the body takes the value, and takes `next` with it";
