//! What a record has kept, to ask and to look at.

mod critical;
mod steps;

use std::collections::HashSet;
use std::fmt;

use crate::record::Kept;

pub(crate) use critical::critical_path;
pub use steps::StepReport;
pub(crate) use steps::steps;

/// What runs did: made by [`Record::report`](crate::Record::report) or [`read`](crate::read()).
#[derive(Clone)]
pub struct Report {
    pub(crate) kept: Kept,
}

impl Report {
    pub(crate) fn new(kept: Kept) -> Self {
        Report { kept }
    }

    /// How many runs it has.
    #[must_use]
    pub fn runs(&self) -> usize {
        self.kept.runs.len()
    }

    /// How many executions it has, of tasks and of blocks.
    #[must_use]
    pub fn executions(&self) -> usize {
        self.kept.executions
    }

    /// How many executions there was no room for, those of forgotten runs among them.
    #[must_use]
    pub fn lost_executions(&self) -> u64 {
        self.kept.lost_executions
    }

    /// Every step that is known, in the order in which it was first met: of a pipeline whose graph was added, in the order of its text.
    #[must_use]
    pub fn steps(&self) -> Vec<StepReport> {
        steps::steps(&self.kept, self.kept.runs.values())
    }

    /// The first step with this path.
    #[must_use]
    pub fn step(&self, path: &str) -> Option<StepReport> {
        self.steps().into_iter().find(|step| step.path == path)
    }

    /// The paths of the executions that a run's end waited for, from the first to the last: to make the run shorter, one of these has
    /// to be. `None` if there is no such run, or it goes on.
    ///
    /// Going back from the end of a block, it is the step inside that ended last, then the one that ended last before that one
    /// started, and so on.
    ///
    /// ```
    /// use async_orch::{pipeline, task};
    /// use orch_report::Record;
    /// use std::time::Duration;
    ///
    /// #[task]
    /// async fn slow(seconds: u64) {
    ///     tokio::time::sleep(Duration::from_secs(seconds)).await
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), async_orch::Error> {
    /// let record = Record::new();
    /// let p = pipeline! { seq < slow(1) par < slow(2) as "short" slow(3) as "long" > > }.with_bus(&record);
    /// p.run(()).await?;
    /// let report = record.report();
    /// let run = report.run_numbers()[0];
    /// assert_eq!(report.critical_path(run).unwrap(), ["seq/slow", "seq/par/long"]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn critical_path(&self, run: u64) -> Option<Vec<&str>> {
        let run = self.kept.runs.get(&run).filter(|run| run.has_ended())?;
        let blocks: HashSet<u32> = run.spans.iter().map(|span| span.parent).collect();
        let mut tasks = critical_path(run);
        tasks.retain(|position| !blocks.contains(position));
        tasks.sort_by_key(|position| (run.spans[*position as usize].start, *position));
        let path = |position: u32| {
            let step = run.spans[position as usize].step;
            self.kept.steps[step as usize].path.as_str()
        };
        Some(tasks.into_iter().map(path).collect())
    }

    /// The numbers of the runs, as events have them.
    #[must_use]
    pub fn run_numbers(&self) -> Vec<u64> {
        self.kept.runs.keys().copied().collect()
    }
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Report")
            .field("runs", &self.runs())
            .field("executions", &self.executions())
            .finish_non_exhaustive()
    }
}
