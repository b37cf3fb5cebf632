//! Handles as the values of options.

use std::sync::Arc;

use super::keyed::Rest;

/// What can be given where a shared handle is expected: the handle, a reference to it, or one of those in an `Arc`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a `{H}`",
    label = "expected a `{H}` or a reference to one"
)]
pub trait IntoHandle<H> {
    /// The handle.
    fn into_handle(self) -> H;
}

/// A handle that blocks share.
pub trait Handle: Clone {
    /// Whether it may be forgotten now.
    #[doc(hidden)]
    fn rest(&self) -> Rest;
}

impl<H: Handle> IntoHandle<H> for H {
    fn into_handle(self) -> H {
        self
    }
}

impl<H: Handle> IntoHandle<H> for &H {
    fn into_handle(self) -> H {
        self.clone()
    }
}

/// As a name or a header's `let` of a reference gives it.
impl<H: Handle> IntoHandle<H> for &&H {
    fn into_handle(self) -> H {
        (**self).clone()
    }
}

impl<H: Handle> IntoHandle<H> for Arc<H> {
    fn into_handle(self) -> H {
        (*self).clone()
    }
}

impl<H: Handle> IntoHandle<H> for &Arc<H> {
    fn into_handle(self) -> H {
        (**self).clone()
    }
}
