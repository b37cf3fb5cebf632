//! A bus that other tasks subscribe to.

use std::fmt;
use std::sync::Arc;

use tokio::sync::broadcast;

use super::Bus;
use crate::event::{Event, OwnedEvent};

/// Sends events to any number of subscribers in other tasks. Only with the feature `broadcast`.
///
/// Sending never waits: a subscriber that falls behind by more than the capacity loses the oldest events and is told
/// how many. While nobody is subscribed, emitting costs one look at the number of subscribers.
///
/// Clones are handles to one bus. When the last of them is dropped, those inside pipelines included, the subscriptions
/// end.
///
/// ```
/// use async_orch::bus::{Broadcast, RecvError};
/// use async_orch::{Run, TaskState, pipeline, task};
///
/// #[task]
/// async fn double(n: u64) -> u64 {
///     n * 2
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), async_orch::Error> {
/// let events = Broadcast::new(256);
///
/// let mut subscription = events.subscribe();
/// let progress = tokio::spawn(async move {
///     let (mut finished, mut lost) = (0, 0);
///     loop {
///         match subscription.recv().await {
///             Ok(event) if event.task_state() == Some(TaskState::Succeeded) => finished += 1,
///             Ok(_) => {}
///             Err(RecvError::Lagged(events)) => lost += events,
///             Err(_) => return (finished, lost),
///         }
///     }
/// });
///
/// let pipeline = pipeline! { |_: u64| seq < double double double > }.with_bus(events);
/// assert_eq!(pipeline.run(1).await?, 8);
/// drop(pipeline);
/// assert_eq!(progress.await.unwrap(), (3, 0));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Broadcast {
    sender: broadcast::Sender<Arc<OwnedEvent>>,
}

impl Broadcast {
    /// Makes one that keeps the last `capacity` events, rounded up to a power of two, for those who are behind.
    ///
    /// # Panics
    ///
    /// If `capacity` is zero or more than half of `usize::MAX`.
    #[track_caller]
    pub fn new(capacity: usize) -> Self {
        assert!(capacity > 0, "the capacity of a broadcast bus has to be at least 1");
        Broadcast { sender: broadcast::Sender::new(capacity) }
    }

    /// Subscribes to all events from now on. Dropping the subscription ends it.
    pub fn subscribe(&self) -> Subscription {
        Subscription { receiver: self.sender.subscribe() }
    }

    /// How many subscriptions there are now.
    pub fn subscribers(&self) -> usize {
        self.sender.receiver_count()
    }
}

#[diagnostic::do_not_recommend]
impl Bus for Broadcast {
    fn emit(&self, event: &Event<'_>) {
        if self.sender.receiver_count() > 0 {
            // The last subscriber may leave at any time, and then nobody misses the event.
            let _ = self.sender.send(Arc::new(OwnedEvent::from(event)));
        }
    }
}

/// The events of a [`Broadcast`] since it was subscribed to. Dropping it ends it.
///
/// ```
/// use async_orch::bus::Broadcast;
/// use async_orch::pipeline;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), async_orch::Error> {
/// let events = Broadcast::new(16);
/// let double = pipeline! { |_: u32| |n| { n * 2 } }.with_bus(events.clone());
/// double.run(1).await?;
///
/// let mut subscription = events.subscribe();
/// double.run(2).await?;
/// assert_eq!(subscription.recv().await.unwrap().to_string().split_whitespace().last(), Some("running"));
/// assert_eq!(subscription.recv().await.unwrap().output(), Some("4"));
///
/// drop(subscription);
/// assert_eq!(events.subscribers(), 0);
/// # Ok(())
/// # }
/// ```
pub struct Subscription {
    receiver: broadcast::Receiver<Arc<OwnedEvent>>,
}

impl Subscription {
    /// Waits for the next event. Cancelling the wait loses nothing.
    ///
    /// # Errors
    ///
    /// [`Lagged`](RecvError::Lagged) once where events were lost, after which the oldest one still kept follows, and
    /// [`Closed`](RecvError::Closed) when there is no bus any more and all its events were received.
    pub async fn recv(&mut self) -> Result<Arc<OwnedEvent>, RecvError> {
        self.receiver.recv().await.map_err(|error| match error {
            broadcast::error::RecvError::Lagged(events) => RecvError::Lagged(events),
            broadcast::error::RecvError::Closed => RecvError::Closed,
        })
    }

    /// The next event if there is one now.
    ///
    /// ```
    /// use async_orch::bus::{Broadcast, RecvError};
    ///
    /// let events = Broadcast::new(16);
    /// let mut subscription = events.subscribe();
    /// assert!(subscription.try_recv().unwrap().is_none());
    /// drop(events);
    /// assert_eq!(subscription.try_recv().unwrap_err(), RecvError::Closed);
    /// ```
    ///
    /// # Errors
    ///
    /// As [`recv`](Subscription::recv).
    pub fn try_recv(&mut self) -> Result<Option<Arc<OwnedEvent>>, RecvError> {
        match self.receiver.try_recv() {
            Ok(event) => Ok(Some(event)),
            Err(broadcast::error::TryRecvError::Empty) => Ok(None),
            Err(broadcast::error::TryRecvError::Lagged(events)) => Err(RecvError::Lagged(events)),
            Err(broadcast::error::TryRecvError::Closed) => Err(RecvError::Closed),
        }
    }
}

/// Why a [`Subscription`] has no event to give.
///
/// ```
/// use async_orch::bus::{Broadcast, RecvError};
/// use async_orch::pipeline;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), async_orch::Error> {
/// let events = Broadcast::new(1);
/// let mut subscription = events.subscribe();
/// pipeline! { |_: u32| |n| { n * 2 } }.with_bus(events).run(2).await?;
///
/// let lagged = subscription.recv().await.unwrap_err();
/// assert_eq!(lagged, RecvError::Lagged(1));
/// assert_eq!(lagged.to_string(), "1 event was lost");
/// assert_eq!(subscription.recv().await.unwrap().output(), Some("4"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecvError {
    /// The subscriber was too slow, and lost so many events.
    Lagged(u64),
    /// All handles of the bus are gone.
    Closed,
}

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RecvError::Lagged(1) => f.write_str("1 event was lost"),
            RecvError::Lagged(events) => write!(f, "{events} events were lost"),
            RecvError::Closed => f.write_str("the bus is closed"),
        }
    }
}

impl std::error::Error for RecvError {}

impl fmt::Debug for Broadcast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Broadcast").field("subscribers", &self.subscribers()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").field("waiting", &self.receiver.len()).finish_non_exhaustive()
    }
}
