//! The options of `bulkhead`.

use std::fmt;
use std::time::Duration;

use super::Bulkhead;
use crate::blocks::Shell;
use crate::blocks::gatekeepers::Gated;
use crate::blocks::gatekeepers::IntoHandle;
use crate::blocks::values::{self, Given, Invalid};
use crate::build::builder::Builder;
use crate::build::options::ErrorType;
use crate::build::scope::{At, Scope};
use crate::error::Failure;
use crate::node::Meta;

/// The options of `bulkhead`.
pub struct Options<E, G> {
    #[doc(hidden)]
    pub error: ErrorType<E>,
    #[doc(hidden)]
    pub values: G,
}

/// Its values.
#[derive(Debug)]
pub struct Values {
    /// How many runs may be in the body at once. Given, unless there is a shared bulkhead.
    pub max: Option<u32>,
    /// How many runs may wait for a place; none if not given.
    pub queue: u32,
    /// How long a run waits at most; for ever if not given.
    pub max_wait: Option<Duration>,
    /// A bulkhead shared with other blocks and pipelines, which brings the settings above with it; one of its own if not given.
    pub bulkhead: Option<Bulkhead>,
}

impl values::Values for Values {
    type Checked = Bulkhead;

    fn check(self, _meta: &'static Meta) -> Result<Bulkhead, Invalid> {
        let Values { max, queue, max_wait, bulkhead } = self;
        if let Some(bulkhead) = bulkhead {
            return Ok(bulkhead);
        }
        let max = max.unwrap_or(0);
        Invalid::unless_at_least_one(max as usize, "max")?;
        let mut builder = Bulkhead::builder(max).queue(queue);
        if let Some(max_wait) = max_wait {
            Invalid::unless_longer_than_zero(max_wait, "max_wait")?;
            builder = builder.max_wait(max_wait);
        }
        Ok(builder.build())
    }
}

/// What an option not given is.
pub mod default {
    use std::time::Duration;

    use super::Bulkhead;

    /// That of the shared one.
    pub fn max() -> Option<u32> {
        None
    }

    /// Nobody waits.
    pub fn queue() -> u32 {
        0
    }

    /// For ever.
    pub fn max_wait() -> Option<Duration> {
        None
    }

    /// One of the block's own.
    pub fn bulkhead() -> Option<Bulkhead> {
        None
    }
}

/// As [`IntoHandle`], of which the compiler would list the implementations.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a `Bulkhead`",
    label = "expected a `Bulkhead` or a reference to one",
    note = "one to share is made with `Bulkhead::builder(8).build()`; a builder alone is none yet, and a `Keyed` gives one by `get(&key)`"
)]
#[doc(hidden)]
pub trait CanBeABulkhead: Sized {
    /// The handle.
    fn given(value: Self) -> Bulkhead;
}

#[diagnostic::do_not_recommend]
impl<T: IntoHandle<Bulkhead>> CanBeABulkhead for T {
    fn given(value: T) -> Bulkhead {
        value.into_handle()
    }
}

/// What an option given becomes.
pub mod given {
    use std::time::Duration;

    use super::Bulkhead;

    /// A number.
    pub fn max((value,): (u32,)) -> Option<u32> {
        Some(value)
    }

    /// A number, or the word for one without end.
    pub fn queue((value,): (u32,)) -> u32 {
        value
    }

    /// A time.
    pub fn max_wait((value,): (Duration,)) -> Option<Duration> {
        Some(value)
    }

    /// A shared bulkhead.
    pub fn bulkhead((value,): (Bulkhead,)) -> Option<Bulkhead> {
        Some(value)
    }
}

/// A bulkhead around the body.
pub fn bulkhead<S, In, E, G, B>(
    _builder: &Builder<S, In, E>,
    meta: &'static Meta,
    options: Options<E, G>,
    _feed: (),
    body: B,
) -> Shell<Gated<B, G>>
where
    S: Scope,
    In: Send + 'static,
    E: Failure,
    G: Given<At<S, In>, Value = Bulkhead>,
{
    Shell::new(meta, Gated::new(body, options.values, meta))
}

impl<E, G> fmt::Debug for Options<E, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Options")
    }
}
