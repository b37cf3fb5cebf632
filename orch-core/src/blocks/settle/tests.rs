//! What `settle` gives, and what it costs.

use super::*;
use crate::build::builder::Builder;
use crate::build::plan::Plan;
use crate::error::BoxError;
use crate::node::Meta;
use crate::testing::{Recorder, at_once, block, inline_sync, step};

static SETTLE: Meta = block(0, None, "settle");
static WORK: Meta = step(1, Some(&SETTLE), "work");

macro_rules! settled {
    ($body:expr) => {{
        let builder = Builder::<(), u32, BoxError>::new();
        let (inner, feed) = enter(&builder, ());
        let body = inline_sync!(inner, &WORK, $body);
        Plan::of((), builder, settle(&builder, &SETTLE, Options { error: builder.error() }, feed, body))
            .pipeline()
    }};
}

#[test]
fn an_output_and_an_error_are_values() {
    let pipeline = settled!(|(), n| if n > 9 { Err("too much") } else { Ok(n) });
    assert_eq!(at_once(pipeline.run(1)).unwrap().unwrap(), 1);
    let error = at_once(pipeline.run(10)).unwrap().unwrap_err();
    assert_eq!(error.to_string(), "step `settle/work` failed: too much");
}

#[test]
fn it_succeeds_and_its_step_fails() {
    let recorder = Recorder::default();
    let pipeline = settled!(|(), n: u32| if n > 9 { Err("too much") } else { Ok(n) }).with_bus(&recorder);
    let _ = at_once(pipeline.run(10)).unwrap();
    let told = ["settle started", "settle/work running", "settle/work failed", "settle succeeded"];
    assert_eq!(recorder.take(), told);
}

#[test]
#[should_panic(expected = "oh")]
fn a_panic_is_no_error() {
    let _ = at_once(settled!(|(), n: u32| assert!(n == 0, "oh")).run(1));
}

#[test]
fn it_adds_nothing_to_its_body() {
    let builder = Builder::<(), u32, BoxError>::new();
    let alone = Plan::of((), builder, inline_sync!(builder, &WORK, |(), n: u32| n)).pipeline();
    let settled = settled!(|(), n: u32| n);
    assert_eq!(size_of_val(&settled.run(1)), size_of_val(&alone.run(1)));
}
