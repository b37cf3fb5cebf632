//! The options of `each`.

use std::fmt;
use std::marker::PhantomData;

use super::Each;
use crate::blocks::Shell;
use crate::blocks::peers::OnFailure;
use crate::build::builder::Builder;
use crate::build::items::Items;
use crate::build::options::{ErrorType, at_least_one};
use crate::build::scope::{At, Scope};
use crate::error::Failure;
use crate::node::Meta;
use crate::run::Step;

/// The options of `each`.
pub struct Options<E, M> {
    #[doc(hidden)]
    pub error: ErrorType<E>,
    /// How many items run at once; all if not given.
    pub limit: Option<usize>,
    /// With this flag every item runs, whatever becomes of the others, and the block gives the `Result` of each.
    pub settle: M,
}

/// The proof that the piped value has items.
pub struct Unpack<In, Iter>(pub(super) fn(In) -> Iter);

/// The point inside the block: an item is piped into it, whether its steps use it or not.
pub fn enter<S: Scope, In: Items, E: Failure, U>(
    _builder: &Builder<S, In, E>,
    _usage: U,
) -> (Builder<S, In::Item, E>, Unpack<In, In::Iter>) {
    (Builder::new(), Unpack(In::items))
}

/// The body runs once for each item, and the block gives the vector of the outputs.
///
/// # Panics
///
/// If `limit` is zero.
#[track_caller]
pub fn each<S, In, Iter, E, M, B>(
    _builder: &Builder<S, In, E>,
    meta: &'static Meta,
    options: Options<E, M>,
    feed: Unpack<In, Iter>,
    body: B,
) -> Shell<Each<In, Iter, M, B>>
where
    S: Scope,
    Iter: Iterator<Item: Send + 'static>,
    E: Failure,
    M: OnFailure<E>,
    B: Step<At<S, Iter::Item>, E>,
{
    let limit = options.limit.unwrap_or(usize::MAX);
    at_least_one(limit, "limit", meta);
    Shell::new(meta, Each { body, unpack: feed.0, limit, on_failure: PhantomData, meta })
}

impl<E, M: fmt::Debug> fmt::Debug for Options<E, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("limit", &self.limit)
            .field("settle", &self.settle)
            .finish_non_exhaustive()
    }
}

impl<In, Iter> fmt::Debug for Unpack<In, Iter> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unpack")
    }
}
