//! Why a step failed.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::InvalidOption;
use super::LastFailure;
use super::{BoxError, Panicked};

/// Why a step failed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ErrorKind<E = BoxError> {
    /// A task gave an error: this one.
    Task(E),
    /// A task panicked, on another thread or inside a `catch` block.
    Panicked(Panicked),
    /// A `timeout` block ran out of time and dropped its body.
    TimedOut,
    /// A `circuit` block was open and did not run its body.
    #[non_exhaustive]
    CircuitOpen {
        /// How long the circuit stays open yet. [`Duration::MAX`] if it is isolated; but a circuit whose `reset_timeout`
        /// is that long says so as well.
        retry_after: Duration,
        /// The text of the failure that opened it; `None` if it was opened by hand.
        last_failure: Option<LastFailure>,
        /// Whether the circuit was [isolated](crate::Breaker::isolate), so that no time closes it.
        isolated: bool,
    },
    /// A `circuit` block was half-open with all its probes under way, and did not run its body.
    CircuitHalfOpen,
    /// A block or the runtime refused to run the step.
    Rejected,
    /// A `bulkhead` block had no place for the run, and did not run its body.
    #[non_exhaustive]
    BulkheadFull {
        /// How many places were taken: all of them.
        in_use: u32,
        /// How many other runs waited for one.
        waiting: u32,
        /// Whether the run had waited for as long as it may, its `max_wait`; if not, the queue was full when it came.
        waited: bool,
    },
    /// A `bulkhead` block was [closed](crate::Bulkhead::close) and did not run its body.
    BulkheadClosed,
    /// A `bulkhead` block was come to inside of its own body, or of another block's with the same bulkhead. The run would have
    /// waited for itself.
    BulkheadReentrant,
    /// A `throttle` block had too few tokens for the run within its `max_wait`, and did not run its body.
    #[non_exhaustive]
    Throttled {
        /// For how long the run would have waited.
        retry_after: Duration,
    },
    /// A `repeat` block had run its body as often as it may, and the body would have gone on.
    Exhausted {
        /// How many rounds there were. Each of them succeeded: its answer was to go on.
        rounds: u32,
    },
    /// The policy of a `with` block failed by itself, with an error that is none of the pipeline's tasks'. Made by
    /// [`ErrorKind::policy`].
    #[non_exhaustive]
    Policy {
        /// What it failed with, of any type: [`downcast_ref`](crate::Error::downcast_ref) of the run's error reaches it.
        // One pointer wide: with two the kind has no room for its tag in a gap, and whatever hands on results copies more, a
        // run of `par64_wake` 32 instructions a child.
        error: Arc<Box<dyn StdError + Send + Sync>>,
        /// Whether the body had run. If it had not, this is a [rejection](ErrorKind::is_rejection).
        ran: bool,
    },
    /// An option of a block had a value that cannot be, such as a limit of zero, which a name gave it. The block did not run its body.
    InvalidOption(InvalidOption),
    /// A task that had left its run, by `spawn` or `blocking`, was given up by its runtime before it had finished: because the
    /// runtime shut down.
    Cancelled,
}

impl<E: fmt::Display> fmt::Display for ErrorKind<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ErrorKind::Task(error) => error.fmt(f),
            ErrorKind::Panicked(panicked) => panicked.fmt(f),
            ErrorKind::TimedOut => f.write_str("timed out"),
            ErrorKind::CircuitOpen { retry_after, last_failure, isolated } => {
                f.write_str("the circuit is open")?;
                if *isolated {
                    f.write_str(" until it is closed by hand")?;
                } else if !retry_after.is_zero() {
                    write!(f, ", retry in {:?}", rounded(*retry_after))?;
                }
                match last_failure {
                    Some(text) => write!(f, " (last failure: {text})"),
                    None => Ok(()),
                }
            }
            ErrorKind::CircuitHalfOpen => {
                f.write_str("the circuit is half-open and its probe is still running")
            }
            ErrorKind::Rejected => f.write_str("rejected"),
            ErrorKind::BulkheadFull { in_use, waiting, waited } => {
                f.write_str(if *waited {
                    "no place in the bulkhead was free in time"
                } else {
                    "the bulkhead is full"
                })?;
                write!(f, " ({in_use} in use, {waiting} waiting)")
            }
            ErrorKind::BulkheadClosed => f.write_str("the bulkhead is closed"),
            ErrorKind::BulkheadReentrant => {
                f.write_str("the run holds a place in this bulkhead already, and would wait for itself")
            }
            ErrorKind::Throttled { retry_after } => {
                write!(f, "the rate is used up, retry in {:?}", rounded(*retry_after))
            }
            ErrorKind::Exhausted { rounds: 1 } => f.write_str("came to no end in 1 round"),
            ErrorKind::Exhausted { rounds } => write!(f, "came to no end in {rounds} rounds"),
            ErrorKind::Policy { error, .. } => error.fmt(f),
            ErrorKind::InvalidOption(invalid) => invalid.fmt(f),
            ErrorKind::Cancelled => f.write_str("cancelled by its runtime"),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> StdError for ErrorKind<E> {}

/// As exact as a reader wants it, to the millisecond, and short times to the microsecond or the nanosecond: what is left is
/// never shown as nothing.
fn rounded(time: Duration) -> Duration {
    let unit = match time.as_nanos() {
        0..10_000 => 1,
        10_000..10_000_000 => 1_000,
        _ => 1_000_000,
    };
    let units = (time.as_nanos() + unit / 2) / unit;
    u64::try_from(units * unit).map_or(time, Duration::from_nanos)
}

impl<E> ErrorKind<E> {
    /// [`CircuitOpen`](ErrorKind::CircuitOpen): for a [`Runtime`](crate::Runtime) that answers for a task.
    ///
    /// ```
    /// use async_orch::ErrorKind;
    /// use std::time::Duration;
    ///
    /// let open: ErrorKind = ErrorKind::circuit_open(Duration::from_secs(3), Some("connection refused"));
    /// assert_eq!(open.to_string(), "the circuit is open, retry in 3s (last failure: connection refused)");
    /// ```
    #[must_use]
    pub fn circuit_open(retry_after: Duration, last_failure: Option<&str>) -> Self {
        let last_failure = last_failure.map(|text| LastFailure::new(text.to_owned()));
        ErrorKind::CircuitOpen { retry_after, last_failure, isolated: false }
    }

    /// [`CircuitOpen`](ErrorKind::CircuitOpen) by a circuit that was isolated, so that no time closes it.
    ///
    /// ```
    /// use async_orch::ErrorKind;
    ///
    /// let isolated: ErrorKind = ErrorKind::circuit_isolated();
    /// assert_eq!(isolated.to_string(), "the circuit is open until it is closed by hand");
    /// ```
    #[must_use]
    pub fn circuit_isolated() -> Self {
        ErrorKind::CircuitOpen { retry_after: Duration::MAX, last_failure: None, isolated: true }
    }

    /// [`InvalidOption`](ErrorKind::InvalidOption): what is wrong with an option, in words that go on from its name.
    ///
    /// ```
    /// use async_orch::ErrorKind;
    ///
    /// let invalid: ErrorKind = ErrorKind::invalid_option("limit", "must be at least 1");
    /// assert_eq!(invalid.to_string(), "the option `limit` must be at least 1");
    /// ```
    #[must_use]
    pub fn invalid_option(option: &str, problem: &str) -> Self {
        ErrorKind::InvalidOption(InvalidOption::new(option, problem))
    }

    /// [`Policy`](ErrorKind::Policy): for a [`Policy`](crate::Policy) that fails with an error of its own, of any type.
    ///
    /// Whether the body had run is known where the error is placed, by [`Next::error`](crate::Next::error).
    ///
    /// ```
    /// use async_orch::ErrorKind;
    ///
    /// let kind: ErrorKind = ErrorKind::policy(std::io::Error::other("the quota is used up"));
    /// assert_eq!(kind.to_string(), "the quota is used up");
    /// ```
    #[must_use]
    pub fn policy(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        ErrorKind::Policy { error: Arc::new(error.into()), ran: true }
    }

    /// Whether the step was turned away and did not run: by a circuit, a bulkhead or a throttle, by the policy of a `with`, or by the
    /// [`Runtime`](crate::Runtime).
    ///
    /// A rejection says nothing about what the step would have done. A `retry` repeats it only with its flag `rejections`.
    ///
    /// ```
    /// use async_orch::ErrorKind;
    ///
    /// assert!(ErrorKind::<std::io::Error>::CircuitHalfOpen.is_rejection());
    /// assert!(!ErrorKind::<std::io::Error>::TimedOut.is_rejection());
    /// ```
    #[must_use]
    pub fn is_rejection(&self) -> bool {
        match self {
            ErrorKind::CircuitOpen { .. }
            | ErrorKind::CircuitHalfOpen
            | ErrorKind::Rejected
            | ErrorKind::BulkheadFull { .. }
            | ErrorKind::BulkheadClosed
            | ErrorKind::BulkheadReentrant
            | ErrorKind::Throttled { .. }
            | ErrorKind::Policy { ran: false, .. } => true,
            ErrorKind::Task(_)
            | ErrorKind::Panicked(_)
            | ErrorKind::TimedOut
            | ErrorKind::Exhausted { .. }
            | ErrorKind::Policy { ran: true, .. }
            | ErrorKind::InvalidOption(_)
            | ErrorKind::Cancelled => false,
        }
    }

    /// The kind in a word, with `_` for blanks: a label for metrics and logs. `error` is a task's own.
    ///
    /// ```
    /// use async_orch::ErrorKind;
    ///
    /// assert_eq!(ErrorKind::<std::io::Error>::TimedOut.as_str(), "timed_out");
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            ErrorKind::Task(_) => "error",
            ErrorKind::Panicked(_) => "panicked",
            ErrorKind::TimedOut => "timed_out",
            ErrorKind::CircuitOpen { .. } => "circuit_open",
            ErrorKind::CircuitHalfOpen => "circuit_half_open",
            ErrorKind::Rejected => "rejected",
            ErrorKind::BulkheadFull { .. } => "bulkhead_full",
            ErrorKind::BulkheadClosed => "bulkhead_closed",
            ErrorKind::BulkheadReentrant => "bulkhead_reentrant",
            ErrorKind::Throttled { .. } => "throttled",
            ErrorKind::Exhausted { .. } => "exhausted",
            ErrorKind::Policy { .. } => "policy",
            ErrorKind::InvalidOption(_) => "invalid_option",
            ErrorKind::Cancelled => "cancelled",
        }
    }

    /// The same kind with another type for the task's error.
    pub(crate) fn map<F>(self, convert: impl FnOnce(E) -> F) -> ErrorKind<F> {
        match self {
            ErrorKind::Task(error) => ErrorKind::Task(convert(error)),
            ErrorKind::Panicked(panicked) => ErrorKind::Panicked(panicked),
            ErrorKind::TimedOut => ErrorKind::TimedOut,
            ErrorKind::CircuitOpen { retry_after, last_failure, isolated } => {
                ErrorKind::CircuitOpen { retry_after, last_failure, isolated }
            }
            ErrorKind::CircuitHalfOpen => ErrorKind::CircuitHalfOpen,
            ErrorKind::Rejected => ErrorKind::Rejected,
            ErrorKind::BulkheadFull { in_use, waiting, waited } => {
                ErrorKind::BulkheadFull { in_use, waiting, waited }
            }
            ErrorKind::BulkheadClosed => ErrorKind::BulkheadClosed,
            ErrorKind::BulkheadReentrant => ErrorKind::BulkheadReentrant,
            ErrorKind::Throttled { retry_after } => ErrorKind::Throttled { retry_after },
            ErrorKind::Exhausted { rounds } => ErrorKind::Exhausted { rounds },
            ErrorKind::Policy { error, ran } => ErrorKind::Policy { error, ran },
            ErrorKind::InvalidOption(invalid) => ErrorKind::InvalidOption(invalid),
            ErrorKind::Cancelled => ErrorKind::Cancelled,
        }
    }
}
