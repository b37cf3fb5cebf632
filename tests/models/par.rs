//! `par`, with and without a limit, failing fast or settling: five children, and ten, which have wakers of their own.

use async_orch::pipeline;
use proptest::prelude::*;

use crate::compare::compare;
use crate::stage::{
    How, NEVER, Outcome, Patience, Script, Seen, Span, Stage, act, call_of, patience, scripts,
};

#[derive(Clone, Copy, Debug)]
pub(crate) enum Flaw {
    HasOneMorePlace,
    /// Who runs beside a failure goes on.
    CancelsNobody,
    /// A place is free only when all are.
    StartsInWaves,
    NamesTheLastFailure,
}

pub(crate) const FLAWS: [Flaw; 4] =
    [Flaw::HasOneMorePlace, Flaw::CancelsNobody, Flaw::StartsInWaves, Flaw::NamesTheLastFailure];

/// Some peers, of which so many run at once, and a time that goes by before each is there.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) scripts: Vec<Script>,
    pub(crate) gaps: Vec<u64>,
    pub(crate) limit: Option<usize>,
    pub(crate) settle: bool,
    pub(crate) patience: Patience,
}

/// A child starts when there is a place for it, and holds it to its end. A failure, unless it is settled, or a panic ends the block.
pub(crate) fn model(case: &Case, flaw: Option<Flaw>) -> Seen {
    let places =
        case.limit.unwrap_or(case.scripts.len()) + usize::from(matches!(flaw, Some(Flaw::HasOneMorePlace)));
    let mut free_at = vec![0; places];
    let mut spans: Vec<Span> = Vec::new();
    let mut latest = 0;
    for (call, script) in case.scripts.iter().enumerate() {
        if matches!(flaw, Some(Flaw::StartsInWaves)) && call % places == 0 {
            free_at = vec![free_at.iter().copied().max().unwrap_or(0); places];
        }
        let place = (0..places).min_by_key(|place| free_at[*place]).unwrap();
        latest = free_at[place].max(latest) + case.gaps.get(call).unwrap_or(&0);
        if latest >= NEVER {
            break;
        }
        spans.push(script.span(call, latest));
        free_at[place] = spans[call].until;
    }
    let ends = |span: &&Span| span.how == How::Panicked || span.how == How::Failed && !case.settle;
    let in_time = |span: &&Span| (span.until, span.call);
    let first = spans.iter().filter(ends).min_by_key(in_time).filter(|span| span.until < NEVER).copied();
    let all = free_at.into_iter().max().unwrap_or(0);
    let Some(first) = first else {
        let result = |span: &Span| if span.how == How::Failed { Err(span.call) } else { Ok(span.call) };
        let outcome = Outcome::Gives(spans.iter().map(result).collect());
        let begun = spans.len();
        return Seen::of(spans, begun, outcome, all.max(latest), case.patience);
    };
    let last = *spans.iter().filter(ends).max_by_key(in_time).unwrap();
    let named = if matches!(flaw, Some(Flaw::NamesTheLastFailure)) { last } else { first };
    let outcome = match named.how {
        How::Panicked => Outcome::Panics(named.call),
        _ => Outcome::Fails(vec![named.call], 1),
    };
    let at = if matches!(flaw, Some(Flaw::CancelsNobody)) { all } else { first.until };
    Seen::of(spans, first.call + 1, outcome, at, case.patience)
}

pub(crate) fn cases(calls: impl Into<prop::collection::SizeRange>) -> impl Strategy<Value = Case> {
    let limit = prop::option::weighted(0.7, 1..5_usize);
    (scripts(calls, 11), limit, any::<bool>(), patience()).prop_map(|(scripts, limit, settle, patience)| {
        Case { scripts, gaps: Vec::new(), limit, settle, patience }
    })
}

macro_rules! run {
    ($stage:ident, $case:ident, $($call:literal $name:ident)*) => {{
        let limit = $case.limit.unwrap_or($case.scripts.len());
        if $case.settle {
            let p = pipeline! { par(limit = limit, settle) < $(act(&$stage, $call))* > };
            $stage.run(&p, $case.patience, |($($name,)*)| {
                vec![$($name.map_err(|error| call_of(&error))),*]
            }).await
        } else if $case.limit.is_none() {
            let p = pipeline! { par < $(act(&$stage, $call))* > };
            $stage.run(&p, $case.patience, |($($name,)*)| vec![$(Ok($name)),*]).await
        } else {
            let p = pipeline! { par(limit = limit) < $(act(&$stage, $call))* > };
            $stage.run(&p, $case.patience, |($($name,)*)| vec![$(Ok($name)),*]).await
        }
    }};
}

#[test]
fn par_is_as_a_model_of_it() {
    let seen = async |case: &Case| {
        let stage = Stage::new(&case.scripts);
        run!(stage, case, 0 a 1 b 2 c 3 d 4 e)
    };
    compare(cases(5), &FLAWS, seen, model);
}

#[test]
fn par_of_many_is_as_a_model_of_it() {
    let seen = async |case: &Case| {
        let stage = Stage::new(&case.scripts);
        run!(stage, case, 0 a 1 b 2 c 3 d 4 e 5 f 6 g 7 h 8 i 9 j)
    };
    compare(cases(10), &FLAWS, seen, model);
}
