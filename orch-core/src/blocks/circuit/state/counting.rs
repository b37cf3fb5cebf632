//! How runs that ended are counted, and when that opens the circuit: by failures in a row, and by their share.

use std::time::Instant;

use super::{Phase, State};
use crate::blocks::circuit::answers::{Look, Transition};
use crate::blocks::circuit::config::Config;
use crate::blocks::circuit::permit::Permit;
use crate::error::LastFailure;

impl State {
    /// Consecutive failures. Once the circuit is open, those that led there, each failed probe adding one; closing
    /// sets it to zero.
    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    /// The share of failures in the window, if something is in it.
    pub(crate) fn failure_rate(&self, now: Instant) -> Option<f64> {
        self.recent.as_ref()?.tally(now).rate()
    }

    /// Whether every run of the closed circuit is recorded.
    pub(crate) fn records_all(&self) -> bool {
        self.recent.is_some()
    }

    /// A run of a closed circuit succeeded, or ended with an error that is ignored. First step: without the time, unless that is
    /// needed.
    pub(crate) fn succeed(&mut self, permit: Permit) -> Look {
        if self.recent.is_none() {
            if self.is_closed_for(permit) {
                self.failures = 0;
            }
        } else if !self.succeed_within(permit) && self.is_closed_for(permit) {
            return Look::Decides;
        }
        Look::Settled(self.report(false))
    }

    /// A run of a closed circuit with a window of runs succeeded. False, and nothing done, if that is not what it is, or may open
    /// the circuit. Nobody has to be told of it otherwise.
    pub(crate) fn succeed_within(&mut self, permit: Permit) -> bool {
        let is_closed = self.is_closed_for(permit);
        let (Some(recent), Some(rate)) = (&mut self.recent, &self.config.rate) else { return false };
        let is_recorded = is_closed && recent.record_unless(false, |tally| rate.is_reached(tally));
        if is_recorded {
            self.failures = 0;
        }
        is_recorded
    }

    /// Second step: open the circuit, if this success still makes its failures so many.
    pub(crate) fn succeed_at(&mut self, permit: Permit, now: Instant) -> Option<Transition> {
        let counts = self.is_closed_for(permit);
        if counts {
            self.failures = 0;
        }
        let opens = counts && self.is_rate_reached(false, now);
        if opens {
            self.decide(Phase::Open { since: now });
        }
        self.report(opens).map(|transition| Transition { by_rate: opens, ..transition })
    }

    /// A run failed, first step: count it, unless it may open the circuit. Apart from [`fail_at`](Self::fail_at) so that the
    /// failure is described, which runs foreign code, outside the lock around this.
    pub(crate) fn fail(&mut self, permit: Permit) -> Look {
        if self.is_closed_for(permit) {
            if self.recent.is_some() || self.is_count_reached() {
                return Look::Decides;
            }
            self.failures += 1;
        } else if self.is_probe(permit) {
            return Look::Decides;
        }
        Look::Settled(self.report(false))
    }

    /// A run failed, second step: open the circuit, if this failure still does.
    pub(crate) fn fail_at(&mut self, permit: Permit, now: Instant, text: LastFailure) -> Option<Transition> {
        if let Look::Settled(transition) = self.fail(permit) {
            return transition;
        }
        if permit.is_probe() && self.end(permit, now).is_none() {
            return self.report(false);
        }
        // Both look at every failure.
        let (by_rate, by_count) = (self.is_rate_reached(true, now), self.is_count_reached());
        self.failures = self.failures.saturating_add(1);
        self.last_failure = Some(text);
        let opens = permit.is_probe() || by_rate || by_count;
        if opens {
            self.decide(Phase::Open { since: now });
        }
        let by_rate = by_rate && !by_count;
        self.report(opens).map(|transition| Transition { by_rate, ..transition })
    }

    /// Whether one failure more in a row is one too many.
    fn is_count_reached(&self) -> bool {
        let fail_max = self.config.fail_max;
        fail_max != Config::NO_COUNT && self.failures.saturating_add(1) >= fail_max
    }

    /// Records a run of a closed circuit, and judges it.
    fn is_rate_reached(&mut self, failed: bool, now: Instant) -> bool {
        match (&mut self.recent, &self.config.rate, &self.phase) {
            (Some(recent), Some(rate), Phase::Closed) => rate.is_reached(recent.record(failed, now)),
            _ => false,
        }
    }

    fn is_closed_for(&self, permit: Permit) -> bool {
        matches!(self.phase, Phase::Closed) && permit == Permit::closed(self.generation)
    }
}
