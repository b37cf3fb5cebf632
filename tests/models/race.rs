//! `race`, of five children, and of ten, which have wakers of their own.

use async_orch::pipeline;
use proptest::prelude::*;

use crate::compare::compare;
use crate::stage::{How, Outcome, Patience, Script, Seen, Span, Stage, act, patience, scripts};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    EndsWithAFailure,
    LetsTheLosersGoOn,
    StartsThoseBehindAWinner,
    NamesTheFirstFailure,
}

type Case = (Vec<Script>, Patience);

/// All start at once. The first success ends it, and so does a panic; if there is none, the last failure.
fn model((scripts, patience): &Case, flaw: Option<Flaw>) -> Seen {
    let spans: Vec<Span> = scripts.iter().enumerate().map(|(call, script)| script.span(call, 0)).collect();
    let mut by_end = spans.clone();
    by_end.sort_by_key(|span| (span.until, span.call));
    let all = by_end[by_end.len() - 1].until;
    let wins = |span: &&Span| span.how != How::Failed || flaw == Some(Flaw::EndsWithAFailure);
    let Some(first) = by_end.iter().find(wins) else {
        if flaw == Some(Flaw::NamesTheFirstFailure) {
            by_end.reverse();
        }
        let outcome = Outcome::Fails(by_end.iter().map(|span| span.call).collect(), 1);
        return Seen::of(spans, scripts.len(), outcome, all, *patience);
    };
    let outcome = match first.how {
        How::Succeeded => Outcome::Gives(vec![Ok(first.call)]),
        How::Panicked => Outcome::Panics(first.call),
        _ => Outcome::Fails(vec![first.call], 1),
    };
    let begun = if flaw == Some(Flaw::StartsThoseBehindAWinner) { scripts.len() } else { first.call + 1 };
    let at = if flaw == Some(Flaw::LetsTheLosersGoOn) { all } else { first.until };
    Seen::of(spans, begun, outcome, at, *patience)
}

const FLAWS: [Flaw; 4] = [
    Flaw::EndsWithAFailure,
    Flaw::LetsTheLosersGoOn,
    Flaw::StartsThoseBehindAWinner,
    Flaw::NamesTheFirstFailure,
];

fn cases(calls: usize) -> impl Strategy<Value = Case> {
    (scripts(calls, 3), patience())
}

macro_rules! run {
    ($case:ident, $($call:literal)*) => {{
        let stage = Stage::new(&$case.0);
        let p = pipeline! { race < $(act(&stage, $call))* > };
        stage.run(&p, $case.1, |call| vec![Ok(call)]).await
    }};
}

#[test]
fn race_is_as_a_model_of_it() {
    let seen = async |case: &Case| run!(case, 0 1 2 3 4);
    compare(cases(5), &FLAWS, seen, model);
}

#[test]
fn race_of_many_is_as_a_model_of_it() {
    let seen = async |case: &Case| run!(case, 0 1 2 3 4 5 6 7 8 9);
    compare(cases(10), &FLAWS, seen, model);
}
