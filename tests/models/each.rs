//! `each`, over a collection and over a stream that takes its time. It is the model of `par`, over items.

use std::time::Duration;

use async_orch::pipeline;
use futures::stream::{self, BoxStream, StreamExt as _};
use proptest::prelude::*;
use tokio::time::sleep;

use crate::compare::compare;
use crate::par::{Case, FLAWS, cases, model};
use crate::stage::{Seen, Stage, UNIT, act, call_of};

macro_rules! run {
    ($case:ident, $items:expr, $($flag:ident)?) => {{
        let stage = Stage::new(&$case.scripts);
        let limit = $case.limit.unwrap_or(usize::MAX);
        if $case.settle {
            let p = pipeline! { seq < |()| { $items } each($($flag,)? limit = limit, settle) < act(&stage, _) > > };
            let result = |result: Result<usize, _>| result.map_err(|error| call_of(&error));
            stage.run(&p, $case.patience, |results| results.into_iter().map(result).collect()).await
        } else {
            let p = pipeline! { seq < |()| { $items } each($($flag,)? limit = limit) < act(&stage, _) > > };
            stage.run(&p, $case.patience, |outputs| outputs.into_iter().map(Ok).collect()).await
        }
    }};
}

#[test]
fn each_is_as_a_model_of_it() {
    let seen = async |case: &Case| -> Seen {
        let items = case.scripts.len();
        run!(case, 0..items,)
    };
    compare(cases(0..13), &FLAWS, seen, model);
}

#[test]
fn each_over_a_stream_is_as_a_model_of_it() {
    let gap = |item: usize, units: u64| if units == 0 { 0 } else { units * UNIT + (1 << (6 + item)) };
    let gaps = prop::collection::vec(0..3_u64, 6);
    let cases = (cases(0..7), gaps).prop_map(|(case, gaps)| {
        let gaps = (0..).zip(gaps).map(|(item, units)| gap(item, units)).collect();
        Case { gaps, ..case }
    });
    let seen = async |case: &Case| -> Seen {
        let coming: Vec<(usize, u64)> = (0..case.scripts.len()).zip(case.gaps.iter().copied()).collect();
        let items = || -> BoxStream<'static, usize> {
            let one = async |(item, gap)| {
                if gap > 0 {
                    sleep(Duration::from_millis(gap)).await;
                }
                item
            };
            stream::iter(coming.clone()).then(one).boxed()
        };
        run!(case, items(), stream)
    };
    compare(cases, &FLAWS, seen, model);
}
