//! Kinds of errors as numbers and texts, for who writes them down.

use std::time::Duration;

use super::{ErrorKind, Panicked};

/// An [`ErrorKind`] as a word, a time and a text: what a [`Runtime`](crate::Runtime) that remembers its runs writes down, and
/// gives back to [`Attempt::fail`](crate::run::Attempt::fail).
///
/// An error of a task is not among them: it has a type, and whoever stores it knows how.
///
/// ```
/// use async_orch::{ErrorKind, Wire};
/// use std::convert::Infallible;
/// use std::time::Duration;
///
/// let open: ErrorKind<Infallible> = ErrorKind::circuit_open(Duration::from_secs(3), Some("down"));
/// let wire = open.to_wire().unwrap();
/// assert_eq!((wire.kind.as_str(), wire.time, wire.text.as_deref()), ("circuit open", Some(Duration::from_secs(3)), Some("down")));
///
/// let again: ErrorKind<Infallible> = ErrorKind::from_wire(&wire).unwrap();
/// assert_eq!(again.to_string(), open.to_string());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Wire {
    /// Which kind it is, in words that stay the same from version to version.
    pub kind: String,
    /// The time that belongs to it, if one does.
    pub time: Option<Duration>,
    /// The text that belongs to it, if one does: of an exhausted `repeat` the number of rounds, of a full bulkhead how many places were
    /// taken and how many runs waited, of an option that cannot be its name and what is wrong with it, of an error of a policy what it displays as.
    pub text: Option<String>,
}

impl Wire {
    /// A kind, with a time and a text where it has them.
    #[must_use]
    pub fn new(kind: impl Into<String>, time: Option<Duration>, text: Option<String>) -> Self {
        Wire { kind: kind.into(), time, text }
    }
}

const PANICKED: &str = "panicked";
const TIMED_OUT: &str = "timed out";
const CIRCUIT_OPEN: &str = "circuit open";
const CIRCUIT_ISOLATED: &str = "circuit isolated";
const CIRCUIT_HALF_OPEN: &str = "circuit half-open";
const REJECTED: &str = "rejected";
const BULKHEAD_FULL: &str = "bulkhead full";
const BULKHEAD_WAITED: &str = "bulkhead waited";
const BULKHEAD_CLOSED: &str = "bulkhead closed";
const BULKHEAD_REENTRANT: &str = "bulkhead reentrant";
const THROTTLED: &str = "throttled";
const EXHAUSTED: &str = "exhausted";
const POLICY: &str = "policy";
const POLICY_REJECTED: &str = "policy rejected";
const INVALID_OPTION: &str = "invalid option";
const CANCELLED: &str = "cancelled";

impl<E> ErrorKind<E> {
    /// The kind as words, times and texts; `None` for a task's own error.
    #[must_use]
    pub fn to_wire(&self) -> Option<Wire> {
        Some(match self {
            ErrorKind::Task(_) => return None,
            ErrorKind::Panicked(panicked) => Wire::new(PANICKED, None, Some(panicked.message().to_owned())),
            ErrorKind::TimedOut => Wire::new(TIMED_OUT, None, None),
            ErrorKind::CircuitOpen { isolated: true, .. } => Wire::new(CIRCUIT_ISOLATED, None, None),
            ErrorKind::CircuitOpen { retry_after, last_failure, .. } => {
                Wire::new(CIRCUIT_OPEN, Some(*retry_after), last_failure.as_ref().map(ToString::to_string))
            }
            ErrorKind::CircuitHalfOpen => Wire::new(CIRCUIT_HALF_OPEN, None, None),
            ErrorKind::Rejected => Wire::new(REJECTED, None, None),
            ErrorKind::BulkheadFull { in_use, waiting, waited } => Wire::new(
                if *waited { BULKHEAD_WAITED } else { BULKHEAD_FULL },
                None,
                Some(format!("{in_use} {waiting}")),
            ),
            ErrorKind::BulkheadClosed => Wire::new(BULKHEAD_CLOSED, None, None),
            ErrorKind::BulkheadReentrant => Wire::new(BULKHEAD_REENTRANT, None, None),
            ErrorKind::Throttled { retry_after } => Wire::new(THROTTLED, Some(*retry_after), None),
            ErrorKind::Exhausted { rounds } => Wire::new(EXHAUSTED, None, Some(rounds.to_string())),
            ErrorKind::Policy { error, ran } => {
                Wire::new(if *ran { POLICY } else { POLICY_REJECTED }, None, Some(error.to_string()))
            }
            ErrorKind::InvalidOption(invalid) => {
                Wire::new(INVALID_OPTION, None, Some(format!("{} {}", invalid.option(), invalid.problem())))
            }
            ErrorKind::Cancelled => Wire::new(CANCELLED, None, None),
        })
    }

    /// The kind that was written down; `None` if it is one that this version does not know.
    #[must_use]
    pub fn from_wire(wire: &Wire) -> Option<Self> {
        let Wire { kind, time, text } = wire;
        Some(match kind.as_str() {
            PANICKED => ErrorKind::Panicked(Panicked::new(text.as_deref().unwrap_or_default())),
            TIMED_OUT => ErrorKind::TimedOut,
            CIRCUIT_OPEN => ErrorKind::circuit_open(time.unwrap_or_default(), text.as_deref()),
            CIRCUIT_ISOLATED => ErrorKind::circuit_isolated(),
            CIRCUIT_HALF_OPEN => ErrorKind::CircuitHalfOpen,
            REJECTED => ErrorKind::Rejected,
            BULKHEAD_FULL | BULKHEAD_WAITED => {
                let (in_use, waiting) = text.as_deref()?.split_once(' ')?;
                let (in_use, waiting) = (in_use.parse().ok()?, waiting.parse().ok()?);
                ErrorKind::BulkheadFull { in_use, waiting, waited: kind == BULKHEAD_WAITED }
            }
            BULKHEAD_CLOSED => ErrorKind::BulkheadClosed,
            BULKHEAD_REENTRANT => ErrorKind::BulkheadReentrant,
            THROTTLED => ErrorKind::Throttled { retry_after: time.unwrap_or_default() },
            EXHAUSTED => ErrorKind::Exhausted { rounds: text.as_deref()?.parse().ok()? },
            POLICY | POLICY_REJECTED => {
                let mut policy = ErrorKind::policy(text.as_deref().unwrap_or_default());
                if let ErrorKind::Policy { ran, .. } = &mut policy {
                    *ran = kind == POLICY;
                }
                policy
            }
            INVALID_OPTION => {
                // The name of an option has no space in it.
                let (option, problem) = text.as_deref()?.split_once(' ')?;
                ErrorKind::invalid_option(option, problem)
            }
            CANCELLED => ErrorKind::Cancelled,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// Every error carries one, and every block's future an error: a kind more is to cost no byte.
    #[test]
    fn kinds_are_small() {
        assert_eq!(size_of::<ErrorKind<std::fmt::Error>>(), 32);
    }

    #[test]
    fn every_kind_but_a_tasks_own_comes_back_as_it_was() {
        let kinds: [ErrorKind<std::fmt::Error>; 17] = [
            ErrorKind::Panicked(Panicked::new("oh")),
            ErrorKind::TimedOut,
            ErrorKind::circuit_open(Duration::from_millis(1_500), Some("down")),
            ErrorKind::circuit_open(Duration::MAX, None),
            ErrorKind::circuit_isolated(),
            ErrorKind::CircuitHalfOpen,
            ErrorKind::Rejected,
            ErrorKind::BulkheadFull { in_use: 3, waiting: 7, waited: false },
            ErrorKind::BulkheadFull { in_use: 3, waiting: 7, waited: true },
            ErrorKind::BulkheadClosed,
            ErrorKind::BulkheadReentrant,
            ErrorKind::Throttled { retry_after: Duration::from_millis(30) },
            ErrorKind::Exhausted { rounds: 12 },
            ErrorKind::policy("over quota"),
            ErrorKind::Policy { error: Arc::new("overloaded".into()), ran: false },
            ErrorKind::invalid_option("limit", "must be at least 1"),
            ErrorKind::Cancelled,
        ];
        let mut words = Vec::new();
        for kind in kinds {
            let wire = kind.to_wire().unwrap();
            let again = ErrorKind::<std::fmt::Error>::from_wire(&wire).unwrap();
            assert_eq!((format!("{again:?}"), again.to_wire()), (format!("{kind:?}"), Some(wire.clone())));
            words.push(wire.kind);
        }
        words.dedup();
        assert_eq!(words.len(), 16);
        assert_eq!(ErrorKind::Task(std::fmt::Error).to_wire(), None);
        assert!(ErrorKind::<std::fmt::Error>::from_wire(&Wire::new("from the future", None, None)).is_none());
        assert!(ErrorKind::<std::fmt::Error>::from_wire(&Wire::new(EXHAUSTED, None, None)).is_none());
    }
}
