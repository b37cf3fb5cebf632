//! What `#[task(durable)]` names, without the feature that it needs.

use crate::codec::Coding;

/// Nothing has it.
#[diagnostic::on_unimplemented(
    message = "`durable` needs the feature `durable` of async-orch",
    label = "not there without the feature",
    note = "write `cargo add async-orch --features durable`"
)]
pub trait Feature {}

/// No coding.
#[must_use]
pub const fn json<T>() -> Coding<T>
where
    (): Feature,
{
    panic!("not without the feature")
}
