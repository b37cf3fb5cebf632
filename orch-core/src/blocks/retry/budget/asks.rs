//! How a budget is asked, at once or when the runtime says so.

use std::convert::Infallible;

use super::RetryBudget;
use crate::error::ErrorKind;
use crate::node::Meta;
use crate::run::Cx;
use crate::runtime::Gatekeeper;

/// Whether another attempt may be made. `None` is one that the runtime lets pass, for which no token was taken.
pub(in crate::blocks::retry) type Answer = Result<Option<()>, ErrorKind<Infallible>>;

/// Takes a token for an attempt of the block `meta`.
pub(in crate::blocks::retry) fn take<R: Cx>(
    budget: &RetryBudget,
    run: R,
    meta: &'static Meta,
) -> Result<(), ErrorKind<Infallible>> {
    let answer = if budget.take(run.now()) { Ok(()) } else { Err(ErrorKind::Rejected) };
    run.admitted(meta, Gatekeeper::Budget(budget), || answer.clone());
    answer
}

/// The same, when it is polled.
pub(in crate::blocks::retry) async fn later<R: Cx>(
    budget: &RetryBudget,
    run: R,
    meta: &'static Meta,
) -> Result<(), ErrorKind<Infallible>> {
    take(budget, run, meta)
}
