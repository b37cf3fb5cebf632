//! Where a condition is judged, and an error drawn if it does not hold.

use std::fmt;
use std::marker::PhantomData;

/// Where a condition about the types `T` is judged. A condition is a trait with a function that takes the place of its types.
pub struct Spot<T>(PhantomData<fn() -> T>);

impl<T> Spot<T> {
    /// The spot.
    #[inline(always)]
    pub(crate) const fn new() -> Self {
        Spot(PhantomData)
    }
}

impl<T> Clone for Spot<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Spot<T> {}

impl<T> fmt::Debug for Spot<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Spot")
    }
}
