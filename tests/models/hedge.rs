//! `hedge`: attempts that start after a delay, or when one has failed.

use std::time::Duration;

use async_orch::pipeline;
use proptest::prelude::*;

use crate::compare::compare;
use crate::stage::{How, NEVER, Outcome, Patience, Script, Seen, Stage, UNIT, again, patience, scripts};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    HasOneMoreAttempt,
    /// A failure starts nothing.
    WaitsAfterAFailure,
    /// The delay counts from the first attempt's start, however many there have been.
    CountsFromTheBeginning,
    EndsWithAFailure,
    LetsTheLosersGoOn,
}

const FLAWS: [Flaw; 5] = [
    Flaw::HasOneMoreAttempt,
    Flaw::WaitsAfterAFailure,
    Flaw::CountsFromTheBeginning,
    Flaw::EndsWithAFailure,
    Flaw::LetsTheLosersGoOn,
];

#[derive(Clone, Debug)]
struct Case {
    /// Of more attempts than there may be.
    scripts: Vec<Script>,
    /// Whole units, and an end of an attempt is at none.
    delay: u64,
    max_attempts: usize,
    patience: Patience,
}

/// What comes next is an end, or the delay is over.
fn model(case: &Case, flaw: Option<Flaw>) -> Seen {
    let max = case.max_attempts + usize::from(flaw == Some(Flaw::HasOneMoreAttempt));
    let mut spans = vec![case.scripts[0].span(0, 0)];
    let (mut failed, mut latest) = (Vec::new(), 0);
    loop {
        let call = spans.len();
        let alarm = if call < max { latest + case.delay } else { NEVER };
        let running = spans.iter().filter(|span| !failed.contains(&span.call));
        let next = running.min_by_key(|span| (span.until, span.call)).copied();
        let Some(end) = next.filter(|span| span.until <= alarm) else {
            if alarm == NEVER {
                return Seen::of(spans, call, Outcome::Fails(failed, call as u32), latest, case.patience);
            }
            spans.push(case.scripts[call].span(call, alarm));
            latest = if flaw == Some(Flaw::CountsFromTheBeginning) { latest.max(case.delay) } else { alarm };
            continue;
        };
        let outcome = match end.how {
            How::Succeeded => Outcome::Gives(vec![Ok(end.call)]),
            How::Panicked => Outcome::Panics(end.call),
            _ if flaw == Some(Flaw::EndsWithAFailure) => Outcome::Fails(vec![end.call], call as u32),
            _ if end.until < NEVER => {
                failed.push(end.call);
                if flaw != Some(Flaw::WaitsAfterAFailure) {
                    latest = end.until;
                    if call < max {
                        spans.push(case.scripts[call].span(call, latest));
                    }
                }
                continue;
            }
            _ => Outcome::IsDropped,
        };
        let goes_on = flaw == Some(Flaw::LetsTheLosersGoOn);
        let all = spans.iter().map(|span| span.until).max().filter(|_| goes_on).unwrap_or(end.until);
        return Seen::of(spans, call, outcome, all, case.patience);
    }
}

#[test]
fn hedge_is_as_a_model_of_it() {
    let cases = (scripts(7, 4), 1..4_u64, 2..6_usize, patience());
    let cases = cases.prop_map(|(scripts, units, max_attempts, patience)| Case {
        scripts,
        delay: units * UNIT,
        max_attempts,
        patience,
    });
    let seen = async |case: &Case| {
        let stage = Stage::new(&case.scripts);
        let (delay, attempts) = (Duration::from_millis(case.delay), case.max_attempts as u32);
        let p = pipeline! { hedge(delay, max_attempts = attempts) < again(&stage) > };
        stage.run(&p, case.patience, |call| vec![Ok(call)]).await
    };
    compare(cases, &FLAWS, seen, model);
}
