//! The number that a simulation follows from.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// What a simulation follows from: a number, and if it was shrunk, which of the decisions by that number are left.
///
/// It displays as it is written in the variable `ORCH_SEED`: `17`, or `17:9bc3a1d2-0f00c0de` with two decisions left, or `17:none`
/// with none.
///
/// ```
/// use orch_test::Seed;
///
/// let seed: Seed = "17:9bc3a1d2".parse().unwrap();
/// assert_eq!((seed.number(), seed.to_string()), (17, "17:9bc3a1d2".to_owned()));
/// assert_eq!(Seed::from(17).to_string(), "17");
/// assert!("seventeen".parse::<Seed>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Seed {
    number: u64,
    /// All, if there are none here.
    kept: Option<BTreeSet<u32>>,
}

/// A text that is no [`Seed`].
///
/// ```
/// use orch_test::{InvalidSeed, Seed};
///
/// let error: InvalidSeed = "x".parse::<Seed>().unwrap_err();
/// assert_eq!(error.to_string(), "`x` is no seed: it is a number, such as 17, and may go on as in 17:9bc3a1d2-0f00c0de");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no seed: it is a number, such as 17, and may go on as in 17:9bc3a1d2-0f00c0de")]
pub struct InvalidSeed {
    text: String,
}

impl Seed {
    /// The seed by which nothing is left to chance: all goes on in the order in which it was asked for, at once, and nothing fails
    /// that fails at a rate.
    ///
    /// ```
    /// assert_eq!(orch_test::Seed::plain().to_string(), "0:none");
    /// ```
    #[must_use]
    pub fn plain() -> Self {
        Seed { number: 0, kept: Some(BTreeSet::new()) }
    }

    /// The seed in the variable `ORCH_SEED`, if that is set.
    ///
    /// # Panics
    ///
    /// If it is set to something else.
    ///
    /// ```
    /// let seed = orch_test::Seed::from_env().unwrap_or(orch_test::Seed::from(17));
    /// # let _ = seed;
    /// ```
    #[must_use]
    #[track_caller]
    pub fn from_env() -> Option<Self> {
        let text = std::env::var("ORCH_SEED").ok().filter(|text| !text.is_empty())?;
        Some(text.parse().unwrap_or_else(|error| panic!("ORCH_SEED: {error}")))
    }

    /// The number.
    ///
    /// ```
    /// assert_eq!(orch_test::Seed::from(17).number(), 17);
    /// ```
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The same with these decisions alone.
    pub(crate) fn keeping(&self, kept: impl IntoIterator<Item = u32>) -> Self {
        Seed { number: self.number, kept: Some(kept.into_iter().collect()) }
    }

    pub(crate) fn is_whole(&self) -> bool {
        self.kept.is_none()
    }

    pub(crate) fn keeps(&self, decision: u32) -> bool {
        self.kept.as_ref().is_none_or(|kept| kept.contains(&decision))
    }
}

impl From<u64> for Seed {
    fn from(number: u64) -> Self {
        Seed { number, kept: None }
    }
}

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number.fmt(f)?;
        let Some(kept) = &self.kept else { return Ok(()) };
        if kept.is_empty() {
            return f.write_str(":none");
        }
        kept.iter().enumerate().try_for_each(|(at, id)| {
            f.write_str(if at == 0 { ":" } else { "-" })?;
            write!(f, "{id:08x}")
        })
    }
}

impl FromStr for Seed {
    type Err = InvalidSeed;

    fn from_str(text: &str) -> Result<Self, InvalidSeed> {
        let invalid = || InvalidSeed { text: text.to_owned() };
        let (number, kept) = text.split_once(':').map_or((text, None), |(number, kept)| (number, Some(kept)));
        let number = number.trim().parse().map_err(|_| invalid())?;
        let kept = match kept.map(str::trim) {
            None => None,
            Some("none") => Some(BTreeSet::new()),
            Some(kept) => {
                let ids = kept.split('-').map(|id| u32::from_str_radix(id, 16));
                Some(ids.collect::<Result<_, _>>().map_err(|_| invalid())?)
            }
        };
        Ok(Seed { number, kept })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_read_as_it_is_written() {
        for seed in [Seed::from(0), Seed::plain(), Seed::from(u64::MAX).keeping([1, u32::MAX, 77])] {
            assert_eq!(seed.to_string().parse(), Ok(seed));
        }
        for text in ["", ":", "1:", "1:x", "1:1-", "-1", "1:123456789"] {
            assert!(text.parse::<Seed>().is_err(), "{text}");
        }
    }
}
