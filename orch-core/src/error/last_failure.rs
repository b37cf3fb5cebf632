//! Why a circuit is open.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// The text of the failure that opened a circuit.
///
/// It is formatted once, when the circuit trips, and every rejection shares it. One pointer wide, so that an error which
/// carries it stays small. (Polly hands the last exception to every rejection for the same reason: whoever is turned
/// away learns what is wrong behind the breaker.)
///
/// ```
/// use async_orch::Breaker;
///
/// let breaker = Breaker::new();
/// breaker.force_open();
/// assert!(breaker.last_failure().is_none(), "opened by hand, not by a failure");
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct LastFailure(Arc<Box<str>>);

impl LastFailure {
    pub(crate) fn new(text: String) -> Self {
        Self(Arc::new(text.into_boxed_str()))
    }

    /// The text.
    ///
    /// ```
    /// # use async_orch::LastFailure;
    /// fn log(failure: &LastFailure) {
    ///     println!("the circuit is open: {}", failure.as_str());
    /// }
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for LastFailure {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for LastFailure {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for LastFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

impl fmt::Debug for LastFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}
