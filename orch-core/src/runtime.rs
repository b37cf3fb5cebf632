//! The runtime seam: all that a pipeline asks of the world around it.

use std::convert::Infallible;
use std::future::Future;
use std::panic::catch_unwind;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use crate::blocks::bulkhead::Bulkhead;
use crate::blocks::circuit::Breaker;
use crate::blocks::retry::RetryBudget;
use crate::blocks::throttle::Limiter;
use crate::error::ErrorKind;
use crate::node::Origin;
use crate::run::{Arrival, Attempt, Done, Position};

/// A future that is boxed, can be sent between threads, and may borrow for `'a`.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Where a pipeline runs: see [`Run::on`](crate::Run::on).
///
/// Blocks execute tasks, wait and read the time only through this trait, and are otherwise deterministic given the order in
/// which their children finish. So the same pipeline runs on tokio ([`Local`], which is meant if nothing is said), under a
/// test's faults, or on another engine.
///
/// ```
/// use async_orch::{Attempt, BoxFuture, Done, Local, Run, Runtime, pipeline, task};
/// use std::time::{Duration, Instant};
///
/// /// Never waits.
/// struct Hasty;
///
/// impl Runtime for Hasty {
///     fn execute<'a>(&'a self, attempt: Attempt<'a>) -> BoxFuture<'a, Done<'a>> {
///         Box::pin(attempt.run())
///     }
///
///     fn sleep(&self, _duration: Duration) -> BoxFuture<'_, ()> {
///         Box::pin(std::future::ready(()))
///     }
///
///     fn now(&self) -> Instant {
///         Local.now()
///     }
///
///     fn random(&self) -> u64 {
///         7
///     }
/// }
///
/// #[task]
/// async fn busy() -> Result<(), &'static str> {
///     Err("busy")
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let p = pipeline! { retry(max_attempts = 10, backoff = constant(1h)) < busy() > };
/// assert_eq!(p.on(&Hasty).run(()).await.unwrap_err().attempts(), 10);
/// # }
/// ```
pub trait Runtime: Send + Sync {
    /// Runs one attempt at a task, or answers for it.
    ///
    /// Dropping the future cancels the attempt. A panic of the task goes through it, unless it is caught.
    fn execute<'a>(&'a self, attempt: Attempt<'a>) -> BoxFuture<'a, Done<'a>>;

    /// Waits for `duration`.
    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()>;

    /// The time now, on the clock that [`sleep`](Runtime::sleep) follows.
    fn now(&self) -> Instant;

    /// Sixty-four random bits, for jitter.
    fn random(&self) -> u64;

    /// Runs a task marked `#[task(spawn)]`, which leaves the run and may go on beside it.
    ///
    /// The future returned is ready when the work is done; dropping it gives the work up. Unless you say otherwise the work is
    /// done in it, by the run itself.
    fn spawn(&self, work: BoxFuture<'static, ()>) -> BoxFuture<'_, ()> {
        work
    }

    /// Calls a task marked `#[task(blocking)]`, which may block its thread.
    ///
    /// The future returned is ready when the call has returned. Unless you say otherwise the call is made in it, by the run
    /// itself, when it is first polled.
    fn blocking(&self, call: Box<dyn FnOnce() + Send>) -> BoxFuture<'_, ()> {
        Box::pin(async move { call() })
    }

    /// A run arrives at a gatekeeper, such as a circuit: whether that is asked. Unless you say otherwise it is, at once.
    ///
    /// A runtime that repeats a run which it has written down answers as it was then, and leaves the gatekeeper, which lives now,
    /// as it is. One that does not know yet whether it has says [`Admit::Arrive`].
    fn admit(&self, at: Position<'_>, gatekeeper: Gatekeeper<'_>) -> Admit {
        let _ = (at, gatekeeper);
        Admit::Ask
    }

    /// Has a run that arrives at a gatekeeper ask it, or answers for it, in its own time: after [`Admit::Arrive`] alone.
    ///
    /// Dropping the future takes the run away from the gatekeeper. Unless you say otherwise that is asked at once.
    fn arrive<'a>(&'a self, arrival: Arrival<'a>) -> BoxFuture<'a, Done<'a>> {
        Box::pin(arrival.ask())
    }

    /// A gatekeeper was asked, and this is its answer: the run is let through, or turned away as this kind of error. To be written
    /// down; unless you say otherwise nothing is done.
    fn admitted(
        &self,
        at: Position<'_>,
        gatekeeper: Gatekeeper<'_>,
        answer: Result<(), &ErrorKind<Infallible>>,
    ) {
        let _ = (at, gatekeeper, answer);
    }

    /// A run that a gatekeeper had let through ends: whether this counts. Unless you say otherwise it does. If not, its place is
    /// given back as if it had not been.
    ///
    /// Of a circuit whose run the runtime let [pass](Admit::Pass) there is nothing to report.
    fn report(&self, at: Position<'_>, gatekeeper: Gatekeeper<'_>, report: Report) -> bool {
        let _ = (at, gatekeeper, report);
        true
    }

    /// Whether what happens in the run now has happened before, in a process that is gone: its events are
    /// [replayed](crate::Event::replayed) then. Unless you say otherwise it has not.
    fn is_replaying(&self) -> bool {
        false
    }

    /// Takes one unit of the scheduler's cooperative budget: `Pending`, with the task woken, when a loop over
    /// children that are always ready should let others run.
    ///
    /// Unless you say otherwise it is tokio's budget, which outside of tokio has no end.
    fn poll_proceed(&self, cx: &mut Context<'_>) -> Poll<()> {
        Local::proceed(cx)
    }

    /// Whether any of the scheduler's cooperative budget is left: where it is not, a loop over children that wake each
    /// other lets others run, and a child that has to wait may have been refused what it waits for.
    ///
    /// Unless you say otherwise it is tokio's budget, of which outside of tokio there is always some left.
    fn has_budget(&self) -> bool {
        tokio::task::coop::has_budget_remaining()
    }

    /// Has a task polled again after others had their turn, as it has more to do but has been at it for long enough.
    ///
    /// Unless you say otherwise that is what [`tokio::task::yield_now`] does: other tasks run before, and timers and
    /// sockets are looked at. Outside of tokio the task is woken at once.
    fn yield_now(&self, waker: &Waker) {
        Local::give_way(waker);
    }
}

/// What lets the runs of a block through or turns them away, for all pipelines that share it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Gatekeeper<'a> {
    /// The breaker of a `circuit`.
    Circuit(&'a Breaker),
    /// The places of a `bulkhead`.
    Bulkhead(&'a Bulkhead),
    /// The rate of a `throttle`. It has no report: what a run takes is never given back.
    Throttle(&'a Limiter),
    /// The budget of a `retry`, which is asked for each further attempt. It has no report.
    Budget(&'a RetryBudget),
}

/// What a [`Runtime`] says to a run that arrives at a [`Gatekeeper`].
///
/// ```
/// use async_orch::{Admit, Attempt, BoxFuture, Breaker, Done, ErrorKind, Gatekeeper, Local, Position, Run, Runtime, pipeline};
/// use std::time::{Duration, Instant};
///
/// /// Goes through a run once more as it was written down: with an open circuit.
/// struct Again;
///
/// impl Runtime for Again {
///     fn admit(&self, at: Position<'_>, _gatekeeper: Gatekeeper<'_>) -> Admit {
///         assert_eq!(at.path(), "circuit");
///         Admit::Reject(ErrorKind::circuit_open(Duration::from_secs(3), Some("connection refused")))
///     }
/// #   fn execute<'a>(&'a self, attempt: Attempt<'a>) -> BoxFuture<'a, Done<'a>> { Box::pin(attempt.run()) }
/// #   fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> { Local.sleep(duration) }
/// #   fn now(&self) -> Instant { Local.now() }
/// #   fn random(&self) -> u64 { Local.random() }
///     // … and the rest of a runtime.
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let breaker = Breaker::new();
/// let p = pipeline! { circuit(breaker = &breaker) < |_| {} > };
/// let error = p.on(&Again).run(()).await.unwrap_err();
/// assert!(error.kind().is_rejection());
/// assert!(p.run(()).await.is_ok(), "the breaker itself is closed");
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Admit {
    /// The gatekeeper decides.
    Ask,
    /// The run goes on. The gatekeeper is not asked, and not told what becomes of it.
    Pass,
    /// The run is turned away, with an error of this kind, which is one of a [rejection](ErrorKind::is_rejection); any other stands
    /// for [`ErrorKind::Rejected`]. The gatekeeper is not asked.
    Reject(ErrorKind<Infallible>),
    /// The run waits for what [`Runtime::arrive`] makes of its arrival.
    Arrive,
}

/// How a run ended that a [`Gatekeeper`] had let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Report {
    /// It gave its output.
    Succeeded,
    /// It failed, and counts as a failure.
    Failed,
    /// It failed with an error that is none of the gatekeeper's business.
    Ignored,
    /// It was dropped before it ended.
    Cancelled,
}

/// Runs pipelines where they are awaited, on tokio's clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Local;

impl Local {
    /// The time on tokio's clock.
    #[inline]
    pub(crate) fn time() -> Instant {
        tokio::time::Instant::now().into_std()
    }

    /// A timer of tokio's, for the step that `of` is; for a call of a breaker, if it is none.
    ///
    /// # Panics
    ///
    /// Where tokio cannot make one. It says so itself before, without a word of who needs it, and cannot be asked in advance.
    // What it does if there is none is not for the code of whoever waits.
    #[inline(never)]
    pub(crate) fn timer(duration: Duration, of: Option<Origin>) -> tokio::time::Sleep {
        match catch_unwind(|| tokio::time::sleep(duration)) {
            Ok(timer) => timer,
            Err(_) => Local::is_no_timer(of),
        }
    }

    #[cold]
    fn is_no_timer(of: Option<Origin>) -> ! {
        let needs = "waits, and needs a tokio runtime with `enable_time`";
        match of {
            Some(of) => panic!("{} {needs}, at {}", of.described(), of.place()),
            None => panic!("the call of a breaker {needs}"),
        }
    }

    /// Has the task woken after others had their turn.
    pub(crate) fn give_way(waker: &Waker) {
        // What it is asked for is done in its first poll.
        let _ = pin!(tokio::task::yield_now()).poll(&mut Context::from_waker(waker));
    }

    #[inline]
    pub(crate) fn proceed(cx: &mut Context<'_>) -> Poll<()> {
        tokio::task::coop::poll_proceed(cx).map(|budget| budget.made_progress())
    }
}

impl Runtime for Local {
    fn execute<'a>(&'a self, attempt: Attempt<'a>) -> BoxFuture<'a, Done<'a>> {
        Box::pin(attempt.run())
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(duration))
    }

    fn now(&self) -> Instant {
        Local::time()
    }

    fn random(&self) -> u64 {
        fastrand::u64(..)
    }

    fn spawn(&self, work: BoxFuture<'static, ()>) -> BoxFuture<'_, ()> {
        let handle = AbortOnDrop(tokio::spawn(work));
        Box::pin(handle)
    }

    fn blocking(&self, call: Box<dyn FnOnce() + Send>) -> BoxFuture<'_, ()> {
        Box::pin(AbortOnDrop(tokio::task::spawn_blocking(call)))
    }
}

/// A task of tokio's that is given up when this is dropped. Its outcome is left elsewhere.
struct AbortOnDrop(tokio::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Future for AbortOnDrop {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(cx).map(drop)
    }
}

macro_rules! through {
    ($($pointer:ty),*) => {$(
        impl<R: Runtime + ?Sized> Runtime for $pointer {
            fn execute<'a>(&'a self, attempt: Attempt<'a>) -> BoxFuture<'a, Done<'a>> {
                (**self).execute(attempt)
            }

            fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
                (**self).sleep(duration)
            }

            fn now(&self) -> Instant {
                (**self).now()
            }

            fn random(&self) -> u64 {
                (**self).random()
            }

            fn spawn(&self, work: BoxFuture<'static, ()>) -> BoxFuture<'_, ()> {
                (**self).spawn(work)
            }

            fn blocking(&self, call: Box<dyn FnOnce() + Send>) -> BoxFuture<'_, ()> {
                (**self).blocking(call)
            }

            fn admit(&self, at: Position<'_>, gatekeeper: Gatekeeper<'_>) -> Admit {
                (**self).admit(at, gatekeeper)
            }

            fn arrive<'a>(&'a self, arrival: Arrival<'a>) -> BoxFuture<'a, Done<'a>> {
                (**self).arrive(arrival)
            }

            fn admitted(
                &self,
                at: Position<'_>,
                gatekeeper: Gatekeeper<'_>,
                answer: Result<(), &ErrorKind<Infallible>>,
            ) {
                (**self).admitted(at, gatekeeper, answer);
            }

            fn report(&self, at: Position<'_>, gatekeeper: Gatekeeper<'_>, report: Report) -> bool {
                (**self).report(at, gatekeeper, report)
            }

            fn is_replaying(&self) -> bool {
                (**self).is_replaying()
            }

            fn poll_proceed(&self, cx: &mut Context<'_>) -> Poll<()> {
                (**self).poll_proceed(cx)
            }

            fn has_budget(&self) -> bool {
                (**self).has_budget()
            }

            fn yield_now(&self, waker: &Waker) {
                (**self).yield_now(waker);
            }
        }
    )*};
}

through!(&R, Arc<R>, Box<R>);
