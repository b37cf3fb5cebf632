//! A panic as an error.

use std::any::Any;
use std::error::Error as StdError;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::panics::discard;

/// A task panicked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panicked {
    message: Arc<str>,
}

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "panicked: {}", self.message)
    }
}

impl StdError for Panicked {}

impl Panicked {
    /// A panic that said this: for a [`Runtime`](crate::Runtime) that answers for a task.
    pub fn new(message: impl Into<Arc<str>>) -> Self {
        Panicked { message: message.into() }
    }

    /// Calls foreign code that may panic. What the call has broken is the caller's to drop, or the steps' own.
    #[inline(always)]
    pub(crate) fn catch<T>(call: impl FnOnce() -> T) -> Result<T, Self> {
        catch_unwind(AssertUnwindSafe(call)).map_err(Panicked::caught)
    }

    /// A panic that was caught. What it carried is dropped, which may panic too.
    pub(crate) fn caught(payload: Box<dyn Any + Send>) -> Self {
        let panicked = Panicked::from_payload(&*payload);
        discard(payload);
        panicked
    }

    /// The message of a panic on its way.
    pub(crate) fn from_payload(payload: &(dyn Any + Send)) -> Self {
        Panicked::new(match (payload.downcast_ref::<&'static str>(), payload.downcast_ref::<String>()) {
            (Some(text), _) => text,
            (_, Some(text)) => text.as_str(),
            _ => "with a value that is not text",
        })
    }

    /// What the panic said.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}
