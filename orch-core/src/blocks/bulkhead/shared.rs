//! The places of a bulkhead, for many runs at once.
//!
//! All is behind one plain lock, held for some ten nanoseconds. A place that is given back goes to the first that waits, by
//! counting it as taken all along: so where somebody waits every place is taken, and who arrives has nothing to overtake with.

use std::convert::Infallible;
use std::sync::PoisonError;
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use crate::blocks::gatekeepers::{Answer, Calls, Place, Queue, Ticket, Waiting, time_left};
use crate::error::ErrorKind;
use crate::sync::{Mutex, MutexGuard};

/// The options of a bulkhead.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Config {
    /// At least one.
    pub(crate) max: u32,
    pub(crate) queue: u32,
    /// Longer than zero.
    pub(crate) max_wait: Option<Duration>,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: Config,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// Also those that were handed to a run which has not looked since.
    in_use: u32,
    queue: Queue,
    /// Those who wait for an idle moment.
    watchers: Queue,
    /// The first ticket that was not served when it was closed.
    closed: Option<u64>,
}

/// A place that is taken. Dropped, it goes to the first that waits.
#[derive(Debug)]
pub(crate) struct Taken<'a>(&'a Shared);

impl Drop for Taken<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        self.0.give_back();
    }
}

impl Inner {
    #[inline(always)]
    fn take(&mut self, config: &Config) -> bool {
        let free = self.closed.is_none() && self.in_use < config.max;
        self.in_use += u32::from(free);
        free
    }

    /// Why a run that comes now cannot even wait.
    fn refuse(&self, config: &Config) -> Option<ErrorKind<Infallible>> {
        if self.closed.is_some() {
            return Some(ErrorKind::BulkheadClosed);
        }
        let is_full = self.in_use >= config.max && self.waiting() >= config.queue;
        is_full.then(|| self.full(false))
    }

    fn full(&self, waited: bool) -> ErrorKind<Infallible> {
        ErrorKind::BulkheadFull { in_use: self.in_use, waiting: self.waiting(), waited }
    }

    fn waiting(&self) -> u32 {
        u32::try_from(self.queue.len()).unwrap_or(u32::MAX)
    }

    /// Whether the owner of a ticket that waits no longer was handed a place, as opposed to sent away.
    fn was_served(&self, ticket: &Ticket) -> bool {
        self.closed.is_none_or(|first| ticket.is_before(first))
    }

    fn is_idle(&self) -> bool {
        self.in_use == 0 && self.queue.is_empty()
    }

    /// A place is given back.
    fn pass_on(&mut self, calls: &mut Calls) {
        if self.queue.is_empty() {
            self.in_use -= 1;
        } else {
            self.queue.dismiss_first(calls);
        }
    }
}

impl Shared {
    pub(crate) fn new(config: Config) -> Self {
        Shared { config, inner: Mutex::new(Inner::default()) }
    }

    /// A place, if one is free.
    #[inline]
    pub(crate) fn take(&self) -> Option<Taken<'_>> {
        let free = self.lock().take(&self.config);
        free.then(|| Taken(self))
    }

    pub(crate) fn refuse(&self) -> Option<ErrorKind<Infallible>> {
        self.lock().refuse(&self.config)
    }

    /// The answer to a run that waits.
    pub(crate) fn wait(&self, place: &mut Option<Place>, now: Instant, waker: Waker) -> Answer<Taken<'_>> {
        let config = &self.config;
        let answer = self.change(|inner, calls| {
            let Some(Place { ticket, since }) = place else {
                if inner.take(config) {
                    calls.discard(waker);
                    return Answer::Admitted(());
                }
                if let Some(kind) = inner.refuse(config) {
                    calls.discard(waker);
                    return Answer::Rejected(kind);
                }
                *place = Some(Place { ticket: inner.queue.join(waker), since: now });
                return waits(config.max_wait);
            };
            if !inner.queue.has(ticket) {
                calls.discard(waker);
                let served = inner.was_served(ticket);
                *place = None;
                return if served {
                    Answer::Admitted(())
                } else {
                    Answer::Rejected(ErrorKind::BulkheadClosed)
                };
            }
            let left = time_left(config.max_wait, *since, now);
            if left.is_some_and(|left| left.is_zero()) {
                calls.discard(waker);
                if let Some(place) = place.take() {
                    inner.queue.leave(place.ticket, calls);
                }
                return Answer::Rejected(inner.full(true));
            }
            inner.queue.stay(ticket, waker, calls);
            waits(left)
        });
        match answer {
            Answer::Admitted(()) => Answer::Admitted(Taken(self)),
            Answer::Rejected(kind) => Answer::Rejected(kind),
            Answer::Waits(waiting, time) => Answer::Waits(waiting, time),
        }
    }

    /// Who waited gives up.
    pub(crate) fn leave(&self, place: &mut Option<Place>) {
        let Some(Place { ticket, .. }) = place.take() else { return };
        self.change(|inner, calls| {
            if inner.queue.has(&ticket) {
                inner.queue.leave(ticket, calls);
            } else if inner.was_served(&ticket) {
                inner.pass_on(calls);
            }
        });
    }

    #[inline(always)]
    fn give_back(&self) {
        {
            let mut inner = self.lock();
            if inner.queue.is_empty() && inner.watchers.is_empty() {
                inner.in_use -= 1;
                return;
            }
        }
        self.give_back_to_others();
    }

    #[cold]
    #[inline(never)]
    fn give_back_to_others(&self) {
        self.change(Inner::pass_on);
    }

    // ----- the handle -----

    pub(crate) fn close(&self) {
        self.change(|inner, calls| {
            if inner.closed.is_none() {
                inner.closed = Some(inner.queue.first().unwrap_or(u64::MAX));
                inner.queue.dismiss(calls);
            }
        });
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed.is_some()
    }

    /// Whether it is as new.
    pub(crate) fn is_at_rest(&self) -> bool {
        let inner = self.lock();
        inner.is_idle() && inner.closed.is_none()
    }

    pub(crate) fn in_use(&self) -> u32 {
        self.lock().in_use
    }

    pub(crate) fn waiting(&self) -> u32 {
        self.lock().waiting()
    }

    /// Whether there was an idle moment since the ticket was taken, or is one now.
    pub(crate) fn poll_idle(&self, ticket: &mut Option<Ticket>, waker: Waker) -> Poll<()> {
        self.change(|inner, calls| {
            match ticket {
                Some(ticket) if inner.watchers.has(ticket) => inner.watchers.stay(ticket, waker, calls),
                None if !inner.is_idle() => *ticket = Some(inner.watchers.join(waker)),
                _ => {
                    calls.discard(waker);
                    *ticket = None;
                    return Poll::Ready(());
                }
            }
            Poll::Pending
        })
    }

    pub(crate) fn leave_idle(&self, ticket: Option<Ticket>) {
        if let Some(ticket) = ticket {
            self.change(|inner, calls| inner.watchers.leave(ticket, calls));
        }
    }

    /// Every change but the most frequent ones.
    fn change<T>(&self, change: impl FnOnce(&mut Inner, &mut Calls) -> T) -> T {
        // Before the lock is taken, so that what is in it is called when the lock has been released.
        let mut calls = Calls::default();
        let mut inner = self.lock();
        let result = change(&mut inner, &mut calls);
        if inner.is_idle() {
            inner.watchers.dismiss(&mut calls);
        }
        result
    }

    #[inline(always)]
    fn lock(&self) -> MutexGuard<'_, Inner> {
        // No code of the user's runs under the lock, and a change is made whole or not at all.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn waits<P>(time: Option<Duration>) -> Answer<P> {
    Answer::Waits(Waiting { cause: "no place is free", time }, time)
}
