//! What is left to chance, and how a seed decides it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use crate::seed::Seed;

/// Decides by the seed, and remembers what it decided otherwise than the plain way.
///
/// Each decision has a key, a text that says what it is about. It depends on the seed and that key alone, so that leaving one out
/// changes none of the others: this is what makes a failing seed shrink.
pub(crate) struct Chance {
    seed: Seed,
    taken: Mutex<Taken>,
}

/// Decisions that made a difference: which of them it was in time, and what it says.
pub(crate) type Taken = BTreeMap<u32, (usize, String)>;

impl Chance {
    pub(crate) fn new(seed: Seed) -> Self {
        Chance { seed, taken: Mutex::default() }
    }

    pub(crate) fn seed(&self) -> &Seed {
        &self.seed
    }

    /// How far back the seed sets something that could go on; 0 leaves it where it is.
    ///
    /// Some seeds set back all, others a half or a quarter: a fault that needs one thing to come late is met by these, one that needs an
    /// odd order of many by those.
    pub(crate) fn rank(&self, key: &str) -> u32 {
        let bits = self.bits(key);
        let is_set_back = bits & 3 <= [3, 1, 0][(self.seed.number() % 3) as usize];
        if is_set_back && self.seed.keeps(id(key)) { (bits >> 32) as u32 | 1 } else { 0 }
    }

    /// Whether something happens that does at this rate.
    pub(crate) fn happens(&self, key: &str, rate: f64) -> bool {
        self.fraction(key) < rate && self.seed.keeps(id(key))
    }

    /// A number from 0 to below 1, or 0 if this decision is left out.
    pub(crate) fn share(&self, key: &str) -> f64 {
        if self.seed.keeps(id(key)) { self.fraction(key) } else { 0.0 }
    }

    /// Remembers that the decision with this key made a difference.
    pub(crate) fn took(&self, key: &str, says: impl FnOnce() -> String) {
        let mut taken = self.taken();
        let nth = taken.len();
        taken.entry(id(key)).or_insert_with(|| (nth, says()));
    }

    /// The decisions that made a difference.
    pub(crate) fn taken(&self) -> std::sync::MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn bits(&self, key: &str) -> u64 {
        mixed(hash(key).wrapping_add(mixed(self.seed.number())))
    }

    fn fraction(&self, key: &str) -> f64 {
        (self.bits(key) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// The number of a decision.
fn id(key: &str) -> u32 {
    let hash = mixed(hash(key));
    (hash ^ hash >> 32) as u32
}

/// FNV-1a.
fn hash(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The last step of SplitMix64: each bit depends on all.
pub(crate) fn mixed(bits: u64) -> u64 {
    let bits = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ bits >> 31
}

/// A list, a line each.
pub(crate) fn lines(items: impl IntoIterator<Item = impl std::fmt::Display>) -> String {
    items.into_iter().fold(String::new(), |mut text, item| {
        let _ = write!(text, "\n  - {item}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_depends_on_seed_and_key_alone() {
        let (one, two) = (Chance::new(Seed::from(1)), Chance::new(Seed::from(2)));
        let ranks = |chance: &Chance| (0..64).map(|n| chance.rank(&n.to_string())).collect::<Vec<_>>();
        assert_eq!(ranks(&one), ranks(&Chance::new(Seed::from(1))));
        assert_ne!(ranks(&one), ranks(&two));
        let left = |seed| ranks(&Chance::new(Seed::from(seed))).iter().filter(|rank| **rank == 0).count();
        let (none, half, most) = (left(0), left(1), left(2));
        assert!(
            none == 0 && (16..44).contains(&half) && (half..64).contains(&most),
            "{none}, {half}, {most}"
        );
    }

    #[test]
    fn what_is_left_out_changes_nothing_else() {
        let all = Chance::new(Seed::from(4));
        let held: Vec<String> = (0..64).map(|n| n.to_string()).filter(|key| all.rank(key) > 0).collect();
        let one = Chance::new(Seed::from(4).keeping([id(&held[4])]));
        for key in &held {
            assert_eq!(one.rank(key), if *key == held[4] { all.rank(key) } else { 0 });
        }
    }

    #[test]
    fn a_rate_is_a_share_of_all() {
        let chance = Chance::new(Seed::from(5));
        let happened = (0..1_000).filter(|n| chance.happens(&n.to_string(), 0.2)).count();
        assert!((150..250).contains(&happened), "{happened} of 1000");
        assert!(!(0..100).any(|n| chance.happens(&n.to_string(), 0.0)));
        assert!((0..100).all(|n| chance.happens(&n.to_string(), 1.0)));
        assert!(!Chance::new(Seed::plain()).happens("0", 1.0));
    }
}
