//! The probes of a half-open circuit: who is one, and what comes of how they end.

use std::time::Instant;

use super::{Phase, State};
use crate::blocks::circuit::answers::Transition;
use crate::blocks::circuit::permit::Permit;
use crate::blocks::circuit::probing::{Interlude, Probing};

impl State {
    pub(crate) fn is_half_open(&self) -> bool {
        matches!(self.phase, Phase::HalfOpen(_))
    }

    /// Whether a half-open circuit has a slot for another probe, leases that have expired in the meantime aside.
    pub(crate) fn has_slot(&self) -> bool {
        matches!(&self.phase, Phase::HalfOpen(probing) if probing.has_slot(&self.config))
    }

    /// A probe succeeded, or ended with an error that is ignored.
    pub(crate) fn succeed_probe(&mut self, permit: Permit, now: Instant) -> Option<Transition> {
        let close_after = self.config.close_after;
        if let Some(probing) = self.end(permit, now) {
            probing.successes += 1;
            if probing.successes >= close_after {
                self.close();
            }
        }
        self.report(false)
    }

    /// A probe was dropped, because a sibling was turned away or for another reason: its slot is free again.
    pub(crate) fn cancel_probe(
        &mut self,
        permit: Permit,
        sibling_turned_away: bool,
        now: Instant,
    ) -> Option<Transition> {
        if let Phase::HalfOpen(probing) = &mut self.phase
            && let Some(lease) = probing.take(permit)
        {
            self.lose(1, !sibling_turned_away, lease.not_before(now));
        }
        self.report(false)
    }

    /// A run was dropped before its body began, as if it had not been admitted.
    pub(crate) fn give_back(&mut self, permit: Permit) {
        if let Phase::HalfOpen(probing) = &mut self.phase {
            probing.take(permit);
        }
    }

    /// Whether a permit is that of a probe whose lease has not been ended or given to another.
    pub(super) fn is_probe(&self, permit: Permit) -> bool {
        matches!(&self.phase, Phase::HalfOpen(probing) if probing.permits().any(|probe| probe == permit))
    }

    /// A lease for a probe, in the slot there is.
    pub(super) fn lease(&mut self, now: Instant) -> Permit {
        let Phase::HalfOpen(probing) = &mut self.phase else {
            unreachable!("only a half-open circuit has probes")
        };
        self.last_lease += 1;
        probing.lease(Permit::probe(self.last_lease), now)
    }

    /// Ends the lease of a probe that reports. `None` if it is too late to count.
    pub(super) fn end(&mut self, permit: Permit, now: Instant) -> Option<&mut Probing> {
        let Phase::HalfOpen(probing) = &mut self.phase else { return None };
        if probing.take(permit)?.is_over(now, &self.config) {
            self.lose(1, true, now);
            return None;
        }
        self.lost.end_row();
        match &mut self.phase {
            Phase::HalfOpen(probing) => Some(probing),
            _ => unreachable!("it was half-open just now"),
        }
    }

    /// Ends what is over of a half-open circuit: leases, and its rest.
    pub(super) fn expire(&mut self, now: Instant) {
        if let Phase::HalfOpen(probing) = &mut self.phase {
            let expired = probing.expire(now, &self.config);
            self.lose(expired, true, now);
        }
    }

    /// Probes ended without a verdict: whether someone gave up on them, or only their siblings were turned away.
    fn lose(&mut self, probes: usize, given_up: bool, now: Instant) {
        match (self.lost.add(probes, given_up), &mut self.phase) {
            (Some(Interlude::Rests), Phase::HalfOpen(probing)) => probing.rest(now),
            (Some(_), _) => self.enter(Phase::Open { since: now }),
            (None, _) => {}
        }
    }
}
