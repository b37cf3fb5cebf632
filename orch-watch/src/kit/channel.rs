//! To another task or thread.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use atomic_waker::AtomicWaker;
use futures_core::Stream;
use orch_core::bus::Bus;
use orch_core::{Event, OwnedEvent};

use super::Sink;

/// What happens to a value for which there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Full {
    /// Whoever sends waits for room: the thread of the run stands still. So the receiver has to be on another thread; on the same one
    /// it would never come to make room.
    Block,
    /// It is dropped, and counted: [`Message::Lost`]. An event is not even copied then.
    Drop,
}

/// What a [`Receiver`] gives.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Message<T> {
    /// A value.
    Value(T),
    /// So many values were dropped here.
    Lost(u64),
}

/// Sends values, or, as a `Sender<OwnedEvent>`, events. Clones send to the same receiver.
pub struct Sender<T> {
    shared: Arc<Shared<T>>,
}

/// Receives what is sent: a [`Stream`], with [`blocking_next`](Receiver::blocking_next) for threads.
///
/// It ends when all senders are gone. Dropping it ends the channel: nobody waits any more, and what is sent is dropped.
pub struct Receiver<T> {
    shared: Arc<Shared<T>>,
}

struct Shared<T> {
    queue: Mutex<Queue<T>>,
    /// There is room, or the receiver is gone.
    room: Condvar,
    /// There is something, or the senders are gone: for who blocks, and for who polls.
    news: Condvar,
    waker: AtomicWaker,
}

struct Queue<T> {
    messages: VecDeque<Message<T>>,
    /// Of the messages, those with a value.
    values: usize,
    capacity: usize,
    full: Full,
    senders: usize,
    is_received: bool,
}

/// A bounded channel: to hand events on, so that a run is not kept by what is done with them.
///
/// # Panics
///
/// If the capacity is zero.
///
/// ```
/// use async_orch::bus::{Full, Message, channel};
/// use async_orch::{OwnedEvent, pipeline};
/// use futures::StreamExt;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), async_orch::Error> {
/// let (events, mut received) = channel::<OwnedEvent>(3, Full::Drop);
/// pipeline! { |_: u32| seq < |n| { n } |n| { n } > }.with_bus(events).run(1).await?;
///
/// let mut told = Vec::new();
/// while let Some(message) = received.next().await {
///     told.push(match message {
///         Message::Value(event) => event.path().to_owned(),
///         Message::Lost(events) => format!("{events} lost"),
///         _ => continue,
///     });
/// }
/// assert_eq!(told, ["seq", "seq/inline", "seq/inline", "3 lost"]);
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn channel<T>(capacity: usize, full: Full) -> (Sender<T>, Receiver<T>) {
    assert!(capacity > 0, "a channel has room for at least one");
    let queue = Queue { messages: VecDeque::new(), values: 0, capacity, full, senders: 1, is_received: true };
    let shared = Arc::new(Shared {
        queue: Mutex::new(queue),
        room: Condvar::new(),
        news: Condvar::new(),
        waker: AtomicWaker::new(),
    });
    (Sender { shared: Arc::clone(&shared) }, Receiver { shared })
}

impl<T> Shared<T> {
    fn queue(&self) -> MutexGuard<'_, Queue<T>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same as that of the queue, of a value that is not there yet. Nobody is kept from waiting for room.
    fn turn_away(&self) -> Option<bool> {
        let mut queue = self.queue();
        if queue.full == Full::Block && queue.is_received { None } else { queue.turn_away() }
    }

    fn tell(&self) {
        self.news.notify_one();
        self.waker.wake();
    }
}

impl<T> Queue<T> {
    /// The next message, and whether it made room.
    fn next(&mut self) -> Option<Message<T>> {
        let message = self.messages.pop_front()?;
        self.values -= usize::from(matches!(message, Message::Value(_)));
        Some(message)
    }

    /// Counts a value that is dropped since there is no room for it, or nobody who receives it. Whether that is news to the receiver; `None` if
    /// there is room.
    fn turn_away(&mut self) -> Option<bool> {
        if !self.is_received {
            return Some(false);
        }
        if self.values < self.capacity {
            return None;
        }
        match self.messages.back_mut() {
            Some(Message::Lost(lost)) => {
                *lost += 1;
                Some(false)
            }
            _ => {
                self.messages.push_back(Message::Lost(1));
                Some(true)
            }
        }
    }
}

impl<T: Send> Sink<T> for Sender<T> {
    fn take(&self, value: T) {
        let mut queue = self.shared.queue();
        while queue.full == Full::Block && queue.is_received && queue.values == queue.capacity {
            queue = self.shared.room.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        let (dropped, is_news) = match queue.turn_away() {
            Some(is_news) => (Some(value), is_news),
            None => {
                queue.values += 1;
                queue.messages.push_back(Message::Value(value));
                (None, true)
            }
        };
        // The user's own drop, and the wakers of others, are not called with the lock held.
        drop(queue);
        drop(dropped);
        if is_news {
            self.shared.tell();
        }
    }
}

#[diagnostic::do_not_recommend]
impl Bus for Sender<OwnedEvent> {
    fn emit(&self, event: &Event<'_>) {
        // To make it takes many times longer than to find that there is no room for it.
        match self.shared.turn_away() {
            Some(true) => self.shared.tell(),
            Some(false) => {}
            None => self.take(OwnedEvent::from(event)),
        }
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.shared.queue().senders += 1;
        Sender { shared: Arc::clone(&self.shared) }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let mut queue = self.shared.queue();
        queue.senders -= 1;
        let is_last = queue.senders == 0;
        drop(queue);
        if is_last {
            self.shared.tell();
        }
    }
}

impl<T> Stream for Receiver<T> {
    type Item = Message<T>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Message<T>>> {
        // Before it looks, so that nothing that comes between is missed.
        self.shared.waker.register(cx.waker());
        let mut queue = self.shared.queue();
        match queue.next() {
            Some(message) => {
                drop(queue);
                self.shared.room.notify_one();
                Poll::Ready(Some(message))
            }
            None if queue.senders == 0 => Poll::Ready(None),
            None => Poll::Pending,
        }
    }
}

impl<T> Receiver<T> {
    /// The next message, on a thread that may block; `None` when all senders are gone.
    pub fn blocking_next(&mut self) -> Option<Message<T>> {
        let mut queue = self.shared.queue();
        loop {
            if let Some(message) = queue.next() {
                drop(queue);
                self.shared.room.notify_one();
                return Some(message);
            }
            if queue.senders == 0 {
                return None;
            }
            queue = self.shared.news.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        let mut queue = self.shared.queue();
        queue.is_received = false;
        let left = std::mem::take(&mut queue.messages);
        queue.values = 0;
        drop(queue);
        self.shared.room.notify_all();
        drop(left);
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("waiting", &self.shared.queue().values).finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").field("waiting", &self.shared.queue().values).finish_non_exhaustive()
    }
}
