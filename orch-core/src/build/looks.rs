//! What looks at the names and at what is piped when a block starts: its head.

use crate::build::builder::Builder;
use crate::build::scope::Scope;
use crate::error::Failure;

impl<S: Scope, In: Send + 'static, E: Failure> Builder<S, In, E> {
    /// A condition on the names and on what is piped.
    pub fn holds<F>(self, condition: F) -> F
    where
        F: for<'e, 'i> Fn(S::Ref<'e>, &'i In) -> bool,
    {
        condition
    }
}

/// What a closure of the user's makes of what is piped, of which its parameter needs no type.
#[inline(always)]
pub fn look<'i, In, T>(piped: &'i In, look: impl FnOnce(&'i In) -> T) -> T {
    look(piped)
}
