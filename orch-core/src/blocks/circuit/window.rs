//! What came of the latest runs of a closed circuit: of so many, or of so much time.

use std::time::{Duration, Instant};

use super::rate::Window;

/// How many runs, and how many of them failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) runs: u64,
    pub(super) failures: u64,
}

impl Tally {
    /// Nothing of nothing. By division, which is to the nearest: 7 of 100 are what `0.07` is, and 0.07 times 100 is above 7.
    #[allow(clippy::cast_precision_loss, reason = "nobody waits for 2^53 runs")]
    pub(super) fn rate(self) -> Option<f64> {
        (self.runs > 0).then(|| self.failures as f64 / self.runs as f64)
    }

    fn add(&mut self, failed: bool) {
        self.runs += 1;
        self.failures += u64::from(failed);
    }

    fn remove(&mut self, other: Tally) {
        self.runs -= other.runs;
        self.failures -= other.failures;
    }
}

/// The runs in a window.
#[derive(Debug)]
pub(super) enum Recent {
    Runs(Ring),
    Time(Buckets),
}

impl Recent {
    pub(super) fn new(window: Window) -> Self {
        match window {
            Window::Calls(size) => Recent::Runs(Ring::new(size)),
            Window::Time(time) => Recent::Time(Buckets::new(time)),
        }
    }

    /// Counts a run of a window of runs, unless something speaks against what the window would hold then.
    pub(super) fn record_unless(&mut self, failed: bool, is_refused: impl FnOnce(Tally) -> bool) -> bool {
        let Recent::Runs(ring) = self else { return false };
        let after = ring.after(failed);
        let is_recorded = !is_refused(after);
        if is_recorded {
            ring.push(failed, after);
        }
        is_recorded
    }

    /// Counts a run that ended `now`, and says what the window holds then.
    pub(super) fn record(&mut self, failed: bool, now: Instant) -> Tally {
        match self {
            Recent::Runs(ring) => {
                ring.push(failed, ring.after(failed));
                ring.tally
            }
            Recent::Time(buckets) => buckets.record(failed, now),
        }
    }

    /// What the window holds at that time.
    pub(super) fn tally(&self, now: Instant) -> Tally {
        match self {
            Recent::Runs(ring) => ring.tally,
            Recent::Time(buckets) => buckets.tally(now),
        }
    }

    pub(super) fn clear(&mut self) {
        match self {
            Recent::Runs(ring) => (ring.tally, ring.next) = (Tally::default(), 0),
            Recent::Time(buckets) => *buckets = Buckets { width: buckets.width, ..Buckets::EMPTY },
        }
    }
}

/// The latest runs: a bit for each, which says whether it failed. A window of *n* runs takes *n* / 8 bytes, all of them from the
/// start, so that no run allocates.
#[derive(Debug)]
pub(super) struct Ring {
    pub(super) failed: Box<[u64]>,
    pub(super) size: u32,
    /// The place of the next run, and once the ring is full of the oldest.
    pub(super) next: u32,
    pub(super) tally: Tally,
}

impl Ring {
    fn new(size: u32) -> Self {
        let words = size.div_ceil(u64::BITS) as usize;
        Self { failed: vec![0; words].into_boxed_slice(), size, next: 0, tally: Tally::default() }
    }

    /// The word of the next run, and its bit there.
    fn place(&self) -> (usize, u64) {
        ((self.next / u64::BITS) as usize, 1 << (self.next % u64::BITS))
    }

    fn after(&self, failed: bool) -> Tally {
        let mut tally = self.tally;
        if tally.runs == u64::from(self.size) {
            let (word, bit) = self.place();
            tally.remove(Tally { runs: 1, failures: u64::from(self.failed[word] & bit != 0) });
        }
        tally.add(failed);
        tally
    }

    /// One more run, after which the tally is this.
    fn push(&mut self, failed: bool, tally: Tally) {
        self.tally = tally;
        let (word, bit) = self.place();
        if failed {
            self.failed[word] |= bit;
        } else {
            self.failed[word] &= !bit;
        }
        self.next = if self.next + 1 == self.size { 0 } else { self.next + 1 };
    }
}

/// How many buckets there are in a window of time: when one ends, a tenth of the window is forgotten.
const BUCKETS: usize = 10;

/// The runs of the latest time, in buckets of a tenth of it: the one that is being filled, and the nine before. So a run counts for
/// nine tenths of the window at least, and never for longer than it.
#[derive(Debug)]
pub(super) struct Buckets {
    /// How long a bucket is, in nanoseconds.
    pub(super) width: u64,
    /// When the first bucket began: with the first run.
    pub(super) origin: Option<Instant>,
    /// The number of the one that is being filled, from the first on; it is at this number modulo [`BUCKETS`].
    pub(super) latest: u64,
    pub(super) buckets: [Tally; BUCKETS],
    /// All of them together.
    pub(super) tally: Tally,
}

impl Buckets {
    const EMPTY: Self = Self {
        width: 1,
        origin: None,
        latest: 0,
        buckets: [Tally { runs: 0, failures: 0 }; BUCKETS],
        tally: Tally { runs: 0, failures: 0 },
    };

    fn new(window: Duration) -> Self {
        let width = u64::try_from(window.as_nanos() / BUCKETS as u128).unwrap_or(u64::MAX).max(1);
        Self { width, ..Self::EMPTY }
    }

    /// The number of the bucket of that time. Where two clocks are mixed, it may lie before the latest: what belongs there is
    /// counted in the latest.
    fn number(&self, now: Instant) -> u64 {
        let since = self.origin.map_or(Duration::ZERO, |origin| now.saturating_duration_since(origin));
        (u64::try_from(since.as_nanos()).unwrap_or(u64::MAX) / self.width).max(self.latest)
    }

    /// The places of the buckets that are over when that one is filled.
    fn passed(&self, number: u64) -> impl Iterator<Item = usize> + use<> {
        let passed = (number - self.latest).min(BUCKETS as u64);
        (number - passed..number).map(|before| Self::place(before + 1))
    }

    fn place(number: u64) -> usize {
        (number % BUCKETS as u64) as usize
    }

    fn record(&mut self, failed: bool, now: Instant) -> Tally {
        let number = self.number(now);
        self.origin.get_or_insert(now);
        for over in self.passed(number) {
            self.tally.remove(std::mem::take(&mut self.buckets[over]));
        }
        self.latest = number;
        self.buckets[Self::place(number)].add(failed);
        self.tally.add(failed);
        self.tally
    }

    fn tally(&self, now: Instant) -> Tally {
        let number = self.number(now);
        let mut tally = self.tally;
        for over in self.passed(number) {
            tally.remove(self.buckets[over]);
        }
        tally
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_secs(10);

    #[test]
    fn a_ring_forgets_the_oldest() {
        let mut ring = Ring::new(65);
        for n in 0..1_000_u64 {
            let failed = n.is_multiple_of(3);
            ring.push(failed, ring.after(failed));
            let first = (n + 1).saturating_sub(65);
            let failures = (first..=n).filter(|n| n.is_multiple_of(3)).count() as u64;
            assert_eq!(ring.tally, Tally { runs: n + 1 - first, failures }, "{n}");
        }
    }

    #[test]
    fn rates_are_exact() {
        for runs in 1..=1_000_u64 {
            for failures in 0..=runs {
                if let 100 = runs {
                    let written: f64 = format!("{failures}e-2").parse().unwrap();
                    assert!(
                        Tally { runs, failures }.rate().is_some_and(|rate| rate >= written),
                        "{failures}"
                    );
                }
                assert!(Tally { runs, failures }.rate().is_some_and(|rate| (0.0..=1.0).contains(&rate)));
            }
        }
        assert_eq!(Tally::default().rate(), None);
    }

    #[test]
    fn a_run_counts_for_nine_tenths_of_the_window_and_never_longer_than_it() {
        let start = Instant::now();
        for offset in (0..1_000).map(Duration::from_millis) {
            let mut buckets = Buckets::new(WINDOW);
            buckets.record(false, start);
            buckets.record(true, start + offset);
            let failures = |after| buckets.tally(start + offset + after).failures;
            assert_eq!(failures(WINDOW.mul_f64(0.9)), 1, "{offset:?}");
            assert_eq!(failures(WINDOW), 0, "{offset:?}");
        }
    }

    #[test]
    fn a_window_that_was_cleared_is_as_new() {
        let start = Instant::now();
        for window in [Window::Calls(2), Window::Time(WINDOW)] {
            let (mut recent, mut new) = (Recent::new(window), Recent::new(window));
            recent.record(true, start);
            recent.clear();
            assert_eq!(recent.tally(start), Tally::default(), "{window:?}");
            for (failed, after) in [(true, 0.0), (false, 0.5), (true, 0.8), (false, 1.1), (false, 3.0)] {
                let now = start + WINDOW.mul_f64(after);
                assert_eq!(recent.record(failed, now), new.record(failed, now), "{window:?} {after}");
            }
        }
    }

    #[test]
    fn two_clocks_do_not_panic() {
        let now = Instant::now();
        let later = now + Duration::from_secs(1 << 40);
        let mut buckets = Buckets::new(WINDOW);
        buckets.record(true, now + WINDOW);
        assert_eq!(buckets.record(true, now), Tally { runs: 2, failures: 2 });
        assert_eq!(buckets.record(true, later), Tally { runs: 1, failures: 1 });
        assert_eq!(buckets.record(false, now), Tally { runs: 2, failures: 1 });
        assert_eq!(buckets.tally(now), Tally { runs: 2, failures: 1 });
        for window in [Duration::from_nanos(1), Duration::MAX] {
            let mut buckets = Buckets::new(window);
            buckets.record(true, now);
            buckets.record(true, later);
            buckets.tally(later);
        }
    }
}
