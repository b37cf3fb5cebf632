//! What `each` asks of the piped value.

use std::pin::Pin;
use std::task::{Context, Poll};

use crate::build::spot::Spot;
use crate::run::Asks;

/// A value whose items a body can run for: every [`IntoIterator`] that can be sent between threads.
#[diagnostic::on_unimplemented(
    message = "`each` runs its body once per item, but `{Self}` is not a collection",
    label = "given `{Self}`, which has no items",
    note = "it takes any owned (`'static`) `IntoIterator` that can, as its iterator and its items, be sent between threads, `IntoIterator<IntoIter: Send, Item: Send> + Send + 'static`; for a `Stream` write `each(stream)`"
)]
// It holds for types of every crate: shown, it would stand in the documentation of each of them.
#[doc(hidden)]
pub trait HasItems: Send + 'static {
    /// One of them.
    type Item: Send + 'static;
    /// All of them, in order.
    type Iter: Source<Item = Self::Item>;

    /// All of them, in order.
    fn items(self) -> Self::Iter;

    /// Asks for it.
    fn __orch_holds(_spot: Spot<(Self,)>)
    where
        Self: Sized,
    {
    }
}

#[diagnostic::do_not_recommend]
impl<T> HasItems for T
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

/// A value that items come from in time: every [`Stream`] that can be sent between threads.
#[diagnostic::on_unimplemented(
    message = "`each(stream)` runs its body once per item of a stream, but `{Self}` is no `Stream`",
    label = "given `{Self}`, which is no stream",
    note = "it takes any owned (`'static`) `futures::Stream` that can, as its items, be sent between threads; a collection needs no `stream`"
)]
#[doc(hidden)]
pub trait StreamsItems: Send + 'static {
    /// One of the items.
    type Item: Send + 'static;
    /// All of them, as they come.
    type Source: Source<Item = Self::Item>;

    /// All of them, as they come.
    fn stream(self) -> Self::Source;

    /// Asks for it.
    fn __orch_holds(_spot: Spot<(Self,)>)
    where
        Self: Sized,
    {
    }
}

#[diagnostic::do_not_recommend]
impl<T> StreamsItems for T
where
    T: futures_core::Stream + Send + 'static,
    T::Item: Send + 'static,
{
    type Item = T::Item;
    type Source = Streaming<T>;

    fn stream(self) -> Streaming<T> {
        Streaming(Box::pin(self))
    }
}

/// What the items of a run come from.
pub trait Source: Send + 'static {
    /// One of them.
    type Item: Send + 'static;
    /// What a block asks whose body asks `A`.
    type Asks<A: Asks>: Asks;
    /// Whether they have to be waited for.
    const WAITS: bool;

    /// The next one, if there is another. A collection has it at once.
    fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<Option<Self::Item>>;

    /// How many there are, at least and at most.
    fn size_hint(&self) -> (usize, Option<usize>);
}

impl<T> Source for T
where
    T: Iterator + Send + 'static,
    T::Item: Send + 'static,
{
    type Item = T::Item;
    type Asks<A: Asks> = A;
    const WAITS: bool = false;

    #[inline(always)]
    fn poll_item(&mut self, _cx: &mut Context<'_>) -> Poll<Option<T::Item>> {
        Poll::Ready(self.next())
    }

    #[inline(always)]
    fn size_hint(&self) -> (usize, Option<usize>) {
        Iterator::size_hint(self)
    }
}

/// What a message calls an `each(stream)`, whose items are not written down.
#[derive(Debug)]
pub struct EachStream;

/// A stream, in a box since it may not be moved.
#[derive(Debug)]
pub struct Streaming<T>(Pin<Box<T>>);

impl<T> Source for Streaming<T>
where
    T: futures_core::Stream + Send + 'static,
    T::Item: Send + 'static,
{
    type Item = T::Item;
    type Asks<A: Asks> = A::AndUndurable<EachStream>;
    const WAITS: bool = true;

    fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<Option<T::Item>> {
        self.0.as_mut().poll_next(cx)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}
