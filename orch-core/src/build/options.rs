//! What the options of several blocks have in common.

use std::marker::PhantomData;

use crate::build::builder::Builder;
use crate::build::scope::Scope;
use crate::error::Failure;

/// The pipeline's error type, in an options struct: it tells what the parameter of a predicate is.
pub(crate) type ErrorType<E> = PhantomData<fn() -> E>;

impl<S: Scope, In: Send + 'static, E: Failure> Builder<S, In, E> {
    /// The error type, for an options struct.
    pub const fn error(self) -> ErrorType<E> {
        PhantomData
    }
}
