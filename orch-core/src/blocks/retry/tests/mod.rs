//! The rules of `retry`, each by name; a reference model under random outcomes; size and depth.

mod model;
mod rules;
mod shape;

use std::time::Duration;

use super::budget::NoBudget;
use super::elapsed::NoLimit;
use super::{IntoAttempts, Options, default};
use crate::blocks::backoff::{IntoBackoff, none};
use crate::error::{BoxError, Error};
use crate::node::Meta;
use crate::testing::{block, step};

static RETRY: Meta = block(0, None, "retry");
static WORK: Meta = step(1, Some(&RETRY), "work");

const MS: Duration = Duration::from_millis(1);

type When = fn(&Error<BoxError>) -> bool;
type After = fn(&Error<BoxError>) -> Option<Duration>;
type Given<B, D, W> = Options<BoxError, B, D, W, After, NoLimit, NoBudget>;

/// Without jitter, and the default `when`.
fn options<B: IntoBackoff<D>, D>(max_attempts: impl IntoAttempts, backoff: B) -> Given<B, D, When> {
    options_when(max_attempts, backoff, default::when())
}

/// Without jitter.
fn options_when<B, D, W>(max_attempts: impl IntoAttempts, backoff: B, when: W) -> Given<B, D, W>
where
    B: IntoBackoff<D>,
    W: Fn(&Error<BoxError>) -> bool,
{
    Options {
        error: std::marker::PhantomData,
        max_attempts: super::given::max_attempts(max_attempts),
        max_elapsed: default::max_elapsed(),
        backoff: super::given::backoff(backoff),
        max_delay: default::max_delay(),
        jitter: none(),
        retry_after: default::retry_after(),
        rejections: default::rejections(),
        when,
        budget: default::budget(),
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
        $crate::build::plan::Plan::pipeline((), builder, step)
    }};
}
use retrying;
