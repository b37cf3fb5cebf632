//! How long the waits of a block are at most, all together.

use std::any::type_name;
use std::time::Duration;

use super::delays::{Constant, Exponential, Fibonacci};
use super::waits::Waits;
use crate::graph::{Bound, repeated};

/// So many delays are looked at one by one. By then those of a word are all the same, or no word that is written grows so slowly.
const LOOKED_AT: u32 = 1 << 14;

impl<Bk, D> Waits<Bk, D> {
    /// The waits between so many runs of a body: with the largest jitter the delays themselves, or where an error `asks` for others the
    /// longest that it may get.
    ///
    /// The words are known to give the same delays in every run. Of a builder of somebody else's that is not known, as it may give
    /// delays by chance; so its count for as much as `max_delay` lets them.
    pub(crate) fn longest(&self, runs: Bound<u32>, asks: bool) -> Bound<Duration> {
        let is_word = [type_name::<Constant>(), type_name::<Exponential>(), type_name::<Fibonacci>()]
            .contains(&type_name::<Bk>());
        let waits = Bound::from(runs.map(|runs| runs.saturating_sub(1)));
        if asks || !is_word {
            return repeated(self.max_delay.into(), waits.map(u64::from).into());
        }
        let mut delays = None;
        sum(waits, self.max_delay, || self.backoff.next(&mut delays).unwrap_or_default())
    }
}

/// The sum of so many delays of a word, each of which is capped.
pub(in crate::blocks) fn sum(
    count: Bound<u32>,
    max_delay: Option<Duration>,
    mut next: impl FnMut() -> Duration,
) -> Bound<Duration> {
    let most = max_delay.unwrap_or(Duration::MAX);
    let count = count.map(u64::from);
    let (mut sum, mut latest, mut same) = (Duration::ZERO, None, 0);
    for looked_at in 0..u64::from(LOOKED_AT) {
        if count.is_some_and(|count| looked_at >= count) {
            return Bound::of(sum);
        }
        let delay = next();
        same = if latest == Some(delay) { same + 1 } else { 0 };
        let rises = latest.is_some_and(|latest| latest <= delay);
        latest = Some(delay);
        // Two that are the same may be the first of `fibonacci`; three are so for good. What rises stays above its cap.
        if same >= 2 || (rises && delay >= most) {
            let rest = count.map(|count| count - looked_at);
            let rest = repeated(Bound::of(delay.min(most)), rest.into());
            return rest.and_then(|rest| sum.checked_add(rest)).into();
        }
        match sum.checked_add(delay.min(most)) {
            Some(more) => sum = more,
            None => return Bound::NONE,
        }
    }
    Bound::NONE
}
