//! What an admitted run shows when it reports.

use std::num::NonZeroU64;

/// Leave to run the body once; its result is reported with it.
///
/// One word, as every run of a closed circuit carries one: the generation of that circuit, above three bits of which only
/// the lowest is set. So it is the [word](super::shared) of that circuit while nothing is counted. Or, with that bit not
/// set, the lease of a probe, of which no two in a circuit are the same, so that it stands for its generation too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Permit(NonZeroU64);

impl Permit {
    /// How many bits there are below the generation.
    pub(crate) const FLAGS: u32 = 3;

    /// A permit of a closed circuit.
    #[inline]
    pub(crate) fn closed(generation: u64) -> Self {
        Self(NonZeroU64::MIN | generation << Self::FLAGS)
    }

    /// A permit of a probe, whose leases count from one.
    pub(crate) fn probe(lease: u64) -> Self {
        Self(NonZeroU64::new(lease << 1).expect("a lease is not zero"))
    }

    /// As a number, to be kept.
    #[cfg(feature = "durable")]
    pub(crate) fn bits(self) -> u64 {
        self.0.get()
    }

    /// That number again. Zero is none of a permit.
    #[cfg(feature = "durable")]
    pub(crate) fn of_bits(bits: u64) -> Option<Self> {
        NonZeroU64::new(bits).map(Self)
    }

    /// The generation of the closed circuit; `None` for a probe.
    #[inline]
    pub(crate) fn generation(self) -> Option<u64> {
        (!self.is_probe()).then_some(self.0.get() >> Self::FLAGS)
    }

    /// Whether this run is one of those that decide a half-open circuit.
    #[inline]
    pub(crate) fn is_probe(self) -> bool {
        self.0.get() & 1 == 0
    }

    /// Whether it is one of a closed circuit, and this its word. (The word of an open one may look like a probe's permit.)
    #[inline]
    pub(crate) fn is_word(self, word: u64) -> bool {
        !self.is_probe() && self.0.get() == word
    }
}
