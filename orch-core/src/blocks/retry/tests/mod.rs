//! The rules of `retry`, each by name; a reference model under random outcomes; size and depth.

mod model;
mod rules;
mod shape;

use std::time::Duration;

use super::budget::NoBudget;
use super::elapsed::NoLimit;
use super::policy::Policy;
use super::{IntoAttempts, Options, Values, default};
use crate::blocks::backoff::{IntoBackoff, none};
use crate::blocks::values::{Once, Plain};
use crate::build::builder::Builder;
use crate::error::{BoxError, Error};
use crate::node::Meta;
use crate::testing::{block, step};

static RETRY: Meta = block(0, None, "retry");
static WORK: Meta = step(1, Some(&RETRY), "work");

const MS: Duration = Duration::from_millis(1);

type When = fn(&Error<BoxError>) -> bool;
type After = fn(&Error<BoxError>) -> Option<Duration>;

/// Options with a policy and a predicate.
type Given<B, D, W> = Options<BoxError, Once<Policy<B, D, NoLimit, NoBudget>>, Plain<W>, Plain<After>>;

/// Without jitter.
fn values<B: IntoBackoff<D>, D>(
    max_attempts: impl IntoAttempts,
    backoff: B,
) -> Values<B, D, NoLimit, NoBudget> {
    Values {
        max_attempts: max_attempts.into_attempts(),
        max_elapsed: default::max_elapsed(),
        backoff: crate::blocks::backoff::Backoff::new(backoff),
        max_delay: default::max_delay(),
        jitter: none(),
        rejections: default::rejections(),
        budget: default::budget(),
    }
}

/// Without jitter, and the default `when`.
#[track_caller]
fn options<B, D>(max_attempts: impl IntoAttempts, backoff: B) -> Given<B, D, When>
where
    B: IntoBackoff<D> + Send + Sync,
    D: Send + Sync,
{
    options_when(max_attempts, backoff, default::when())
}

/// Without jitter.
#[track_caller]
fn options_when<B, D, W>(max_attempts: impl IntoAttempts, backoff: B, when: W) -> Given<B, D, W>
where
    B: IntoBackoff<D> + Send + Sync,
    D: Send + Sync,
    W: Fn(&Error<BoxError>) -> bool,
{
    made(values(max_attempts, backoff), when)
}

#[track_caller]
fn made<B, D, W>(values: Values<B, D, NoLimit, NoBudget>, when: W) -> Given<B, D, W>
where
    B: Send + Sync,
    D: Send + Sync,
    W: Fn(&Error<BoxError>) -> bool,
{
    let builder = Builder::<(), (), BoxError>::new();
    Options {
        error: builder.error(),
        values: builder.once(values, &RETRY),
        retry_after: builder.asked(default::retry_after() as After),
        when: builder.predicate(when),
    }
}

/// `|_: In| retry(options) < |x| body >`
macro_rules! retrying {
    ($in:ty, $usage:expr, $options:expr, $body:expr) => {{
        let builder = $crate::build::builder::Builder::<(), $in, $crate::error::BoxError>::new();
        let (inner, feed) = $crate::blocks::retry::enter(&builder, $usage);
        let body = $crate::testing::inline_sync!(inner, &$crate::blocks::retry::tests::WORK, $body);
        let step = $crate::blocks::retry::retry(
            &builder,
            &$crate::blocks::retry::tests::RETRY,
            $options,
            feed,
            body,
        );
        $crate::build::plan::Plan::of((), builder, step).pipeline()
    }};
}
use retrying;
