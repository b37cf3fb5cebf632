//! What `each` asks of the piped value.

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
