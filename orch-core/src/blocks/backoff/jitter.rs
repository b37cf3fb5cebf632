//! Spreading delays, so that callers who failed together do not come back together.

use std::time::Duration;

/// How the delays of a `retry` or a `repeat` are spread.
///
/// Of the three, [`Full`](Jitter::Full) gives the least load on what is being retried. (Marc Brooker, *Exponential
/// Backoff And Jitter*, AWS Architecture Blog, 2015.)
///
/// ```
/// use async_orch::retry::Jitter;
///
/// fn jitter(callers: usize) -> Jitter {
///     if callers > 1 { Jitter::Full } else { Jitter::None }
/// }
/// # assert_eq!(jitter(2), Jitter::default());
/// # assert_eq!(jitter(1), Jitter::None);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Jitter {
    /// Uniform in `0..=delay`.
    #[default]
    Full,
    /// Uniform in `delay / 2..=delay`.
    Equal,
    /// The delay as it is.
    None,
}

/// The word `full`, as in `retry(jitter = full)`: [`Jitter::Full`].
pub const fn full() -> Jitter {
    Jitter::Full
}

/// The word `equal`, as in `retry(jitter = equal)`: [`Jitter::Equal`].
pub const fn equal() -> Jitter {
    Jitter::Equal
}

/// The word `none`, as in `retry(jitter = none)`: [`Jitter::None`].
pub const fn none() -> Jitter {
    Jitter::None
}

impl Jitter {
    /// The delay to wait in place of `delay`. Takes random bits only if something hangs on them.
    pub(super) fn spread(self, delay: Duration, random: impl FnOnce() -> u64) -> Duration {
        let least = self.least(delay);
        if least == delay { delay } else { least + fraction(delay - least, random()) }
    }

    /// The part of that on which the random bits hang.
    pub(super) fn random_part(self, delay: Duration, random: impl FnOnce() -> u64) -> Duration {
        let least = self.least(delay);
        if least == delay { Duration::ZERO } else { fraction(delay - least, random()) }
    }

    #[inline]
    fn least(self, delay: Duration) -> Duration {
        match self {
            Jitter::Full => Duration::ZERO,
            Jitter::Equal => delay / 2,
            Jitter::None => delay,
        }
    }
}

/// One of the nanoseconds in `0..=span`, by 64 random bits: `floor(bits / 2^64 * (count of them))`.
///
/// No value is likelier than another by more than one part in `2^64 / count`: one in 584 for a span of a year, one in
/// five million for an hour. Above 584 years some values do not occur.
fn fraction(span: Duration, bits: u64) -> Duration {
    let (count, bits) = (span.as_nanos() + 1, u128::from(bits));
    // A product of 95 and 64 bits, of which the lowest 64 are not needed.
    let (high, low) = (count >> 64, count & u128::from(u64::MAX));
    from_nanos(high * bits + ((low * bits) >> 64))
}

fn from_nanos(nanos: u128) -> Duration {
    const PER_SECOND: u128 = 1_000_000_000;
    // It is no more than some duration was, so it fits.
    Duration::new((nanos / PER_SECOND) as u64, (nanos % PER_SECOND) as u32)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_delay() -> impl Strategy<Value = Duration> {
        prop_oneof![
            (0..u64::MAX, 0..1_000_000_000_u32).prop_map(|(secs, nanos)| Duration::new(secs, nanos)),
            (0..10_000_000_000_u64).prop_map(Duration::from_nanos),
            (0..8_u64).prop_map(Duration::from_nanos),
            Just(Duration::MAX),
        ]
    }

    proptest! {
        #[test]
        fn retry_1_jitter_stays_within_its_bounds(delay in any_delay(), bits: u64) {
            let full = Jitter::Full.spread(delay, || bits);
            prop_assert!(full <= delay);
            let equal = Jitter::Equal.spread(delay, || bits);
            prop_assert!(delay / 2 <= equal && equal <= delay);
            prop_assert_eq!(Jitter::None.spread(delay, || unreachable!("nothing hangs on it")), delay);
        }

        #[test]
        fn retry_1_more_bits_are_a_longer_delay(delay in any_delay(), one: u64, other: u64) {
            let (less, more) = (one.min(other), one.max(other));
            prop_assert!(fraction(delay, less) <= fraction(delay, more));
        }
    }

    #[test]
    fn retry_1_jitter_reaches_both_ends() {
        for delay in [Duration::from_nanos(1), Duration::from_secs(10), Duration::from_secs(1 << 33)] {
            assert_eq!(Jitter::Full.spread(delay, || 0), Duration::ZERO);
            assert_eq!(Jitter::Full.spread(delay, || u64::MAX), delay);
            assert_eq!(Jitter::Equal.spread(delay, || 0), delay / 2);
            assert_eq!(Jitter::Equal.spread(delay, || u64::MAX), delay);
        }
    }

    #[test]
    fn retry_1_jitter_is_uniform() {
        let mut random = fastrand::Rng::with_seed(7);
        let mut counts = [0_u32; 5];
        for _ in 0..50_000 {
            let delay = Jitter::Full.spread(Duration::from_nanos(4), || random.u64(..));
            counts[delay.as_nanos() as usize] += 1;
        }
        assert!(counts.iter().all(|count| (9_500..10_500).contains(count)), "{counts:?}");
    }
}
