//! An open circuit: how long it is, and what it says to a run.

use std::time::{Duration, Instant};

use super::{Phase, State};
use crate::blocks::circuit::answers::Rejection;
use crate::blocks::circuit::probing::time_left;

impl State {
    /// The times that it stays open, the first in front, in place of the one that is always the same.
    pub(crate) fn with_reset_timeouts(mut self, times: Box<[Duration]>) -> Self {
        if let [first, _, ..] = &*times {
            self.config.reset_timeout = *first;
            self.reset_timeouts = times;
        }
        self
    }

    /// The rejection by an open circuit of a run that arrives `now`, if that is all there is to it: nothing to change,
    /// nothing to report.
    #[inline]
    pub(crate) fn rejection(&self, now: Instant) -> Option<Rejection> {
        match self.phase {
            Phase::Open { since } if !self.has_unreported() => self.open_for(since, now),
            _ => None,
        }
    }

    /// The rejection by a circuit that is open since then, while it is.
    pub(super) fn open_for(&self, since: Instant, now: Instant) -> Option<Rejection> {
        let retry_after = time_left(since, now, self.config.reset_timeout);
        (!retry_after.is_zero()).then(|| Rejection { retry_after, last_failure: self.last_failure.clone() })
    }

    /// How long the circuit is open, if it is from here on.
    pub(super) fn time(&mut self, phase: &Phase) {
        match (phase, &self.phase) {
            (Phase::Closed, _) => self.opened = 0,
            (Phase::Open { .. }, Phase::Open { .. }) => return,
            (Phase::Open { .. }, _) => self.opened += 1,
            _ => return,
        }
        let place = self.opened.saturating_sub(1).min(self.reset_timeouts.len() - 1);
        self.config.reset_timeout = self.reset_timeouts[place];
    }
}
