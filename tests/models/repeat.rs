//! `repeat`, with each kind of backoff and with none.

use std::ops::ControlFlow::{Break, Continue};
use std::time::Duration;

use async_orch::{BoxPipeline, pipeline, task};
use proptest::prelude::*;

use crate::compare::compare;
use crate::stage::{Failure, How, Outcome, Patience, Script, Seen, Stage, UNIT, patience, scripts};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    HasOneMoreRound,
    WaitsBeforeTheFirst,
    ForgetsMaxDelay,
    GoesOnAfterAFailure,
    /// Where the delays end, the last one stays.
    NeverRunsOutOfDelays,
}

const FLAWS: [Flaw; 5] = [
    Flaw::HasOneMoreRound,
    Flaw::WaitsBeforeTheFirst,
    Flaw::ForgetsMaxDelay,
    Flaw::GoesOnAfterAFailure,
    Flaw::NeverRunsOutOfDelays,
];

/// Delays in units.
#[derive(Clone, Debug)]
enum Backoff {
    Nothing,
    Constant(u64),
    Exponential(u64),
    Fibonacci(u64),
    List(Vec<u64>),
}

#[derive(Clone, Debug)]
struct Case {
    scripts: Vec<Script>,
    /// The round that ends it, from 0.
    last: usize,
    max_rounds: Option<u32>,
    backoff: Backoff,
    max_delay: u64,
    patience: Patience,
}

fn delays(backoff: &Backoff) -> Vec<u64> {
    match backoff {
        Backoff::Nothing => vec![0; 9],
        Backoff::Constant(units) => vec![*units; 9],
        Backoff::Exponential(units) => [1, 2, 4, 8, 16, 32, 64, 128, 256].map(|times| times * units).to_vec(),
        Backoff::Fibonacci(units) => [1, 1, 2, 3, 5, 8, 13, 21, 34].map(|times| times * units).to_vec(),
        Backoff::List(units) => units.clone(),
    }
}

fn model(case: &Case, flaw: Option<Flaw>) -> Seen {
    let mut delays = delays(&case.backoff);
    if flaw == Some(Flaw::NeverRunsOutOfDelays) {
        delays.resize(9, delays.last().copied().unwrap_or(0));
    }
    let most = case.max_rounds.map(|most| most as usize + usize::from(flaw == Some(Flaw::HasOneMoreRound)));
    let cap = if flaw == Some(Flaw::ForgetsMaxDelay) { u64::MAX } else { case.max_delay };
    let mut spans = Vec::new();
    let mut at = if flaw == Some(Flaw::WaitsBeforeTheFirst) {
        delays.first().copied().unwrap_or(0).min(cap) * UNIT
    } else {
        0
    };
    for (round, script) in case.scripts.iter().enumerate() {
        let span = script.span(round, at);
        spans.push(span);
        at = span.until;
        let end = match span.how {
            How::Panicked => Some(Outcome::Panics(round)),
            How::Failed if flaw != Some(Flaw::GoesOnAfterAFailure) => Some(Outcome::Fails(vec![round], 1)),
            _ if round >= case.last => Some(Outcome::Gives(vec![Ok(round)])),
            _ if most == Some(round + 1) || round >= delays.len() => {
                Some(Outcome::Exhausted(round as u32 + 1))
            }
            _ => None,
        };
        if let Some(end) = end {
            return Seen::of(spans, round + 1, end, at, case.patience);
        }
        at += delays[round].min(cap) * UNIT;
    }
    unreachable!("the last round is one of them")
}

/// One that ends.
#[derive(Clone)]
struct Listed(Vec<Duration>);

impl backon::BackoffBuilder for Listed {
    type Backoff = std::vec::IntoIter<Duration>;

    fn build(self) -> Self::Backoff {
        self.0.into_iter()
    }
}

#[task]
async fn round(stage: &Stage, round: usize) -> Result<usize, Failure> {
    assert_eq!(round, stage.calls(), "it is given what the one before has given");
    stage.play(round).await
}

fn built<'p>(stage: &'p Stage, case: &'p Case) -> BoxPipeline<'p, (), usize> {
    let time = |units: &u64| Duration::from_millis(units * UNIT);
    let max_delay = time(&case.max_delay);
    macro_rules! repeated {
        ($($backoff:expr)?) => {
            match case.max_rounds {
                Some(rounds) => repeated!(@ max_rounds = rounds $(, backoff = $backoff, max_delay = max_delay)?),
                None => repeated!(@ $(backoff = $backoff, max_delay = max_delay)?),
            }
        };
        (@ $($options:tt)*) => {
            pipeline! {
                seq <
                    |()| { 0_usize }
                    repeat($($options)*) <
                        round(stage, _)
                        |round| { if round >= case.last { Break(round) } else { Continue(round + 1) } }
                    >
                >
            }
            .boxed()
        };
    }
    match &case.backoff {
        Backoff::Nothing => repeated!(),
        Backoff::Constant(units) => repeated!(constant(time(units))),
        Backoff::Exponential(units) => repeated!(exponential(time(units))),
        Backoff::Fibonacci(units) => repeated!(fibonacci(time(units))),
        Backoff::List(units) => repeated!(Listed(units.iter().map(time).collect())),
    }
}

#[test]
fn repeat_is_as_a_model_of_it() {
    let backoff = prop_oneof![
        2 => Just(Backoff::Nothing),
        1 => (1..4_u64).prop_map(Backoff::Constant),
        1 => (1..4_u64).prop_map(Backoff::Exponential),
        1 => (1..4_u64).prop_map(Backoff::Fibonacci),
        2 => prop::collection::vec(0..5_u64, 0..7).prop_map(Backoff::List),
    ];
    let options = (prop::option::of(1..8_u32), backoff, 1..9_u64);
    let cases =
        (scripts(8, 12), 0..8_usize, options, patience()).prop_map(|(scripts, last, options, patience)| {
            let (max_rounds, backoff, max_delay) = options;
            Case { scripts, last, max_rounds, backoff, max_delay, patience }
        });
    let seen = async |case: &Case| {
        let stage = Stage::new(&case.scripts);
        stage.run(&built(&stage, case), case.patience, |round| vec![Ok(round)]).await
    };
    compare(cases, &FLAWS, seen, model);
}
