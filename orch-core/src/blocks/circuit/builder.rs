//! How a breaker is made.

use std::time::Duration;

use super::Breaker;
use super::config::Config;
use super::rate::{IntoWindow, Rate, Window};
use super::reset_timeout::{IntoResetTimeout, ResetTimeout};
use super::state::State;
use crate::blocks::values::Invalid;

/// The options of a [`Breaker`].
///
/// ```
/// use std::time::Duration;
/// use async_orch::Breaker;
///
/// let breaker = Breaker::builder()
///     .fail_max(10)
///     .reset_timeout(Duration::from_secs(30))
///     .probes(3)
///     .close_after(2)
///     .build();
/// # drop(breaker);
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct BreakerBuilder {
    pub(super) fail_max: Option<u32>,
    pub(super) failure_rate: Option<f64>,
    pub(super) window: Option<Window>,
    pub(super) min_calls: Option<u32>,
    pub(super) reset_timeout: ResetTimeout,
    pub(super) probes: u32,
    pub(super) close_after: Option<u32>,
    pub(super) wait: bool,
}

impl Default for BreakerBuilder {
    fn default() -> Self {
        let Config { reset_timeout, probes, wait, .. } = Config::DEFAULT;
        Self {
            fail_max: None,
            failure_rate: None,
            window: None,
            min_calls: None,
            reset_timeout: ResetTimeout::of(reset_timeout),
            probes,
            close_after: None,
            wait,
        }
    }
}

impl BreakerBuilder {
    /// The number of consecutive failures that opens the circuit: the n-th failure trips it. Default 5, and with a
    /// [`failure_rate`](Self::failure_rate) none: then both are looked at only if both are said.
    ///
    /// # Panics
    ///
    /// If it is zero, since a circuit that opens without a failure is never closed.
    ///
    /// ```
    /// let breaker = async_orch::Breaker::builder().fail_max(1).build();
    /// # drop(breaker);
    /// ```
    #[track_caller]
    pub fn fail_max(mut self, failures: u32) -> Self {
        assert!(failures > 0, "`fail_max` must be at least 1");
        self.fail_max = Some(failures);
        self
    }

    /// The share of failures that opens the circuit, above 0 and at most 1: when so many of the runs in the
    /// [`window`](Self::window) have failed, or more. It is judged after each run that is recorded, from
    /// [`min_calls`](Self::min_calls) on.
    ///
    /// Unlike failures in a row, a share does not depend on whether the failures are faster than the successes.
    /// Every run takes a short lock then, and every failure is formatted.
    ///
    /// # Panics
    ///
    /// If it is not above 0, or above 1: a half is `0.5`.
    ///
    /// ```
    /// use std::time::Duration;
    /// use async_orch::Breaker;
    ///
    /// let of_the_last_hundred = Breaker::builder().failure_rate(0.5).window(100).build();
    /// let of_ten_seconds = Breaker::builder().failure_rate(0.5).window(Duration::from_secs(10)).build();
    /// # drop((of_the_last_hundred, of_ten_seconds));
    /// ```
    #[track_caller]
    pub fn failure_rate(mut self, rate: f64) -> Self {
        assert!(rate > 0.0 && rate <= 1.0, "`failure_rate` must be above 0 and at most 1");
        self.failure_rate = Some(rate);
        self
    }

    /// What a [`failure_rate`](Self::failure_rate) is the share of: the latest so many runs, a `u32`, or the runs of the latest so
    /// much time, a [`Duration`].
    ///
    /// A window of *n* runs takes *n* / 8 bytes. One of time is kept in ten buckets, however many runs there are: a run counts for
    /// nine tenths of the window at least, and never longer than it.
    ///
    /// # Panics
    ///
    /// If it is zero.
    ///
    /// ```
    /// let breaker = async_orch::Breaker::builder().failure_rate(0.2).window(1_000).build();
    /// # drop(breaker);
    /// ```
    #[track_caller]
    pub fn window(mut self, window: impl IntoWindow) -> Self {
        let window = window.into_window();
        assert!(!matches!(window, Window::Calls(0)), "`window` must be at least 1");
        assert!(window != Window::Time(Duration::ZERO), "`window` must be longer than zero");
        self.window = Some(window);
        self
    }

    /// How many runs have to be in the [`window`](Self::window) for the [`failure_rate`](Self::failure_rate) to be judged.
    /// Default 20, or all of a window of fewer runs.
    ///
    /// # Panics
    ///
    /// If it is zero.
    ///
    /// ```
    /// let breaker = async_orch::Breaker::builder().failure_rate(0.5).window(100).min_calls(10).build();
    /// # drop(breaker);
    /// ```
    #[track_caller]
    pub fn min_calls(mut self, calls: u32) -> Self {
        assert!(calls > 0, "`min_calls` must be at least 1");
        self.min_calls = Some(calls);
        self
    }

    /// How long the circuit stays open before a run may probe; also how long a probe holds its slot. Default 60 s.
    ///
    /// Choose it longer than the body may take: a probe that is slower reports too late to count, so that a body which is
    /// *always* slower than this never closes the circuit. Any length is fine, [`Duration::MAX`] is for ever.
    ///
    /// It may also be a backoff, such as [`exponential`](crate::retry::exponential) or any [`backon::BackoffBuilder`] that is
    /// `Clone`: each time that the circuit opens again without having been closed in between it takes the next delay, and when it
    /// has been closed, the first. When the delays end, the last one stays; at most 128 are taken, with this call.
    ///
    /// # Panics
    ///
    /// If one is zero, or there is no delay: a probe's slot would be free again at once, for any number of callers, and no probe could report
    /// in time to close the circuit.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let breaker = async_orch::Breaker::builder().reset_timeout(Duration::from_millis(500)).build();
    /// # drop(breaker);
    /// // 10 s, and when the probe fails 20 s, 40 s and so on.
    /// let patient = async_orch::retry::exponential(Duration::from_secs(10));
    /// let breaker = async_orch::Breaker::builder().reset_timeout(patient).build();
    /// # drop(breaker);
    /// ```
    #[track_caller]
    pub fn reset_timeout<How>(mut self, timeout: impl IntoResetTimeout<How>) -> Self {
        let timeout = timeout.into_reset_timeout();
        if let Err(invalid) = timeout.clone().checked() {
            panic!("{invalid}");
        }
        self.reset_timeout = timeout;
        self
    }

    /// How many probes may run at the same time in a half-open circuit. Default 1.
    ///
    /// It bounds those in flight, not their sum: as probes end others are admitted, until
    /// [`close_after`](Self::close_after) of them have succeeded, one has failed, or three in a row have been lost.
    ///
    /// # Panics
    ///
    /// If it is zero, since an open circuit would never close.
    ///
    /// ```
    /// let breaker = async_orch::Breaker::builder().probes(3).build();
    /// # drop(breaker);
    /// ```
    #[track_caller]
    pub fn probes(mut self, probes: u32) -> Self {
        assert!(probes > 0, "`probes` must be at least 1");
        self.probes = probes;
        self
    }

    /// How many probes must succeed for the circuit to close; one failure opens it. Default: as many as
    /// [`probes`](Self::probes).
    ///
    /// # Panics
    ///
    /// If it is zero, since the circuit would be closed before any probe has reported.
    ///
    /// ```
    /// // One at a time, and three in a row.
    /// let breaker = async_orch::Breaker::builder().probes(1).close_after(3).build();
    /// # drop(breaker);
    /// ```
    #[track_caller]
    pub fn close_after(mut self, successes: u32) -> Self {
        assert!(successes > 0, "`close_after` must be at least 1");
        self.close_after = Some(successes);
        self
    }

    /// Whether runs wait for the probe of a half-open circuit, in order of arrival, instead of being rejected. Default
    /// `false`: they wait only after [three probes in a row have been lost](Breaker#lost-probes).
    ///
    /// A probe may take up to [`reset_timeout`](Self::reset_timeout), and so may the wait for it. Put a `timeout` around
    /// the circuit if that is too long.
    ///
    /// ```
    /// use std::time::Duration;
    /// use async_orch::{Breaker, pipeline};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let breaker = Breaker::builder().wait(true).build();
    /// let slow = pipeline! { circuit(breaker = &breaker) < async |()| { tokio::time::sleep(Duration::from_secs(1)).await } > };
    ///
    /// breaker.force_open();
    /// tokio::time::advance(Duration::from_secs(60)).await;
    /// let (probe, waits) = tokio::join!(slow.run(()), slow.run(()));
    /// assert!(probe.is_ok() && waits.is_ok());
    /// # }
    /// ```
    pub fn wait(mut self, wait: bool) -> Self {
        self.wait = wait;
        self
    }

    /// The breaker, closed.
    ///
    /// # Panics
    ///
    /// If there is a [`failure_rate`](Self::failure_rate) without a [`window`](Self::window) or the reverse, or
    /// [`min_calls`](Self::min_calls) are more than the window.
    ///
    /// ```
    /// use async_orch::{Breaker, BreakerState};
    ///
    /// assert_eq!(Breaker::builder().build().state(), BreakerState::Closed);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn build(self) -> Breaker {
        match self.checked() {
            Ok(breaker) => breaker,
            Err(invalid) => panic!("{invalid}"),
        }
    }

    /// The breaker, or which option cannot be.
    pub(super) fn checked(self) -> Result<Breaker, Invalid> {
        let rate = Rate::of(self.failure_rate, self.window, self.min_calls)?;
        let count = if rate.is_some() { Config::NO_COUNT } else { Config::DEFAULT.fail_max };
        let fail_max = self.fail_max.unwrap_or(count);
        // Unless it is said, as many as there are probes.
        let close_after = self.close_after.unwrap_or(self.probes);
        Invalid::unless_at_least_one(fail_max as usize, "fail_max")?;
        Invalid::unless_at_least_one(self.probes as usize, "probes")?;
        Invalid::unless_at_least_one(close_after as usize, "close_after")?;
        let times = self.reset_timeout.checked()?;
        let config = Config {
            fail_max,
            rate,
            reset_timeout: times[0],
            probes: self.probes,
            close_after,
            wait: self.wait,
        };
        Ok(Breaker::of(State::new(config).with_reset_timeouts(times)))
    }
}
