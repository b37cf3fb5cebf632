//! Random scripts under random schedules, against what must hold of them all.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::Poll;

use proptest::prelude::*;

use super::scripted::{Did, Driver, End, Scarce, Script, Stage, pipeline, scripted_par};
use crate::blocks::peers::{FailFast, Settle};

/// A run to try: the scripts, how many at once, in which order children go on, and when it is dropped.
#[derive(Clone, Debug)]
pub(crate) struct Trial {
    pub(crate) scripts: Vec<Script>,
    pub(crate) limit: Option<usize>,
    /// Which of the waiting children go on before each further poll, by their place among them.
    pub(crate) schedule: Vec<Vec<prop::sample::Index>>,
    /// Dropped after so many polls.
    pub(crate) patience: usize,
    /// The budget of a poll; zero if it has no end.
    pub(crate) budget: usize,
}

pub(crate) fn trial(children: impl Strategy<Value = usize>) -> impl Strategy<Value = Trial> {
    let script = (0..4_usize, prop_oneof![9 => Just(End::Succeed), 1 => Just(End::Fail)])
        .prop_map(|(waits, end)| Script { waits, end });
    children.prop_flat_map(move |children| {
        (
            prop::collection::vec(script.clone(), children),
            prop_oneof![Just(None), (1..=children.max(1)).prop_map(Some)],
            prop::collection::vec(prop::collection::vec(any::<prop::sample::Index>(), 1..6), 1..40),
            prop_oneof![3 => Just(usize::MAX), 1 => 0..20_usize],
            prop_oneof![Just(0), 1..6_usize],
        )
            .prop_map(|(scripts, limit, schedule, patience, budget)| Trial {
                scripts,
                limit,
                schedule,
                patience,
                budget,
            })
    })
}

/// Plays a trial, and checks what holds at every moment. Gives what came of it, `None` if it was dropped.
pub(crate) fn play<T>(
    trial: &Trial,
    stage: &Stage,
    settle: bool,
    fut: impl Future<Output = Result<T, crate::Error>>,
) -> Option<Result<T, crate::Error>> {
    let total = trial.scripts.len();
    let limit = trial.limit.unwrap_or(usize::MAX);
    let mut run = Driver::new(fut);
    let mut schedule = trial.schedule.iter().cycle();
    let mut polls = 0;
    let result = loop {
        if polls == trial.patience {
            break None;
        }
        polls += 1;
        stage.begin_turn(trial.budget);
        let polled = run.poll();
        stage.end_turn();
        if let Poll::Ready(result) = polled {
            break Some(result);
        }
        if run.is_woken() && trial.budget > 0 {
            // It ran out of budget, and goes on.
            assert!(polls < 100_000, "it comes to rest");
            continue;
        }
        let running = stage.running();
        let started = stage.log.lock().unwrap().iter().filter(|did| matches!(did, Did::Start(_))).count();
        let finished = started - running.len();
        assert_eq!(running.len(), limit.min(total - finished), "as many run as may");
        assert!(!run.is_woken(), "nobody goes on, so there is nothing to do");
        for choice in schedule.next().unwrap() {
            stage.tell(running[choice.index(running.len())]);
        }
        assert!(run.is_woken(), "no wake is lost");
    };
    let before_drop = stage.log.lock().unwrap().len();
    if result.is_some() {
        assert_eq!(stage.running(), [0_usize; 0], "nothing runs when the block has finished");
    }
    drop(run);
    let log = stage.take();
    let cancelled = |did: &Did| matches!(did, Did::Cancel(_));
    if result.is_some() {
        assert_eq!(log.len(), before_drop);
    } else {
        assert!(log[before_drop..].iter().all(cancelled));
    }

    // Once each, in written order, never more than may.
    let starts: Vec<_> =
        log.iter().filter_map(|did| if let Did::Start(n) = did { Some(*n) } else { None }).collect();
    assert_eq!(starts, (0..starts.len()).collect::<Vec<_>>());
    let mut running = BTreeMap::new();
    for did in &log {
        match did {
            Did::Start(child) => assert!(running.insert(child, ()).is_none()),
            Did::Succeed(child) | Did::Fail(child) | Did::Cancel(child) => {
                assert!(running.remove(child).is_some(), "one end each")
            }
        }
        assert!(running.len() <= limit);
    }
    assert!(running.is_empty(), "every start has an end");

    // What is cancelled is so at the end, in written order, after a failure or the drop.
    let tail = log.iter().position(cancelled).unwrap_or(log.len());
    assert!(log[tail..].iter().all(cancelled));
    let dropped: Vec<_> =
        log[tail..].iter().map(|did| if let Did::Cancel(n) = did { *n } else { 0 }).collect();
    assert!(dropped.is_sorted());
    let failures = log.iter().filter(|did| matches!(did, Did::Fail(_))).count();
    match &result {
        Some(Err(error)) => {
            assert!(!settle && failures == 1);
            let Did::Fail(child) = log[tail - 1] else { panic!("it ends with the first failure") };
            assert_eq!(error.task().unwrap().to_string(), format!("child {child}"));
        }
        Some(Ok(_)) => assert!(tail == log.len() && starts.len() == total && (settle || failures == 0)),
        None => assert!(settle || failures == 0),
    }
    result
}

/// What each child of a run that settled gives.
pub(crate) fn settled(trial: &Trial) -> Vec<Result<usize, String>> {
    let end = |(child, script): (usize, &Script)| match script.end {
        End::Succeed => Ok(child),
        _ => Err(format!("child {child}")),
    };
    trial.scripts.iter().enumerate().map(end).collect()
}

macro_rules! play_par {
    ($trial:expr, $settle:expr, [$($index:literal)*]) => {{
        let stage = Arc::new(Stage::default());
        let runtime = Scarce(stage.clone());
        if $settle {
            let pipeline = pipeline(scripted_par!(stage, $trial.scripts, $trial.limit, Settle, [$($index)*]));
            if let Some(Ok(results)) = play($trial, &stage, true, pipeline.on(&runtime).run(())) {
                let results: Vec<Result<usize, crate::Error>> = results;
                let text = |error: crate::Error| error.task().unwrap().to_string();
                let results: Vec<_> = results.into_iter().map(|result| result.map_err(text)).collect();
                assert_eq!(results, settled($trial));
            }
        } else {
            let pipeline = pipeline(scripted_par!(stage, $trial.scripts, $trial.limit, FailFast, [$($index)*]));
            if let Some(Ok(outputs)) = play($trial, &stage, false, pipeline.on(&runtime).run(())) {
                assert_eq!(outputs, (0..$trial.scripts.len()).collect::<Vec<_>>());
            }
        }
    }};
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn any_schedule_of_children_keeps_the_rules(
        trial in trial(prop_oneof![Just(1), Just(3), Just(8), Just(9), Just(16), Just(70)]),
        settle: bool,
    ) {
        match trial.scripts.len() {
            1 => play_par!(&trial, settle, [0]),
            3 => play_par!(&trial, settle, [0 1 2]),
            8 => play_par!(&trial, settle, [0 1 2 3 4 5 6 7]),
            9 => play_par!(&trial, settle, [0 1 2 3 4 5 6 7 8]),
            16 => play_par!(&trial, settle, [0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15]),
            _ => play_par!(&trial, settle, [
                0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34
                35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63 64 65 66
                67 68 69
            ]),
        }
    }
}
