//! Numbers of each step.

use std::time::Duration;

use crate::record::{Kept, RunKept, State};

/// What is known of a step over all its executions.
///
/// Times are those from start to end of the executions that have ended, however they did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StepReport {
    /// The path in the pipeline.
    pub path: String,
    /// `task`, `inline`, or the keyword of a block.
    pub kind: String,
    /// How many executions there were; each attempt and each item is one.
    pub executions: u64,
    /// Those that gave their output, or were skipped.
    pub succeeded: u64,
    /// Those that gave an error or panicked.
    pub failed: u64,
    /// Those that were dropped.
    pub cancelled: u64,
    /// Those that have not ended.
    pub open: u64,
    /// Those that were second or later attempts.
    pub repeated: u64,
    /// The time that they waited behind a limit before they started, together.
    pub waited: Duration,
    /// The time that they ran, together.
    pub total: Duration,
    /// The longest.
    pub max: Duration,
    pub(crate) percentiles: [Duration; 3],
}

/// The shares that [`StepReport`] has.
const SHARES: [f64; 3] = [0.5, 0.9, 0.99];

impl StepReport {
    /// Half of the executions took at most so long.
    #[must_use]
    pub fn p50(&self) -> Duration {
        self.percentiles[0]
    }

    /// Nine of ten executions took at most so long.
    #[must_use]
    pub fn p90(&self) -> Duration {
        self.percentiles[1]
    }

    /// Ninety-nine of a hundred executions took at most so long.
    #[must_use]
    pub fn p99(&self) -> Duration {
        self.percentiles[2]
    }
}

pub(crate) fn steps<'k>(kept: &Kept, runs: impl IntoIterator<Item = &'k RunKept>) -> Vec<StepReport> {
    let mut reports: Vec<StepReport> = kept
        .steps
        .iter()
        .map(|step| StepReport {
            path: step.path.clone(),
            kind: step.kind.clone(),
            executions: 0,
            succeeded: 0,
            failed: 0,
            cancelled: 0,
            open: 0,
            repeated: 0,
            waited: Duration::ZERO,
            total: Duration::ZERO,
            max: Duration::ZERO,
            percentiles: [Duration::ZERO; 3],
        })
        .collect();
    let mut times: Vec<Vec<u64>> = vec![Vec::new(); reports.len()];
    for span in runs.into_iter().flat_map(|run| &run.spans) {
        let report = &mut reports[span.step as usize];
        report.executions += 1;
        report.repeated += u64::from(span.attempt > 1);
        report.waited += Duration::from_nanos(span.start - span.pending);
        let count = match span.state {
            State::Pending | State::Running => &mut report.open,
            State::Succeeded | State::Skipped => &mut report.succeeded,
            State::Failed => &mut report.failed,
            State::Cancelled => &mut report.cancelled,
        };
        *count += 1;
        if span.state > State::Running {
            times[span.step as usize].push(span.end - span.start);
        }
    }
    for (report, mut times) in std::iter::zip(&mut reports, times) {
        times.sort_unstable();
        report.total = times.iter().map(|time| Duration::from_nanos(*time)).sum();
        report.max = Duration::from_nanos(times.last().copied().unwrap_or(0));
        report.percentiles = SHARES.map(|share| Duration::from_nanos(percentile(&times, share)));
    }
    reports
}

/// The least of the sorted values that at least this share of all is not above: the nearest rank.
fn percentile(sorted: &[u64], share: f64) -> u64 {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.max(1) - 1).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_values() {
        let values: Vec<u64> = (1..=100).collect();
        assert_eq!(SHARES.map(|share| percentile(&values, share)), [50, 90, 99]);
        assert_eq!(SHARES.map(|share| percentile(&[7], share)), [7, 7, 7]);
        assert_eq!(SHARES.map(|share| percentile(&[1, 9], share)), [1, 9, 9]);
        assert_eq!(percentile(&[], 0.5), 0);
    }

    proptest! {
        #[test]
        fn a_percentile_is_the_least_value_that_so_many_are_not_above(
            mut values in prop::collection::vec(0u64..100, 1..60),
            share in prop::sample::select(SHARES.to_vec()),
        ) {
            values.sort_unstable();
            let found = percentile(&values, share);
            let holds = |value: u64| {
                values.iter().filter(|other| **other <= value).count() as f64 >= share * values.len() as f64
            };
            let least = values.iter().copied().find(|value| holds(*value));
            prop_assert_eq!(Some(found), least);
        }
    }
}
