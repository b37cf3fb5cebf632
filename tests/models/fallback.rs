//! `fallback`: alternatives one after the other.

use async_orch::pipeline;

use crate::compare::compare;
use crate::stage::{
    End, How, Outcome, Patience, Script, Seen, Stage, act, is_not_for_good, patience, scripts,
};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    DoesNotAskWhen,
    StartsTheNextAtOnce,
    FallsBackFromAPanic,
    ForgetsTheErrorsBefore,
}

const FLAWS: [Flaw; 4] = [
    Flaw::DoesNotAskWhen,
    Flaw::StartsTheNextAtOnce,
    Flaw::FallsBackFromAPanic,
    Flaw::ForgetsTheErrorsBefore,
];

type Case = (Vec<Script>, Patience);

fn model((scripts, patience): &Case, flaw: Option<Flaw>) -> Seen {
    let (mut spans, mut failed, mut at) = (Vec::new(), Vec::new(), 0);
    for (call, script) in scripts.iter().enumerate() {
        let span = script.span(call, if flaw == Some(Flaw::StartsTheNextAtOnce) { 0 } else { at });
        spans.push(span);
        at = span.until;
        match span.how {
            How::Succeeded => {
                return Seen::of(spans, call + 1, Outcome::Gives(vec![Ok(call)]), at, *patience);
            }
            How::Panicked if flaw != Some(Flaw::FallsBackFromAPanic) => {
                return Seen::of(spans, call + 1, Outcome::Panics(call), at, *patience);
            }
            _ => failed.push(call),
        }
        if script.end == End::FailsForGood && flaw != Some(Flaw::DoesNotAskWhen) {
            break;
        }
    }
    if flaw == Some(Flaw::ForgetsTheErrorsBefore) {
        failed.drain(..failed.len() - 1);
    }
    let begun = spans.len();
    Seen::of(spans, begun, Outcome::Fails(failed, 1), at, *patience)
}

#[test]
fn fallback_is_as_a_model_of_it() {
    let seen = async |(scripts, patience): &Case| {
        let stage = Stage::new(scripts);
        let p = pipeline! {
            fallback(when = is_not_for_good) <
                act(&stage, 0)
                act(&stage, 1)
                act(&stage, 2)
                act(&stage, 3)
                act(&stage, 4)
            >
        };
        stage.run(&p, *patience, |call| vec![Ok(call)]).await
    };
    compare((scripts(5, 3), patience()), &FLAWS, seen, model);
}
