//! The shared handle of a throttle, its builder, and the gate of one block.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

use super::bucket::Rate;
use super::shared::{Config, Shared};
use crate::blocks::gatekeepers::{Answer, Gate, Handle, Place, Rest};
use crate::error::ErrorKind;
use crate::graph::{Bound, Load};
use crate::runtime::{Gatekeeper, Local};

/// The rate of a `throttle`, shared by every block, pipeline and thread that holds a clone of it.
///
/// A token bucket: it holds [`burst`](LimiterBuilder::burst) tokens and is filled at so many tokens per a time, evenly. A run takes
/// one of them, or what the block says as its `cost`, when its body begins, and never gives it back. It is full at first.
///
/// - A run that does not find its tokens waits, first come, first served, and nobody overtakes, also not one that costs less. The
///   first that waits sleeps until its tokens are there: under `start_paused = true` a thousand runs at a hundred a second take
///   9.99 s, since the first one takes no time.
/// - A run that is dropped while it waits has taken nothing; those behind it come earlier.
/// - A run that would wait for longer than [`max_wait`](LimiterBuilder::max_wait) is turned away at once, with
///   [`ErrorKind::Throttled`](crate::ErrorKind::Throttled), which says for how long it would have been.
/// - In no time *t* do more than `burst` + *t* · rate tokens begin. So with a `burst` of one it is a ceiling: what a timer or a poll is
///   late is not made up for, and tokio's timers wake to the millisecond. Where more than some hundred a second are to be reached,
///   or the tasks of your executor wait for each other, give a `burst` of what comes in a few milliseconds.
/// - A run that is kept and not polled any more keeps its turn, and those behind it wait.
///
/// Time is the clock of the run, through its [`Runtime`](crate::Runtime); the methods of the handle read tokio's. One limiter under
/// several clocks waits too long or not long enough, and does not panic.
///
/// A clone is a handle of the same bucket. A run that finds its tokens reads the clock, takes a short lock, and allocates nothing.
///
/// ```
/// use async_orch::{Limiter, pipeline};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// let api = Limiter::builder(100).burst(10).build();
/// let call = pipeline! { |_: u32| throttle(limiter = &api) < |id| { id } > };
/// assert_eq!(call.run(1).await.unwrap(), 1);
/// assert_eq!(api.available(), 9);
/// # }
/// ```
#[derive(Clone)]
pub struct Limiter {
    pub(super) shared: Arc<Shared>,
}

impl Limiter {
    /// So many tokens a second, one at a time.
    ///
    /// # Panics
    ///
    /// If there are none.
    ///
    /// ```
    /// let limiter = async_orch::Limiter::new(50);
    /// # drop(limiter);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn new(rate: u32) -> Self {
        Self::builder(rate).build()
    }

    /// So many tokens [`per`](LimiterBuilder::per) a time, with options.
    ///
    /// # Panics
    ///
    /// If there are none.
    ///
    /// ```
    /// use std::time::Duration;
    /// use async_orch::Limiter;
    ///
    /// // Tokens of a language model: what a run costs is said by its block.
    /// let limiter = Limiter::builder(90_000).per(Duration::from_secs(60)).burst(8_000).build();
    /// # drop(limiter);
    /// ```
    #[track_caller]
    pub fn builder(rate: u32) -> LimiterBuilder {
        assert!(rate > 0, "`rate` must be at least 1");
        LimiterBuilder {
            config: Config { rate: Rate { rate, per: Duration::from_secs(1), burst: 1 }, max_wait: None },
        }
    }

    /// How many tokens a run that comes at this moment would find: none while others wait for them, or while it is
    /// [paused](Self::pause_for).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// assert_eq!(async_orch::Limiter::builder(5).burst(3).build().available(), 3);
    /// # }
    /// ```
    #[must_use]
    pub fn available(&self) -> u32 {
        self.shared.available(Local::time())
    }

    /// How many runs wait at this moment.
    ///
    /// ```
    /// assert_eq!(async_orch::Limiter::new(5).waiting(), 0);
    /// ```
    #[must_use]
    pub fn waiting(&self) -> u32 {
        self.shared.waiting()
    }

    /// No body begins for so long from now, as a service has asked for that answers "too many requests". The bucket is filled
    /// meanwhile, and runs that wait go on waiting, in their order; but if they may wait for less than that, they are turned
    /// away. A pause does not make one shorter that is under way.
    ///
    /// ```
    /// use std::time::Duration;
    /// use async_orch::Limiter;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let api = Limiter::new(100);
    /// api.pause_for(Duration::from_secs(30));
    /// assert_eq!(api.available(), 0);
    /// tokio::time::advance(Duration::from_secs(30)).await;
    /// assert_eq!(api.available(), 1);
    /// # }
    /// ```
    pub fn pause_for(&self, time: Duration) {
        self.shared.pause(time, Local::time());
    }
}

impl Handle for Limiter {
    fn rest(&self) -> Rest {
        let is_full = self.available() == self.shared.config.rate.burst;
        if is_full && self.waiting() == 0 { Rest::Full } else { Rest::None }
    }
}

impl fmt::Debug for Limiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Config { rate: Rate { rate, per, burst }, max_wait } = self.shared.config;
        f.debug_struct("Limiter")
            .field("available", &self.available())
            .field("waiting", &self.waiting())
            .field("rate", &rate)
            .field("per", &per)
            .field("burst", &burst)
            .field("max_wait", &max_wait)
            .finish()
    }
}

/// What a block asks of its limiter.
#[derive(Debug)]
pub struct Toll {
    pub(super) limiter: Limiter,
    pub(super) cost: u32,
}

impl Gate for Toll {
    /// What was taken is not given back.
    type Permit<'a> = ();

    const REPORTS: bool = false;

    fn keeper(&self) -> Gatekeeper<'_> {
        Gatekeeper::Throttle(&self.limiter)
    }

    #[inline(always)]
    fn admit(&self, now: impl FnOnce() -> Instant) -> Option<()> {
        self.limiter.shared.take(self.cost, now()).then_some(())
    }

    fn refuse(&self, now: Instant) -> Option<ErrorKind<Infallible>> {
        self.limiter.shared.refuse(self.cost, now)
    }

    fn wait(&self, place: &mut Option<Place>, now: Instant, waker: Waker) -> Answer<()> {
        self.limiter.shared.wait(self.cost, place, now, waker)
    }

    fn leave(&self, place: &mut Option<Place>) {
        self.limiter.shared.leave(self.cost, place);
    }

    #[inline(always)]
    fn before(&self) {}

    #[inline(always)]
    fn after(&self) {}

    fn load(&self) -> Load {
        Load::Gate { places: Bound::NONE, wait: self.limiter.shared.config.max_wait.into() }
    }
}

/// The options of a [`Limiter`].
///
/// ```
/// use std::time::Duration;
/// use async_orch::Limiter;
///
/// let limiter = Limiter::builder(100).per(Duration::from_secs(60)).burst(20).max_wait(Duration::from_secs(5)).build();
/// # drop(limiter);
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct LimiterBuilder {
    config: Config,
}

impl LimiterBuilder {
    /// The time in which so many tokens come. Default: a second.
    ///
    /// # Panics
    ///
    /// If it is zero.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// // One in two seconds.
    /// let limiter = async_orch::Limiter::builder(1).per(Duration::from_secs(2)).build();
    /// # drop(limiter);
    /// ```
    #[track_caller]
    pub fn per(mut self, per: Duration) -> Self {
        assert!(!per.is_zero(), "`per` must be longer than zero");
        self.config.rate.per = per;
        self
    }

    /// How many tokens the bucket holds: so many may be taken at once after a while in which none were. Default 1. It has to be
    /// as many as the greatest `cost` of a run.
    ///
    /// # Panics
    ///
    /// If it is zero.
    ///
    /// ```
    /// let limiter = async_orch::Limiter::builder(100).burst(10).build();
    /// # drop(limiter);
    /// ```
    #[track_caller]
    pub fn burst(mut self, burst: u32) -> Self {
        assert!(burst > 0, "`burst` must be at least 1");
        self.config.rate.burst = burst;
        self
    }

    /// How long a run waits at most: who would wait for longer is turned away at once. Without it everybody waits. Zero is fine:
    /// nobody waits.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let limiter = async_orch::Limiter::builder(100).max_wait(Duration::ZERO).build();
    /// # drop(limiter);
    /// ```
    pub fn max_wait(mut self, max_wait: Duration) -> Self {
        self.config.max_wait = Some(max_wait);
        self
    }

    /// The limiter, with a full bucket.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// assert_eq!(async_orch::Limiter::builder(100).burst(7).build().available(), 7);
    /// # }
    /// ```
    #[must_use]
    pub fn build(self) -> Limiter {
        Limiter { shared: Arc::new(Shared::new(self.config)) }
    }
}
