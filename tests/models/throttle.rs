//! `throttle`: who begins when, in which order, and who is turned away with which time.

use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::Poll;
use std::time::Duration;

use async_orch::{ErrorKind, Limiter, pipeline};
use proptest::prelude::*;
use tokio::time::{Instant, sleep, timeout};

use crate::compare::compare;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    /// It has no token at the beginning.
    BeginsEmpty,
    /// More than `burst` tokens gather.
    HasNoBrim,
    LetsCheapOnesOvertake,
    ForgetsMaxWait,
    /// Who gives up has taken its tokens.
    TakesFromThoseWhoGiveUp,
}

const FLAWS: [Flaw; 5] = [
    Flaw::BeginsEmpty,
    Flaw::HasNoBrim,
    Flaw::LetsCheapOnesOvertake,
    Flaw::ForgetsMaxWait,
    Flaw::TakesFromThoseWhoGiveUp,
];

/// When a run comes, what it costs, and when it is dropped if it still waits.
type Coming = (u64, u32, Option<u64>);

#[derive(Debug)]
struct Case {
    /// Milliseconds from token to token.
    every: u64,
    burst: u64,
    max_wait: Option<u64>,
    runs: Vec<Coming>,
}

/// Who began when, in order; and who was turned away, and would have begun when.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    began: Vec<(usize, u64)>,
    rejected: Vec<(usize, u64)>,
}

/// A token bucket as one would write it down: tokens in parts, filled step by step; and those who wait.
fn model(case: &Case, flaw: Option<Flaw>) -> Seen {
    let Case { every, burst, max_wait, runs } = case;
    let mut seen = Seen::default();
    let mut queue: Vec<usize> = Vec::new();
    let price = |run: usize| u64::from(runs[run].1) * every;
    // A token has as many parts as there are steps between two of them.
    let full = if flaw == Some(Flaw::HasNoBrim) { u64::MAX } else { burst * every };
    let mut parts = if flaw == Some(Flaw::BeginsEmpty) { 0 } else { burst * every };
    // Whoever comes last has begun after so long, at the latest.
    for now in 0..=80 + runs.iter().map(|(_, cost, _)| u64::from(*cost) * every).sum::<u64>() + burst * every
    {
        if now > 0 {
            parts = (parts + 1).min(full);
        }
        let gives_up = |run: &usize| runs[*run].2.is_some_and(|end| end <= now);
        if flaw == Some(Flaw::TakesFromThoseWhoGiveUp) {
            parts =
                parts.saturating_sub(queue.iter().filter(|run| gives_up(run)).map(|run| price(*run)).sum());
        }
        queue.retain(|run| !gives_up(run));
        let mut serve = |queue: &mut Vec<usize>, parts: &mut u64| {
            let overtakes = flaw == Some(Flaw::LetsCheapOnesOvertake);
            while let Some(place) = (0..queue.len())
                .take(if overtakes { 16 } else { 1 })
                .find(|place| *parts >= price(queue[*place]))
            {
                *parts -= price(queue[place]);
                seen.began.push((queue.remove(place), now));
            }
        };
        serve(&mut queue, &mut parts);
        for run in (0..runs.len()).filter(|run| runs[*run].0 == now) {
            let ahead: u64 = queue.iter().map(|run| price(*run)).sum();
            let wait = (ahead + price(run)).saturating_sub(parts);
            if max_wait.is_some_and(|max_wait| wait > max_wait) && flaw != Some(Flaw::ForgetsMaxWait) {
                seen.rejected.push((run, now + wait));
            } else {
                queue.push(run);
                serve(&mut queue, &mut parts);
            }
        }
    }
    seen
}

async fn seen(case: &Case) -> Seen {
    let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap();
    let limiter = Limiter::builder(1).per(Duration::from_millis(case.every)).burst(case.burst as u32);
    let limiter = match case.max_wait {
        Some(max_wait) => limiter.max_wait(Duration::from_millis(max_wait)).build(),
        None => limiter.build(),
    };
    let (seen, start) = (Mutex::new(Seen::default()), Instant::now());
    let pipelines: Vec<_> = (1..=3)
        .map(|cost| {
            pipeline! {
                |_: usize|
                throttle(limiter = &limiter, cost = cost) <
                    |run| { seen.lock().unwrap().began.push((run, millis(start.elapsed()))) }
                >
            }
        })
        .collect();
    let one = async |run: usize| {
        let (at, cost, end) = case.runs[run];
        sleep(Duration::from_millis(at)).await;
        let fut = pipelines[cost as usize - 1].run(run);
        let result = match end {
            Some(end) => timeout(Duration::from_millis(end - at), fut).await,
            None => Ok(fut.await),
        };
        if let Ok(Err(error)) = result {
            let ErrorKind::Throttled { retry_after, .. } = error.kind() else { panic!("{error}") };
            seen.lock().unwrap().rejected.push((run, at + millis(*retry_after)));
        }
    };
    // In written order, also where they come in one moment.
    let mut all: Vec<Pin<Box<dyn Future<Output = ()> + '_>>> =
        (0..case.runs.len()).map(|run| Box::pin(one(run)) as _).collect();
    std::future::poll_fn(|cx| {
        all.retain_mut(|run| run.as_mut().poll(cx).is_pending());
        if all.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    std::mem::take(&mut *seen.lock().unwrap())
}

#[test]
fn throttle_is_as_a_model_of_it() {
    // Whoever is dropped is between two moments at which anything else happens.
    let run = (0..40_u64, 1..4_u32, prop::option::of(0..80_u64));
    let options = (1..6_u64, 1..4_u32, prop::option::of(0..60_u64));
    let cases = (options, prop::collection::vec(run, 1..16)).prop_map(|((every, burst, max_wait), runs)| {
        let mut runs: Vec<Coming> = runs
            .into_iter()
            .map(|(at, cost, end)| (2 * at, cost.min(burst), end.map(|end| 2 * (at + end) + 1)))
            .collect();
        runs.sort_by_key(|(at, ..)| *at);
        // Of two that are dropped in one moment the second may have its turn by the first in that moment.
        let mut ends = std::collections::HashSet::new();
        for (.., end) in &mut runs {
            *end = end.filter(|end| ends.insert(*end));
        }
        Case { every: 2 * every, burst: burst.into(), max_wait, runs }
    });
    compare(cases, &FLAWS, seen, model);
}
