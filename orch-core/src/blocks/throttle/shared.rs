//! A token bucket and those who wait at it, for many runs at once.

use std::convert::Infallible;
use std::sync::PoisonError;
use std::task::Waker;
use std::time::{Duration, Instant};

use super::bucket::{Bucket, Rate};
use crate::blocks::gatekeepers::{Answer, Calls, Place, Queue, Waiting};
use crate::error::ErrorKind;
use crate::sync::{Mutex, MutexGuard};

/// The options of a limiter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Config {
    pub(crate) rate: Rate,
    pub(crate) max_wait: Option<Duration>,
}

/// See the module.
///
/// The turn is the first place of the queue. Only who has it knows when the tokens for it are there, and sleeps until then; the
/// others are called when they come to stand there. Nothing is taken before the turn has come, so there is nothing to give back
/// by who leaves, and who comes after it is only earlier.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: Config,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    bucket: Bucket,
    queue: Queue,
    /// How many tokens all in the queue ask for.
    asked: u64,
}

impl Inner {
    /// Takes the tokens, if they are there and nobody waits for them.
    #[inline(always)]
    fn take(&mut self, cost: u32, now: Instant) -> bool {
        self.queue.is_empty() && self.bucket.take(cost, now)
    }

    /// Why a run that comes now cannot wait.
    fn refuse(&mut self, config: &Config, cost: u32, now: Instant) -> Option<ErrorKind<Infallible>> {
        let Config { rate: Rate { burst, .. }, max_wait } = *config;
        if cost > burst {
            let why = format!("is {cost}, more than the `burst` of the throttle, which is {burst}");
            return Some(ErrorKind::invalid_option("cost", &why));
        }
        let time = self.bucket.time_to(self.asked, cost, now);
        max_wait.is_some_and(|max_wait| time > max_wait).then_some(ErrorKind::Throttled { retry_after: time })
    }
}

impl Shared {
    pub(crate) fn new(config: Config) -> Self {
        let inner = Inner { bucket: Bucket::new(config.rate), queue: Queue::default(), asked: 0 };
        Shared { config, inner: Mutex::new(inner) }
    }

    /// Whether a run that comes now has its tokens.
    #[inline]
    pub(crate) fn take(&self, cost: u32, now: Instant) -> bool {
        self.lock().take(cost, now)
    }

    pub(crate) fn refuse(&self, cost: u32, now: Instant) -> Option<ErrorKind<Infallible>> {
        self.lock().refuse(&self.config, cost, now)
    }

    /// The answer to a run that waits.
    pub(crate) fn wait(
        &self,
        cost: u32,
        place: &mut Option<Place>,
        now: Instant,
        waker: Waker,
    ) -> Answer<()> {
        self.change(|inner, calls| {
            // Who was sent away by a pause comes anew.
            let Some(Place { ticket, .. }) = place.as_ref().filter(|place| inner.queue.has(&place.ticket))
            else {
                *place = None;
                let refused = if inner.take(cost, now) {
                    Some(Answer::Admitted(()))
                } else {
                    inner.refuse(&self.config, cost, now).map(Answer::Rejected)
                };
                if let Some(answer) = refused {
                    calls.discard(waker);
                    return answer;
                }
                let time = inner.bucket.time_to(inner.asked, cost, now);
                let is_first = inner.queue.is_empty();
                inner.asked += u64::from(cost);
                *place = Some(Place { ticket: inner.queue.join(waker), since: now });
                return waits(time, is_first);
            };
            let is_first = inner.queue.is_first(ticket);
            if is_first && inner.bucket.take(cost, now) {
                calls.discard(waker);
                inner.leave(cost, place, calls);
                return Answer::Admitted(());
            }
            let time = inner.bucket.time_to(0, cost, now);
            inner.queue.stay(ticket, waker, calls);
            waits(time, is_first)
        })
    }

    /// Who waited gives up.
    pub(crate) fn leave(&self, cost: u32, place: &mut Option<Place>) {
        if place.is_some() {
            self.change(|inner, calls| inner.leave(cost, place, calls));
        }
    }

    // ----- the handle -----

    /// Nothing begins for so long. Who would wait for longer than `max_wait` for that alone, waits no longer.
    pub(crate) fn pause(&self, time: Duration, now: Instant) {
        let too_long = self.config.max_wait.is_some_and(|max_wait| time > max_wait);
        self.change(|inner, calls| {
            inner.bucket.pause(time, now);
            if too_long {
                inner.asked = 0;
                inner.queue.dismiss(calls);
            }
        });
    }

    pub(crate) fn available(&self, now: Instant) -> u32 {
        let mut inner = self.lock();
        let asked = u32::try_from(inner.asked).unwrap_or(u32::MAX);
        inner.bucket.available(now).saturating_sub(asked)
    }

    pub(crate) fn waiting(&self) -> u32 {
        u32::try_from(self.lock().queue.len()).unwrap_or(u32::MAX)
    }

    fn change<T>(&self, change: impl FnOnce(&mut Inner, &mut Calls) -> T) -> T {
        // Before the lock is taken, so that what is in it is called when the lock has been released.
        let mut calls = Calls::default();
        change(&mut self.lock(), &mut calls)
    }

    #[inline(always)]
    fn lock(&self) -> MutexGuard<'_, Inner> {
        // No code of the user's runs under the lock, and a change is made whole or not at all.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Who waited does so no longer. If it stood first, the next one is to know its moment.
    fn leave(&mut self, cost: u32, place: &mut Option<Place>, calls: &mut Calls) {
        let Some(Place { ticket, .. }) = place.take() else { return };
        if !self.queue.has(&ticket) {
            return;
        }
        let was_first = self.queue.is_first(&ticket);
        self.asked -= u64::from(cost);
        self.queue.leave(ticket, calls);
        if was_first {
            self.queue.call(calls);
        }
    }
}

fn waits(time: Duration, is_first: bool) -> Answer<()> {
    let waiting = Waiting { cause: "no token is left", time: Some(time) };
    // Who does not stand first is called when it does.
    Answer::Waits(waiting, is_first.then_some(time))
}
