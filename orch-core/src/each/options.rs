//! The options of `each`.

use std::fmt;
use std::marker::PhantomData;

use super::Each;
use crate::error::Failure;
use crate::node::Meta;
use crate::options::{Of, at_least_one};
use crate::par::OnFailure;
use crate::scope::{At, Scope};
use crate::step::Step;
use crate::token::Tok;

/// The options of `each`.
pub struct Options<E, M> {
    #[doc(hidden)]
    pub error: Of<E>,
    /// How many items run at once; all if not given.
    pub limit: Option<usize>,
    /// With this flag every item runs, whatever becomes of the others, and the block gives the `Result` of each.
    pub settle: M,
}

/// What an option given becomes.
pub mod given {
    pub use crate::par::given::{limit, settle};
}

/// What an option not given is.
pub mod default {
    pub use crate::par::default::{limit, settle};
}

/// A value whose items a body can run for: every [`IntoIterator`] that can be sent between threads.
#[diagnostic::on_unimplemented(
    message = "`each` runs its body once per item, but `{Self}` is not a collection",
    label = "given `{Self}`, which has no items",
    note = "it takes any owned (`'static`) `IntoIterator` that can, as its iterator and its items, be sent between threads"
)]
// It holds for types of every crate: shown, it would stand in the documentation of each of them.
#[doc(hidden)]
pub trait Items: Send + 'static {
    /// One of them.
    type Item: Send + 'static;
    /// All of them, in order.
    type Iter: Iterator<Item = Self::Item> + Send + 'static;

    /// All of them, in order.
    fn items(self) -> Self::Iter;
}

#[diagnostic::do_not_recommend]
impl<T> Items for T
where
    T: IntoIterator + Send + 'static,
    T::Item: Send + 'static,
    T::IntoIter: Send + 'static,
{
    type Item = T::Item;
    type Iter = T::IntoIter;

    fn items(self) -> T::IntoIter {
        self.into_iter()
    }
}

/// The proof that the piped value has items.
pub struct Unpack<In, Iter>(pub(super) fn(In) -> Iter);

/// The point inside the block: an item is piped into it, whether its steps use it or not.
pub fn enter<S: Scope, In: Items, E: Failure, U>(
    _tok: &Tok<S, In, E>,
    _usage: U,
) -> (Tok<S, In::Item, E>, Unpack<In, In::Iter>) {
    (Tok::new(), Unpack(In::items))
}

/// The body runs once for each item, and the block gives the vector of the outputs.
///
/// # Panics
///
/// If `limit` is zero.
#[track_caller]
pub fn each<S, In, Iter, E, M, B>(
    _tok: &Tok<S, In, E>,
    meta: &'static Meta,
    options: Options<E, M>,
    feed: Unpack<In, Iter>,
    body: B,
) -> Each<In, Iter, M, B>
where
    S: Scope,
    Iter: Iterator<Item: Send + 'static>,
    E: Failure,
    M: OnFailure<E>,
    B: Step<At<S, Iter::Item>, E>,
{
    let limit = options.limit.unwrap_or(usize::MAX);
    at_least_one(limit, "limit", meta);
    Each { body, unpack: feed.0, limit, on_failure: PhantomData, meta }
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
