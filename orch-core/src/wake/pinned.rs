//! A fixed number of pinned places in one allocation.

use std::pin::Pin;

/// Places that do not move until they are dropped.
pub(crate) struct Pinned<T>(Pin<Box<[T]>>);

impl<T> Pinned<T> {
    /// The places, in one allocation.
    pub(crate) fn new(places: impl ExactSizeIterator<Item = T>) -> Self {
        Pinned(Box::into_pin(places.collect()))
    }

    /// How many there are.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The place `index`, to look at.
    #[inline]
    pub(crate) fn peek(&self, index: usize) -> &T {
        &self.0[index]
    }

    /// The place `index`.
    ///
    /// # Panics
    ///
    /// If there is none.
    #[inline]
    pub(crate) fn get(&mut self, index: usize) -> Pin<&mut T> {
        // SAFETY: the element is part of the pinned slice: nothing else gives a `&mut` to it, and a boxed slice does
        // not move or drop its elements before it is dropped itself.
        unsafe { self.0.as_mut().map_unchecked_mut(|places| &mut places[index]) }
    }
}
