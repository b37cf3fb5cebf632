//! The shared handle of a bulkhead, and its builder.

use std::convert::Infallible;
use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

use super::shared::{Config, Shared, Taken};
use crate::blocks::gatekeepers::{self, Answer, Gate, Handle, Place, Rest, Ticket};
use crate::error::ErrorKind;
use crate::graph::Load;
use crate::runtime::Gatekeeper;

/// The places of a `bulkhead`, shared by every block, pipeline and thread that holds a clone of it.
///
/// At most [`max`](Self::max) runs are in the bodies of its blocks at once. The others wait, as far as the queue has room, and
/// are served in the order in which they came: nobody overtakes, and a freed place is handed to the first that waits. Where
/// there is no room a run is turned away at once, with
/// [`ErrorKind::BulkheadFull`](crate::ErrorKind::BulkheadFull).
///
/// - A place is held for the whole body, and is free again before the block's end is told. A body that fails, panics or is
///   dropped gives it back as well.
/// - To wait is to be pending. A run that is dropped while it waits leaves the queue, and a place that it was handed already
///   goes to the next. A run that is kept and not polled any more keeps its place in the queue, or the one that it was handed.
/// - A run that comes to the bulkhead inside of its own body is turned away, with
///   [`ErrorKind::BulkheadReentrant`](crate::ErrorKind::BulkheadReentrant): with the last place taken it would wait for itself. It
///   does not matter how it got there, by nesting, in an embedded pipeline or in one that a step runs; but a task with `spawn` is
///   not inside, as it is not polled there.
/// - Nothing of yours, such as a waker, is called while the bulkhead is locked.
///
/// A clone is a handle of the same places. A run that finds one free takes a short lock twice, and allocates nothing.
///
/// # A service that drains
///
/// ```
/// use std::time::Duration;
/// use async_orch::{Bulkhead, ErrorKind, pipeline};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// let requests = Bulkhead::builder(100).queue(1_000).build();
/// let serve = pipeline! {
///     bulkhead(bulkhead = &requests) < async |()| { tokio::time::sleep(Duration::from_secs(1)).await } >
/// };
///
/// let drain = async {
///     requests.close();
///     tokio::time::timeout(Duration::from_secs(30), requests.idle()).await
/// };
/// let (under_way, drained) = tokio::join!(serve.run(()), drain);
/// assert!(under_way.is_ok() && drained.is_ok());
/// assert!(matches!(serve.run(()).await.unwrap_err().kind(), ErrorKind::BulkheadClosed));
/// # }
/// ```
#[derive(Clone)]
pub struct Bulkhead {
    shared: Arc<Shared>,
}

impl Bulkhead {
    /// So many places, and nobody waits for one.
    ///
    /// # Panics
    ///
    /// If there are none.
    ///
    /// ```
    /// assert_eq!(async_orch::Bulkhead::new(10).max(), 10);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn new(max: u32) -> Self {
        Self::builder(max).build()
    }

    /// So many places, with options.
    ///
    /// # Panics
    ///
    /// If there are none.
    ///
    /// ```
    /// use async_orch::Bulkhead;
    ///
    /// let bulkhead = Bulkhead::builder(10).queue(50).build();
    /// # drop(bulkhead);
    /// ```
    #[track_caller]
    pub fn builder(max: u32) -> BulkheadBuilder {
        assert!(max > 0, "`max` must be at least 1");
        BulkheadBuilder { config: Config { max, queue: 0, max_wait: None } }
    }

    /// How many runs may be in the body at once.
    ///
    /// ```
    /// assert_eq!(async_orch::Bulkhead::new(3).max(), 3);
    /// ```
    #[must_use]
    pub fn max(&self) -> u32 {
        self.shared.config.max
    }

    /// How many places are taken at this moment, those included that were handed to a run which has not been polled since.
    ///
    /// ```
    /// assert_eq!(async_orch::Bulkhead::new(3).in_use(), 0);
    /// ```
    #[must_use]
    pub fn in_use(&self) -> u32 {
        self.shared.in_use()
    }

    /// How many runs wait at this moment.
    ///
    /// ```
    /// assert_eq!(async_orch::Bulkhead::new(3).waiting(), 0);
    /// ```
    #[must_use]
    pub fn waiting(&self) -> u32 {
        self.shared.waiting()
    }

    /// Turns away all runs that wait, each in its own poll and in order, and all that come, with
    /// [`ErrorKind::BulkheadClosed`](crate::ErrorKind::BulkheadClosed). Who holds a place, or was handed one, goes on. Closing it
    /// again does nothing, and nothing opens it.
    ///
    /// ```
    /// use async_orch::{Bulkhead, pipeline};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let bulkhead = Bulkhead::new(1);
    /// bulkhead.close();
    /// let p = pipeline! { bulkhead(bulkhead = &bulkhead) < |()| { 1 } > };
    /// assert_eq!(p.run(()).await.unwrap_err().to_string(), "block `bulkhead` did not run: the bulkhead is closed");
    /// # }
    /// ```
    pub fn close(&self) {
        self.shared.close();
    }

    /// Whether it was [closed](Self::close).
    ///
    /// ```
    /// assert!(!async_orch::Bulkhead::new(1).is_closed());
    /// ```
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.shared.is_closed()
    }

    /// Waits for a moment at which no place is taken and nobody waits. Unless the bulkhead is closed, that may be over when this
    /// is polled. Several may wait, and dropping one is nothing to the others.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// async_orch::Bulkhead::new(1).idle().await;
    /// # }
    /// ```
    pub async fn idle(&self) {
        /// Leaves when it is dropped.
        struct Watch<'a>(&'a Shared, Option<Ticket>);

        impl Drop for Watch<'_> {
            fn drop(&mut self) {
                self.0.leave_idle(self.1.take());
            }
        }

        let mut watch = Watch(&self.shared, None);
        poll_fn(|cx| {
            let Watch(shared, ticket) = &mut watch;
            shared.poll_idle(ticket, cx.waker().clone())
        })
        .await;
    }

    fn address(&self) -> usize {
        Arc::as_ptr(&self.shared).addr()
    }
}

impl Handle for Bulkhead {
    fn rest(&self) -> Rest {
        if self.shared.is_at_rest() { Rest::Full } else { Rest::None }
    }
}

impl Gate for Bulkhead {
    type Permit<'a> = Taken<'a>;

    const REPORTS: bool = true;

    fn keeper(&self) -> Gatekeeper<'_> {
        Gatekeeper::Bulkhead(self)
    }

    #[inline(always)]
    fn admit(&self, _now: impl FnOnce() -> Instant) -> Option<Taken<'_>> {
        if gatekeepers::is_inside(self.address()) {
            return None;
        }
        self.shared.take()
    }

    fn refuse(&self, _now: Instant) -> Option<ErrorKind<Infallible>> {
        if gatekeepers::is_inside(self.address()) {
            return Some(ErrorKind::BulkheadReentrant);
        }
        self.shared.refuse()
    }

    fn wait(&self, place: &mut Option<Place>, now: Instant, waker: Waker) -> Answer<Taken<'_>> {
        self.shared.wait(place, now, waker)
    }

    fn leave(&self, place: &mut Option<Place>) {
        self.shared.leave(place);
    }

    #[inline(always)]
    fn before(&self) {
        gatekeepers::enter(self.address());
    }

    #[inline(always)]
    fn after(&self) {
        gatekeepers::leave();
    }

    fn load(&self) -> Load {
        let Config { max, queue, max_wait } = self.shared.config;
        let wait = if queue == 0 { Some(Duration::ZERO) } else { max_wait };
        Load::Gate { places: usize::try_from(max).ok().into(), wait: wait.into() }
    }
}

impl fmt::Debug for Bulkhead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Config { max, queue, max_wait } = self.shared.config;
        f.debug_struct("Bulkhead")
            .field("in_use", &self.in_use())
            .field("waiting", &self.waiting())
            .field("closed", &self.is_closed())
            .field("max", &max)
            .field("queue", &queue)
            .field("max_wait", &max_wait)
            .finish()
    }
}

/// The options of a [`Bulkhead`].
///
/// ```
/// use std::time::Duration;
/// use async_orch::Bulkhead;
///
/// let bulkhead = Bulkhead::builder(10).queue(100).max_wait(Duration::from_secs(2)).build();
/// # drop(bulkhead);
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct BulkheadBuilder {
    config: Config,
}

impl BulkheadBuilder {
    /// How many runs may wait for a place. Default 0: a run that finds no place free is turned away at once. [`u32::MAX`] is
    /// without limit.
    ///
    /// ```
    /// let bulkhead = async_orch::Bulkhead::builder(1).queue(u32::MAX).build();
    /// # drop(bulkhead);
    /// ```
    pub fn queue(mut self, queue: u32) -> Self {
        self.config.queue = queue;
        self
    }

    /// How long a run waits for a place at most, on the clock of its runtime; then it is turned away. Without it, for ever. It
    /// says nothing where the [`queue`](Self::queue) has no room.
    ///
    /// # Panics
    ///
    /// If it is zero: who shall not wait needs no queue.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let bulkhead = async_orch::Bulkhead::builder(1).queue(9).max_wait(Duration::from_secs(1)).build();
    /// # drop(bulkhead);
    /// ```
    #[track_caller]
    pub fn max_wait(mut self, max_wait: Duration) -> Self {
        assert!(!max_wait.is_zero(), "`max_wait` must be longer than zero");
        self.config.max_wait = Some(max_wait);
        self
    }

    /// The bulkhead, with all places free.
    ///
    /// ```
    /// assert_eq!(async_orch::Bulkhead::builder(7).build().max(), 7);
    /// ```
    #[must_use]
    pub fn build(self) -> Bulkhead {
        Bulkhead { shared: Arc::new(Shared::new(self.config)) }
    }
}
