//! What `#[task(durable)]` names, without the feature that it needs.

use std::ops::ControlFlow;

use crate::codec::Coding;

/// Nothing has it.
#[diagnostic::on_unimplemented(
    message = "`durable` needs the feature `durable` of async-orch",
    label = "write `cargo add async-orch --features durable`"
)]
pub trait Feature {}

/// The word `durable`.
#[derive(Debug)]
pub struct Word;

/// Says that it is missing.
pub const fn needs<T: Feature>() {}

/// No number.
#[derive(Debug, Default)]
pub struct Fingerprint;

impl Fingerprint {
    /// Nothing.
    #[must_use]
    pub fn and(self, _argument: Option<u64>) -> Self {
        self
    }

    /// Nothing.
    #[must_use]
    pub fn finish(self) -> Option<u64> {
        None
    }
}

/// An argument.
pub struct Argument<'a, T: ?Sized>(pub &'a T);

impl<T: ?Sized> std::fmt::Debug for Argument<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Argument")
    }
}

/// Nothing is found.
pub trait Printable {}

/// Nothing is found.
pub trait Shared {}

/// Nothing is found.
pub trait Text {}

/// Nothing is found.
pub trait Unprintable {
    /// None.
    fn __orch_fingerprint(&self) -> Option<u64> {
        None
    }
}

impl<T: ?Sized> Unprintable for Argument<'_, T> {}

/// No coding.
#[must_use]
pub const fn flow<B, C>() -> Coding<ControlFlow<B, C>> {
    panic!("not without the feature")
}

/// No coding.
pub trait WrittenAsJson: Sized {
    /// None.
    const JSON: Coding<Self> = panic!("not without the feature");
}

impl<T> WrittenAsJson for T {}
