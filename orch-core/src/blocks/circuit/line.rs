//! Those who wait for the probes of a half-open circuit.

use std::task::Waker;
use std::time::{Duration, Instant};

use super::probing::time_left;
use super::state::State;
use crate::blocks::gatekeepers::{Calls, Queue, Ticket};

/// A queue for the slots of a half-open circuit, which is empty in every other state.
///
/// Who stands first and is called has `reset_timeout` to take its slot, as a probe has to report. It may never be polled
/// again: nobody says that a future that is kept is polled.
#[derive(Debug, Default)]
pub(crate) struct Line {
    queue: Queue,
    /// Whom a slot was seen to wait for, and since when.
    idle: Option<(u64, Instant)>,
}

impl Line {
    /// Whether others are to have a slot before who has this place, or none yet.
    pub(crate) fn is_ahead_of(
        &mut self,
        place: Option<&Ticket>,
        state: &State,
        now: Instant,
        calls: &mut Calls,
    ) -> bool {
        loop {
            let Some(first) = self.queue.first() else { return false };
            if place.is_some_and(|place| self.queue.is_first(place)) {
                return false;
            }
            if !state.has_slot() || !self.time_to_take(first, state, now).is_zero() {
                return true;
            }
            self.queue.dismiss_first(calls);
        }
    }

    /// Who looks has to wait, for at most this time. It has a place then, and knows when to look again.
    pub(crate) fn wait(
        &mut self,
        place: &mut Option<Ticket>,
        waker: Waker,
        time: Duration,
        state: &State,
        now: Instant,
        calls: &mut Calls,
    ) -> Duration {
        match place {
            Some(ticket) if self.queue.has(ticket) => self.queue.stay(ticket, waker, calls),
            _ => *place = Some(self.queue.join(waker)),
        }
        match self.queue.first() {
            Some(first) if state.has_slot() => self.time_to_take(first, state, now),
            _ => time,
        }
    }

    /// Who waited is let through, or gives up.
    pub(crate) fn leave(&mut self, place: &mut Option<Ticket>, calls: &mut Calls) {
        if let Some(ticket) = place.take() {
            self.queue.leave(ticket, calls);
        }
    }

    /// After a change: calls the first if there is a slot for it, and all if it is no longer probes that decide.
    pub(crate) fn tell(&mut self, state: &State, calls: &mut Calls) {
        if state.has_slot() {
            self.queue.call(calls);
        } else if !state.is_half_open() {
            self.queue.dismiss(calls);
        }
    }

    /// How long the first still has to take the slot that waits for it.
    fn time_to_take(&mut self, first: u64, state: &State, now: Instant) -> Duration {
        let (_, since) = *match &mut self.idle {
            Some(idle) if idle.0 == first => idle,
            idle => idle.insert((first, now)),
        };
        time_left(since, now, state.config().reset_timeout)
    }
}
