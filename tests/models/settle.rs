//! `settle`, one after another. (Beside each other is what the flag of `par` and `each` is, in their models.)

use async_orch::{Error, pipeline};

use crate::compare::compare;
use crate::stage::{How, Outcome, Patience, Script, Seen, Stage, act, call_of, patience, scripts};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    EndsWithAFailure,
    SettlesAPanic,
    TakesFailuresForOutputs,
}

const FLAWS: [Flaw; 3] = [Flaw::EndsWithAFailure, Flaw::SettlesAPanic, Flaw::TakesFailuresForOutputs];

type Case = (Vec<Script>, Patience);

fn model((scripts, patience): &Case, flaw: Option<Flaw>) -> Seen {
    let (mut spans, mut results, mut at) = (Vec::new(), Vec::new(), 0);
    for (call, script) in scripts.iter().enumerate() {
        let span = script.span(call, at);
        spans.push(span);
        at = span.until;
        match span.how {
            How::Panicked if flaw != Some(Flaw::SettlesAPanic) => {
                return Seen::of(spans, call + 1, Outcome::Panics(call), at, *patience);
            }
            How::Succeeded => results.push(Ok(call)),
            _ if flaw == Some(Flaw::EndsWithAFailure) => {
                return Seen::of(spans, call + 1, Outcome::Fails(vec![call], 1), at, *patience);
            }
            _ if flaw == Some(Flaw::TakesFailuresForOutputs) => results.push(Ok(call)),
            _ => results.push(Err(call)),
        }
    }
    Seen::of(spans, scripts.len(), Outcome::Gives(results), at, *patience)
}

#[test]
fn settle_is_as_a_model_of_it() {
    let result = |result: Result<usize, Error>| result.map_err(|error| call_of(&error));
    let seen = async |(scripts, patience): &Case| {
        let stage = Stage::new(scripts);
        let p = pipeline! {
            seq(collect) <
                settle < act(&stage, 0) >
                settle < act(&stage, 1) >
                settle < act(&stage, 2) >
                settle < act(&stage, 3) >
            >
        };
        stage.run(&p, *patience, |(a, b, c, d)| [a, b, c, d].map(result).to_vec()).await
    };
    compare((scripts(4, 6), patience()), &FLAWS, seen, model);
}
