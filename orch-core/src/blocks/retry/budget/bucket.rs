//! The tokens.

use std::sync::PoisonError;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use crate::sync::{AtomicU64, Mutex};

/// A token, in the parts that are counted: as many as a second has nanoseconds, so that what a nanosecond adds is a whole
/// number of them.
pub(super) const TOKEN: u64 = 1_000_000_000;

/// What the tokens of a bucket are ruled by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rates {
    /// The parts of a token that a first attempt adds.
    pub(super) ratio: u64,
    /// The tokens that a second adds.
    pub(super) min_per_second: u32,
    /// The tokens that there are at most.
    pub(super) capacity: u32,
}

impl Rates {
    fn most(&self) -> u64 {
        u64::from(self.capacity) * TOKEN
    }
}

/// Tokens that threads add and take.
///
/// They are one atomic number, and each change of it is one step. It stands on no other value, so no order is asked for. As long
/// as the bucket is full, which it is while nothing fails, adding to it is a load.
#[derive(Debug)]
pub(super) struct Bucket {
    rates: Rates,
    parts: AtomicU64,
    /// Up to when time has added what it adds. Only who takes needs to know.
    counted: Mutex<Option<Instant>>,
}

impl Bucket {
    /// A full one.
    pub(super) fn new(rates: Rates) -> Self {
        Bucket { rates, parts: AtomicU64::new(rates.most()), counted: Mutex::new(None) }
    }

    pub(super) fn rates(&self) -> Rates {
        self.rates
    }

    /// There was a first attempt.
    #[inline]
    pub(super) fn deposit(&self) {
        self.add(self.rates.ratio);
    }

    /// A token was taken, and is not needed.
    pub(super) fn give_back(&self) {
        self.add(TOKEN);
    }

    /// Takes a token, if there is one at the time `now`.
    pub(super) fn take(&self, now: Instant) -> bool {
        let earned = self.earned(now);
        let mut taken = false;
        self.change(|parts| {
            let parts = self.with(parts, earned);
            taken = parts >= TOKEN;
            if taken { parts - TOKEN } else { parts }
        });
        taken
    }

    /// The whole tokens that there are at the time `now`.
    pub(super) fn tokens(&self, now: Instant) -> u32 {
        let earned = self.earned(now);
        let mut parts = 0;
        self.change(|before| {
            parts = self.with(before, earned);
            parts
        });
        // There are no more than `capacity`.
        (parts / TOKEN) as u32
    }

    fn add(&self, more: u64) {
        self.change(|parts| self.with(parts, more));
    }

    fn with(&self, parts: u64, more: u64) -> u64 {
        parts.saturating_add(more).min(self.rates.most())
    }

    /// Changes the number in one step.
    #[inline]
    fn change(&self, mut next: impl FnMut(u64) -> u64) {
        let mut parts = self.parts.load(Relaxed);
        loop {
            let changed = next(parts);
            if changed == parts {
                return;
            }
            match self.parts.compare_exchange(parts, changed, Relaxed, Relaxed) {
                Ok(_) => return,
                Err(found) => parts = found,
            }
        }
    }

    /// What time has added since it was last asked. Clocks may differ, as runs have theirs from their runtimes: what one says
    /// that is before the latest time that was seen adds nothing.
    fn earned(&self, now: Instant) -> u64 {
        let passed = {
            let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
            match *counted {
                Some(before) if now <= before => Duration::ZERO,
                before => {
                    *counted = Some(now);
                    before.map_or(Duration::ZERO, |before| now.saturating_duration_since(before))
                }
            }
        };
        let earned = passed.as_nanos().saturating_mul(u128::from(self.rates.min_per_second));
        u64::try_from(earned).unwrap_or(u64::MAX)
    }
}
