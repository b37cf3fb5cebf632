//! That two types are one.

use crate::build::spot::Spot;

/// Two types that are one.
#[derive(Debug)]
pub struct Same;

/// The types `A` and `B` are one, so that either tells the other.
///
/// A condition that two types are one is implemented where this holds, and not for one type alone: then the compiler does not mark
/// who asks.
pub trait Are<A, B> {
    /// The value.
    fn one(value: A) -> B;
}

impl<T> Are<T, T> for Same {
    #[inline(always)]
    fn one(value: T) -> T {
        value
    }
}

/// What a block gives whether its body runs or not: what is piped into it.
#[diagnostic::on_unimplemented(
    message = "`when` gives what is piped into it where its body is skipped, so the body has to give the same type; this gives `{Self}`, and what is piped is `{In}`",
    label = "gives `{Self}`, not `{In}`",
    note = "a body that only does something gives the value back as it was; or name what is piped before, `let value = _`: after a name `when` gives `()`, whatever its body gives"
)]
#[doc(hidden)]
pub trait GivesTheSame<In> {
    /// Asks for it.
    fn __orch_holds(_spot: Spot<(Self, In)>)
    where
        Self: Sized,
    {
    }
}

#[diagnostic::do_not_recommend]
impl<T, In> GivesTheSame<In> for T where Same: Are<T, In> {}
