//! A half-open circuit: which runs probe, and which have been lost.

use std::time::{Duration, Instant};

use super::config::Config;
use super::permit::Permit;

/// The bookkeeping of a half-open circuit.
#[derive(Debug, Default)]
pub(super) struct Probing {
    pub(super) leases: Vec<Lease>,
    pub(super) successes: u32,
    /// Since when there are no probes, for `reset_timeout`, as in an open circuit. But here runs wait.
    pub(super) rests: Option<Instant>,
}

/// A probe has its slot for `reset_timeout`.
#[derive(Debug)]
pub(super) struct Lease {
    pub(super) probe: Permit,
    pub(super) since: Instant,
}

impl Probing {
    pub(super) fn permits(&self) -> impl Iterator<Item = Permit> {
        self.leases.iter().map(|lease| lease.probe)
    }

    /// Whether there is one for another probe, leases that have expired in the meantime aside.
    pub(super) fn has_slot(&self, config: &Config) -> bool {
        self.rests.is_none() && self.leases.len() < config.probes as usize
    }

    /// The time until a lease or the rest is over; zero when a slot is free.
    pub(super) fn time_to_slot(&self, now: Instant, config: &Config) -> Duration {
        if self.has_slot(config) {
            return Duration::ZERO;
        }
        let since = self.rests.or_else(|| self.leases.iter().map(|lease| lease.since).min());
        since.map_or(Duration::ZERO, |since| time_left(since, now, config.reset_timeout))
    }

    pub(super) fn lease(&mut self, probe: Permit, now: Instant) -> Permit {
        self.leases.push(Lease { probe, since: now });
        probe
    }

    /// Ends a lease, unless it has been ended.
    pub(super) fn take(&mut self, permit: Permit) -> Option<Lease> {
        let index = self.leases.iter().position(|lease| lease.probe == permit)?;
        Some(self.leases.swap_remove(index))
    }

    /// Ends what is over by now, and says how many leases are.
    pub(super) fn expire(&mut self, now: Instant, config: &Config) -> usize {
        self.rests = self.rests.filter(|since| !time_left(*since, now, config.reset_timeout).is_zero());
        let before = self.leases.len();
        self.leases.retain(|lease| !lease.is_over(now, config));
        before - self.leases.len()
    }

    pub(super) fn rest(&mut self, now: Instant) {
        self.rests = Some(now);
    }
}

impl Lease {
    /// A time that may have been read outside of the runtime, where the probe was dropped, and there another clock goes.
    pub(super) fn not_before(&self, now: Instant) -> Instant {
        now.max(self.since)
    }

    pub(super) fn is_over(&self, now: Instant, config: &Config) -> bool {
        time_left(self.since, now, config.reset_timeout).is_zero()
    }
}

/// So many probes in a row may be lost.
const LOST_MAX: usize = 3;

/// The probes that ended without a verdict, since there was one.
///
/// A probe is lost because its sibling was turned away, and a block that fails fast cancels the others: so from the third on
/// runs wait for the probe, and none of them is turned away. Or it is lost because its caller gave up on a service that
/// hangs: so the service is left alone for a while.
#[derive(Debug, Default)]
pub(super) struct Lost {
    pub(super) in_a_row: usize,
    /// Whether someone gave up on one of these.
    pub(super) given_up: bool,
    pub(super) patient: bool,
}

/// What follows when too many have been lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interlude {
    /// The circuit is open.
    Opens,
    /// There are no probes, as in an open circuit, but runs wait.
    ///
    /// If nobody gave up on the probes, circuits beside this one have turned runs away. Should it do the same, it takes the
    /// probes of those others as they took its own: then they take turns at that, and none of them ever closes.
    Rests,
}

impl Lost {
    /// Whether runs wait for the probe.
    pub(super) fn is_patient(&self) -> bool {
        self.patient
    }

    pub(super) fn add(&mut self, probes: usize, given_up: bool) -> Option<Interlude> {
        self.in_a_row += probes;
        self.given_up |= given_up && probes > 0;
        if self.in_a_row < LOST_MAX {
            return None;
        }
        let opens = self.given_up || !self.patient;
        self.patient = true;
        self.end_row();
        Some(if opens { Interlude::Opens } else { Interlude::Rests })
    }

    /// A probe reported in time.
    pub(super) fn end_row(&mut self) {
        self.in_a_row = 0;
        self.given_up = false;
    }
}

/// What is left at `now` of a `period` that began at `since`: from its exact end on, nothing. By subtraction, since the
/// end itself may lie beyond what an `Instant` can hold; and a clock reading from before `since`, taken by another thread
/// just before the change, leaves the whole period.
pub(super) fn time_left(since: Instant, now: Instant, period: Duration) -> Duration {
    period.saturating_sub(now.saturating_duration_since(since))
}
