//! The shared handle of a budget, and its builder.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use super::bucket::{Bucket, Rates, TOKEN};
use crate::runtime::Local;

/// How many further attempts all runs that share it may make, so that retries do not add a storm to an outage.
///
/// Each clone is a handle of the same budget; `retry(budget = &budget)` takes its attempts from it, in any number of blocks,
/// pipelines and threads. It is a bucket of tokens:
///
/// - A first attempt adds [`ratio`](RetryBudgetBuilder::ratio) of a token when it ends. With 0.1 there is one further attempt for
///   ten first ones in the long run, whatever fails. (Finagle has its budgets so; gRPC throttles retries alike.)
/// - Time adds [`min_per_second`](RetryBudgetBuilder::min_per_second) tokens a second, so that a service with few calls may retry
///   too.
/// - A further attempt takes a whole token, before the wait for it. If there is none, the error is that of the block at once, and
///   it tells [`BudgetSpent`](crate::BudgetSpent).
/// - At most [`capacity`](RetryBudgetBuilder::capacity) tokens are kept. A new budget is full.
///
/// An attempt that was turned away, by an open circuit say, did not reach the service, and is nothing here: it adds nothing, and
/// what it took is given back. One that is dropped adds nothing and gives nothing back.
///
/// Time is the clock of the run that asks. Where runs have different clocks, one that is behind adds nothing until it is past the
/// latest time that was seen. While the budget is full a first attempt costs it one atomic load; the clock is read, and a short
/// lock taken, for further attempts alone.
///
/// ```
/// use async_orch::{RetryBudget, pipeline, task};
///
/// #[task]
/// async fn fetch(id: u32) -> Result<u32, String> {
///     Err(format!("{id} is down"))
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// let budget = RetryBudget::builder().ratio(0.1).min_per_second(1).capacity(2).build();
/// let p = pipeline! {
///     |_: u32|
///     retry(max_attempts = 2, backoff = constant(0s), budget = &budget) < fetch >
/// };
/// let attempts = [p.run(1).await, p.run(2).await, p.run(3).await].map(|run| run.unwrap_err().attempts());
/// assert_eq!(attempts, [2, 2, 1]);
/// # }
/// ```
#[derive(Clone)]
pub struct RetryBudget {
    bucket: Arc<Bucket>,
}

impl RetryBudget {
    /// A full budget with the defaults: one further attempt for ten first ones, ten a second beside, a hundred at most.
    ///
    /// ```
    /// assert_eq!(async_orch::RetryBudget::new().available(), 100);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// A budget with options.
    ///
    /// ```
    /// let budget = async_orch::RetryBudget::builder().ratio(0.2).build();
    /// # drop(budget);
    /// ```
    pub fn builder() -> RetryBudgetBuilder {
        RetryBudgetBuilder::default()
    }

    /// How many further attempts it allows at this moment, on tokio's clock.
    ///
    /// ```
    /// let budget = async_orch::RetryBudget::builder().capacity(7).build();
    /// assert_eq!(budget.available(), 7);
    /// ```
    #[must_use]
    pub fn available(&self) -> u32 {
        self.bucket.tokens(Local::time())
    }

    /// A first attempt was made.
    #[inline]
    pub(super) fn deposit(&self) {
        self.bucket.deposit();
    }

    /// A further attempt is to be made: whether it may.
    pub(super) fn take(&self, now: Instant) -> bool {
        self.bucket.take(now)
    }

    /// It did not take place.
    pub(super) fn give_back(&self) {
        self.bucket.give_back();
    }
}

impl Default for RetryBudget {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for RetryBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Rates { ratio, min_per_second, capacity } = self.bucket.rates();
        f.debug_struct("RetryBudget")
            .field("available", &self.available())
            .field("ratio", &(ratio as f64 / TOKEN as f64))
            .field("min_per_second", &min_per_second)
            .field("capacity", &capacity)
            .finish()
    }
}

/// The options of a [`RetryBudget`].
///
/// ```
/// use async_orch::RetryBudget;
///
/// let budget = RetryBudget::builder().ratio(0.2).min_per_second(5).capacity(50).build();
/// # drop(budget);
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct RetryBudgetBuilder {
    rates: Rates,
}

impl Default for RetryBudgetBuilder {
    fn default() -> Self {
        RetryBudgetBuilder { rates: Rates { ratio: TOKEN / 10, min_per_second: 10, capacity: 100 } }
    }
}

impl RetryBudgetBuilder {
    /// How many further attempts there may be for each first one, in the long run. Default 0.1. It is taken to the nearest
    /// billionth. With zero, time alone adds to the budget.
    ///
    /// # Panics
    ///
    /// If it is negative, above 1,000, or not a number.
    ///
    /// ```
    /// let budget = async_orch::RetryBudget::builder().ratio(0.25).build();
    /// # drop(budget);
    /// ```
    #[track_caller]
    pub fn ratio(mut self, ratio: f64) -> Self {
        assert!((0.0..=1000.0).contains(&ratio), "`ratio` must be between 0 and 1000, and not {ratio}");
        self.rates.ratio = (ratio * TOKEN as f64).round() as u64;
        self
    }

    /// How many further attempts a second there may be beside those. Default 10. With zero, first attempts alone add to the budget.
    ///
    /// ```
    /// let budget = async_orch::RetryBudget::builder().min_per_second(1).build();
    /// # drop(budget);
    /// ```
    pub fn min_per_second(mut self, attempts: u32) -> Self {
        self.rates.min_per_second = attempts;
        self
    }

    /// How many further attempts there may be at once, after a time without any. Default 100.
    ///
    /// # Panics
    ///
    /// If it is zero, since no attempt would ever be allowed.
    ///
    /// ```
    /// let budget = async_orch::RetryBudget::builder().capacity(20).build();
    /// # drop(budget);
    /// ```
    #[track_caller]
    pub fn capacity(mut self, attempts: u32) -> Self {
        assert!(attempts > 0, "`capacity` must be at least 1");
        self.rates.capacity = attempts;
        self
    }

    /// The budget, full.
    ///
    /// ```
    /// assert_eq!(async_orch::RetryBudget::builder().build().available(), 100);
    /// ```
    #[must_use]
    pub fn build(self) -> RetryBudget {
        RetryBudget { bucket: Arc::new(Bucket::new(self.rates)) }
    }
}
