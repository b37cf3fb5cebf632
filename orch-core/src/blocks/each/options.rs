//! The options of `each`.

use std::fmt;

use super::Each;
use crate::blocks::Shell;
use crate::blocks::peers::{Limit, OnFailure};
use crate::blocks::values::{self, Given, Invalid};
use crate::build::builder::Builder;
use crate::build::items::{HasItems, Source, StreamsItems};
use crate::build::options::ErrorType;
use crate::build::scope::{At, Scope};
use crate::error::Failure;
use crate::node::Meta;
use crate::run::Step;

/// The options of `each`.
pub struct Options<E, G> {
    #[doc(hidden)]
    pub error: ErrorType<E>,
    #[doc(hidden)]
    pub values: G,
}

/// Its values.
#[derive(Debug)]
pub struct Values<M> {
    /// How many items run at once; all if not given.
    pub limit: Option<usize>,
    /// With this flag every item runs, whatever becomes of the others, and the block gives the `Result` of each.
    pub settle: M,
}

impl<M> values::Values for Values<M> {
    type Checked = Limit<M>;

    fn check(self, _meta: &'static Meta) -> Result<Limit<M>, Invalid> {
        Limit::of(self.limit)
    }
}

/// The proof that the piped value has items.
pub struct Unpack<In, Iter>(pub(super) fn(In) -> Iter);

/// The point inside the block: an item is piped into it, whether its steps use it or not.
pub fn enter<S: Scope, In: HasItems, E: Failure, U>(
    _builder: &Builder<S, In, E>,
    _usage: U,
) -> (Builder<S, In::Item, E>, Unpack<In, In::Iter>) {
    (Builder::new(), Unpack(In::items))
}

/// The point inside the block that is given a stream.
pub fn enter_stream<S: Scope, In: StreamsItems, E: Failure, U>(
    _builder: &Builder<S, In, E>,
    _usage: U,
) -> (Builder<S, In::Item, E>, Unpack<In, In::Source>) {
    (Builder::new(), Unpack(In::stream))
}

/// The body runs once for each item, and the block gives the vector of the outputs.
pub fn each<S, In, Iter, E, G, M, B>(
    _builder: &Builder<S, In, E>,
    meta: &'static Meta,
    options: Options<E, G>,
    feed: Unpack<In, Iter>,
    body: B,
) -> Shell<Each<In, Iter, G, B>>
where
    S: Scope,
    In: Send + 'static,
    G: Given<At<S, In>, Value = Limit<M>>,
    Iter: Source,
    E: Failure,
    M: OnFailure<E>,
    B: Step<At<S, Iter::Item>, E>,
{
    Shell::new(meta, Each { body, unpack: feed.0, limit: options.values, meta })
}

impl<E, G> fmt::Debug for Options<E, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Options")
    }
}

impl<In, Iter> fmt::Debug for Unpack<In, Iter> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unpack")
    }
}
