//! What the options of several blocks have in common.

use std::marker::PhantomData;
use std::time::Duration;

use crate::build::builder::Builder;
use crate::build::scope::Scope;
use crate::error::Failure;
use crate::node::Meta;

/// The pipeline's error type, in an options struct: it tells what the parameter of a predicate is.
pub(crate) type ErrorType<E> = PhantomData<fn() -> E>;

impl<S: Scope, In: Send + 'static, E: Failure> Builder<S, In, E> {
    /// The error type, for an options struct.
    pub const fn error(self) -> ErrorType<E> {
        PhantomData
    }
}

/// Panics if a number is zero that has to be more.
#[track_caller]
pub(crate) fn at_least_one(value: usize, option: &str, meta: &Meta) {
    assert!(value > 0, "`{option}` must be at least 1, at {}", meta.place);
}

/// Panics if a number is less than two that has to be at least that.
#[track_caller]
pub(crate) fn at_least_two(value: usize, option: &str, meta: &Meta) {
    assert!(value > 1, "`{option}` must be at least 2, at {}", meta.place);
}

/// Panics if a time is zero that has to be longer.
#[track_caller]
pub(crate) fn longer_than_zero(time: Duration, option: &str, meta: &Meta) {
    assert!(!time.is_zero(), "`{option}` must be longer than zero, at {}", meta.place);
}
