//! The latest.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use orch_core::bus::Bus;
use orch_core::{Event, OwnedEvent};

use super::Sink;

/// Keeps the latest values, as many as it is made for, and counts those that had to go. Clones are handles to one ring.
///
/// A `Ring<OwnedEvent>` is a bus; for others there is [`map`](super::map()).
///
/// ```
/// use async_orch::bus::Ring;
/// use async_orch::pipeline;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), async_orch::Error> {
/// let latest = Ring::new(4);
/// pipeline! { |_: u32| seq < |n| { n } as "first" |n| { n } as "second" > }.with_bus(latest.clone()).run(1).await?;
/// // The sequence, and the first step, had begun before.
/// let taken = latest.take_all();
/// assert_eq!((taken.lost, taken.values.len()), (2, 4));
/// assert!(taken.values[0].to_string().contains("seq/first"));
/// # Ok(())
/// # }
/// ```
pub struct Ring<T> {
    kept: Arc<Mutex<Kept<T>>>,
}

struct Kept<T> {
    values: VecDeque<T>,
    capacity: usize,
    lost: u64,
}

/// What a [`Ring`] has kept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Taken<T> {
    /// How many were before these and are gone, since it was last looked.
    pub lost: u64,
    /// In the order in which they came.
    pub values: Vec<T>,
}

impl<T> Ring<T> {
    /// For so many.
    ///
    /// # Panics
    ///
    /// If that is none.
    #[must_use]
    #[track_caller]
    pub fn new(capacity: usize) -> Self {
        assert!(capacity > 0, "a ring keeps at least one");
        Ring { kept: Arc::new(Mutex::new(Kept { values: VecDeque::new(), capacity, lost: 0 })) }
    }

    fn kept(&self) -> MutexGuard<'_, Kept<T>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes them out.
    pub fn take_all(&self) -> Taken<T> {
        let mut kept = self.kept();
        let (lost, values) = (std::mem::take(&mut kept.lost), std::mem::take(&mut kept.values));
        drop(kept);
        Taken { lost, values: values.into() }
    }

    /// A copy of them; they stay where they are.
    #[must_use]
    pub fn copy_all(&self) -> Taken<T>
    where
        T: Clone,
    {
        let kept = self.kept();
        Taken { lost: kept.lost, values: kept.values.iter().cloned().collect() }
    }
}

impl<T: Send> Sink<T> for Ring<T> {
    fn take(&self, value: T) {
        let mut kept = self.kept();
        // What goes is dropped when the lock is free again: it is the user's.
        let gone = if kept.values.len() == kept.capacity { kept.values.pop_front() } else { None };
        kept.lost += u64::from(gone.is_some());
        kept.values.push_back(value);
        drop(kept);
    }
}

#[diagnostic::do_not_recommend]
impl Bus for Ring<OwnedEvent> {
    fn emit(&self, event: &Event<'_>) {
        self.take(OwnedEvent::from(event));
    }
}

impl<T> Clone for Ring<T> {
    fn clone(&self) -> Self {
        Ring { kept: Arc::clone(&self.kept) }
    }
}

impl<T> fmt::Debug for Ring<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept = self.kept();
        f.debug_struct("Ring")
            .field("capacity", &kept.capacity)
            .field("kept", &kept.values.len())
            .field("lost", &kept.lost)
            .finish()
    }
}
