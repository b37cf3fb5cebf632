//! How long a circuit stays open: always as long, or longer each time.

use std::marker::PhantomData;
use std::time::Duration;

use crate::blocks::backoff::IntoBackoff;
use crate::blocks::values::Invalid;

/// What [`IntoResetTimeout`] gives. The delays are taken when the breaker is built: they are foreign code, which is not for the
/// inside of its lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResetTimeout(Box<[Duration]>);

impl ResetTimeout {
    /// So many delays are taken. The last of them stays, as it does where there are fewer.
    const MOST: usize = 128;

    pub(super) fn of(time: Duration) -> Self {
        Self(Box::new([time]))
    }

    /// The times, or what is wrong with them.
    pub(super) fn checked(self) -> Result<Box<[Duration]>, Invalid> {
        Invalid::unless(!self.0.is_empty(), "reset_timeout", "must have a delay")?;
        Invalid::unless(self.0.iter().all(|time| !time.is_zero()), "reset_timeout", Self::ZERO)?;
        Ok(self.0)
    }

    const ZERO: &str = "must be longer than zero";
}

/// What can be given as `reset_timeout`: a [`Duration`], or, for one that grows, what can be given as a `backoff`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the `reset_timeout` of a circuit",
    label = "expected a `Duration` or a backoff",
    note = "write `Duration::from_secs(30)`, or for one that grows `exponential(Duration::from_secs(30))`, of `async_orch::retry`"
)]
// It holds for types of every crate: shown, it would stand in the documentation of each of them.
#[doc(hidden)]
pub trait IntoResetTimeout<How> {
    /// The times, from the first on.
    fn into_reset_timeout(self) -> ResetTimeout;
}

/// As [`IntoResetTimeout`], of which the compiler would list the implementations.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the `reset_timeout` of a circuit",
    label = "expected a `Duration` or a backoff",
    note = "write `10s` or `exponential(10s)`, or a `backon::BackoffBuilder` that is `Clone`"
)]
#[doc(hidden)]
pub trait CanBeAResetTimeout<How>: Sized {
    /// What it is as the option.
    fn given(value: Self) -> ResetTimeout;
}

#[diagnostic::do_not_recommend]
impl<T: IntoResetTimeout<How>, How> CanBeAResetTimeout<How> for T {
    #[inline(always)]
    fn given(value: T) -> ResetTimeout {
        value.into_reset_timeout()
    }
}

/// A time that is always the same.
#[derive(Debug)]
pub enum Fixed {}

/// Times that are those of a backoff.
#[derive(Debug)]
pub struct Growing<D>(PhantomData<D>);

#[diagnostic::do_not_recommend]
impl IntoResetTimeout<Fixed> for Duration {
    fn into_reset_timeout(self) -> ResetTimeout {
        ResetTimeout::of(self)
    }
}

#[diagnostic::do_not_recommend]
impl<B: IntoBackoff<D>, D> IntoResetTimeout<Growing<D>> for B {
    fn into_reset_timeout(self) -> ResetTimeout {
        let mut delays = self.delays();
        ResetTimeout(std::iter::from_fn(|| B::next(&mut delays)).take(ResetTimeout::MOST).collect())
    }
}
