//! The time of a run, in one word.

use std::time::Duration;

/// How long a run had been going on.
///
/// Seconds in the upper bits, nanoseconds in the thirty below them. So it is compared and stored as the one word it is, and to take it
/// apart for an event is no division. The seconds stop at 2^34, some five hundred years.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Time(u64);

/// A thousand million nanoseconds fit.
const NANOS: u32 = 30;
const MASK: u64 = (1 << NANOS) - 1;

impl Time {
    #[inline]
    pub(super) fn of(duration: Duration) -> Self {
        let secs = duration.as_secs().min(u64::MAX >> NANOS);
        Time(secs << NANOS | u64::from(duration.subsec_nanos()))
    }

    #[inline]
    pub(super) fn duration(self) -> Duration {
        Duration::new(self.0 >> NANOS, (self.0 & MASK) as u32)
    }

    /// What has passed since `earlier`.
    #[inline]
    pub(super) fn since(self, earlier: Time) -> Duration {
        let (nanos, before) = (self.0 & MASK, earlier.0 & MASK);
        let between = self.0.saturating_sub(earlier.0);
        // What is taken from a second is less than the bits hold.
        let between = if nanos < before { between.saturating_sub(MASK + 1 - 1_000_000_000) } else { between };
        Time(between).duration()
    }

    /// As a number, to be kept in an atomic.
    #[inline]
    pub(super) fn bits(self) -> u64 {
        self.0
    }

    /// Of what [`bits`](Time::bits) gave.
    #[inline]
    pub(super) fn from_bits(bits: u64) -> Self {
        Time(bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_time_is_lost() {
        for (secs, nanos) in
            [(0, 0), (0, 1), (0, 999_999_999), (1, 0), (86_400, 123_456_789), ((1 << 34) - 1, 999_999_999)]
        {
            let duration = Duration::new(secs, nanos);
            assert_eq!(Time::of(duration).duration(), duration);
            assert_eq!(Time::from_bits(Time::of(duration).bits()), Time::of(duration));
        }
        assert_eq!(Time::of(Duration::MAX).duration().as_secs(), (1 << 34) - 1);
    }

    #[test]
    fn later_is_more() {
        let times: Vec<Time> = [0, 1, 999_999_999, 1_000_000_000, 1_000_000_001, 60_000_000_000]
            .map(|nanos| Time::of(Duration::from_nanos(nanos)))
            .to_vec();
        assert!(times.is_sorted() && times.windows(2).all(|two| two[0] != two[1]));
        assert_eq!(times[4].since(times[2]), Duration::from_nanos(2));
        for later in &times {
            for earlier in &times {
                let since = later.duration().saturating_sub(earlier.duration());
                assert_eq!(later.since(*earlier), since, "it does not go back");
            }
        }
    }
}
