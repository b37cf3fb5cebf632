//! Assertions on what a bus was told.

use std::collections::{BTreeMap, BTreeSet};

use async_orch::bus::Recorder;
use async_orch::{OwnedEvent, RunId, TaskState};

/// Assertions on the events that a [`Recorder`] has, by steps' names: those of [`Recorder::of_step`].
///
/// ```
/// use async_orch::bus::Recorder;
/// use async_orch::{pipeline, task};
/// use orch_test::{Assertions, simulate};
///
/// #[task]
/// async fn reserve(n: u32) -> u32 {
///     n
/// }
///
/// #[task]
/// async fn charge(n: u32) -> u32 {
///     n
/// }
///
/// simulate(20, |sim| {
///     let recorder = Recorder::new();
///     let shop = pipeline! { |_: Vec<u32>| seq < each < reserve > each(limit = 2) < charge > > };
///     sim.run(&shop.with_bus(recorder.clone()), vec![1, 2, 3]).unwrap();
///     recorder.assert_before("reserve", "charge");
///     recorder.assert_starts("charge", 3);
///     recorder.assert_at_most("charge", 2);
///     recorder.assert_balanced();
/// });
/// ```
pub trait Assertions {
    /// In each run, every execution of the one step has ended before any of the other begins; and both have begun in some run.
    ///
    /// ```
    /// # use async_orch::{bus::Recorder, pipeline, task};
    /// # use orch_test::{Assertions, Simulation};
    /// # #[task] async fn first() {}
    /// # #[task] async fn second() {}
    /// # let recorder = Recorder::new();
    /// let p = pipeline! { seq < first() second() > };
    /// # Simulation::new().run(&p.with_bus(recorder.clone()), ()).unwrap();
    /// recorder.assert_before("first", "second");
    /// ```
    ///
    /// # Panics
    ///
    /// If that is not so, with the events of both steps.
    #[track_caller]
    fn assert_before(&self, first: &str, then: &str);

    /// The step has begun so many times, items, attempts and runs taken together.
    ///
    /// ```
    /// # use async_orch::{bus::Recorder, pipeline, task};
    /// # use orch_test::{Assertions, Simulation};
    /// # #[task] async fn fetch() -> Result<(), &'static str> { Err("no") }
    /// # let recorder = Recorder::new();
    /// let p = pipeline! { retry(max_attempts = 3) < fetch() > };
    /// # let _ = Simulation::new().run(&p.with_bus(recorder.clone()), ());
    /// recorder.assert_starts("fetch", 3);
    /// ```
    ///
    /// # Panics
    ///
    /// If it has not, with its events.
    #[track_caller]
    fn assert_starts(&self, step: &str, times: usize);

    /// No more executions of the step than so many were under way at once, over all runs.
    ///
    /// ```
    /// # use async_orch::{bus::Recorder, pipeline, task};
    /// # use orch_test::{Assertions, Simulation};
    /// # #[task] async fn fetch(n: u32) -> u32 { n }
    /// # let recorder = Recorder::new();
    /// let p = pipeline! { |_: Vec<u32>| each(limit = 2) < fetch > };
    /// # Simulation::new().run(&p.with_bus(recorder.clone()), vec![1, 2, 3]).unwrap();
    /// recorder.assert_at_most("fetch", 2);
    /// ```
    ///
    /// # Panics
    ///
    /// If more were, with its events.
    #[track_caller]
    fn assert_at_most(&self, step: &str, at_once: usize);
}

impl Assertions for Recorder {
    fn assert_before(&self, first: &str, then: &str) {
        let (before, after) = (self.of_step(first), self.of_step(then));
        let mut runs: BTreeMap<RunId, (Option<u64>, Option<u64>)> = BTreeMap::new();
        for event in &before {
            let last = &mut runs.entry(event.run).or_default().0;
            *last = (*last).max(Some(event.seq));
        }
        for event in after.iter().filter(|event| begins(event)) {
            runs.entry(event.run).or_default().1.get_or_insert(event.seq);
        }
        let listing = || listing(before.iter().chain(&after));
        assert!(before.iter().any(begins), "`{first}` has not begun:\n{}", listing());
        assert!(after.iter().any(begins), "`{then}` has not begun:\n{}", listing());
        for (run, order) in runs {
            let (last, begin) = order;
            if let (Some(last), Some(begin)) = (last, begin) {
                assert!(
                    last < begin,
                    "in run {run} `{first}` was not over when `{then}` began:\n{}",
                    listing()
                );
            }
        }
    }

    fn assert_starts(&self, step: &str, times: usize) {
        let events = self.of_step(step);
        let begun = events.iter().filter(|event| begins(event)).count();
        assert_eq!(begun, times, "`{step}` has begun {begun} times:\n{}", listing(&events));
    }

    fn assert_at_most(&self, step: &str, at_once: usize) {
        let events = self.of_step(step);
        let mut under_way = BTreeSet::new();
        for event in &events {
            let execution = (event.run, event.execution.id);
            if begins(event) {
                under_way.insert(execution);
            } else if event.state().is_some_and(TaskState::is_terminal) {
                under_way.remove(&execution);
            }
            let now = under_way.len();
            assert!(now <= at_once, "{now} of `{step}` at once:\n{}", listing(&events));
        }
    }
}

fn begins(event: &OwnedEvent) -> bool {
    event.state() == Some(TaskState::Running)
}

fn listing<'a>(events: impl IntoIterator<Item = &'a OwnedEvent>) -> String {
    let mut events: Vec<_> = events.into_iter().collect();
    events.sort_by_key(|event| (event.run, event.seq));
    events.into_iter().map(|event| format!("  {event}\n")).collect()
}
