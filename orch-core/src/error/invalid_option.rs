//! Which option cannot be what it is.

use std::fmt;
use std::sync::Arc;

/// An option of a block, and what is wrong with its value.
///
/// An expression without names that gives such a value is found when the pipeline is built, which panics. One with a name is
/// evaluated each time the block starts.
///
/// ```
/// use async_orch::{ErrorKind, pipeline};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let double = pipeline! { |limit: usize| seq < |_| { vec![1, 2] } each(limit = *limit) < |n| { n * 2 } > > };
/// assert_eq!(double.run(1).await.unwrap(), [2, 4]);
///
/// let error = double.run(0).await.unwrap_err();
/// let ErrorKind::InvalidOption(invalid) = error.kind() else { panic!("{error}") };
/// assert_eq!((invalid.option(), invalid.problem()), ("limit", "must be at least 1"));
/// assert_eq!(error.path(), "seq/each");
/// # }
/// ```
// One pointer wide, so that errors stay small.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct InvalidOption(Arc<(Box<str>, Box<str>)>);

impl InvalidOption {
    pub(crate) fn new(option: &str, problem: &str) -> Self {
        InvalidOption(Arc::new((option.into(), problem.into())))
    }

    /// The name of the option.
    #[must_use]
    pub fn option(&self) -> &str {
        &self.0.0
    }

    /// What is wrong, in words that go on from the name: `must be at least 1`.
    #[must_use]
    pub fn problem(&self) -> &str {
        &self.0.1
    }
}

impl fmt::Display for InvalidOption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the option `{}` {}", self.option(), self.problem())
    }
}

impl fmt::Debug for InvalidOption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InvalidOption")
            .field("option", &self.option())
            .field("problem", &self.problem())
            .finish()
    }
}
