//! What `when` gives, tells and costs.

use super::*;
use crate::build::builder::Builder;
use crate::build::feed::Uses;
use crate::build::plan::Plan;
use crate::error::BoxError;
use crate::node::Meta;
use crate::testing::{Recorder, at_once, block, inline_sync, step};

static WHEN: Meta = block(0, None, "when");
static WORK: Meta = step(1, Some(&WHEN), "work");

macro_rules! conditional {
    ($condition:expr, $body:expr) => {{
        let builder = Builder::<(), u32, BoxError>::new();
        let (inner, gives) = enter(&builder, Uses);
        let body = inline_sync!(inner, &WORK, $body);
        let options =
            Options { error: builder.error(), condition: given::condition(builder.holds($condition)) };
        Plan::of((), builder, when(&builder, &WHEN, options, gives, body)).pipeline()
    }};
}

#[test]
fn it_gives_what_the_body_gives_or_what_is_piped() {
    let pipeline = conditional!(|(), n| *n > 9, |(), n| n / 2);
    assert_eq!(at_once(pipeline.run(10)).unwrap(), 5);
    assert_eq!(at_once(pipeline.run(9)).unwrap(), 9);
}

#[test]
fn its_end_says_that_it_was_skipped() {
    let recorder = Recorder::default();
    let pipeline = conditional!(|(), n| *n > 9, |(), n| n / 2).with_bus(&recorder);
    at_once(pipeline.run(10)).unwrap();
    let told = ["when started", "when/work running", "when/work succeeded", "when succeeded"];
    assert_eq!(recorder.take(), told);
    at_once(pipeline.run(9)).unwrap();
    assert_eq!(recorder.take(), ["when started", "when skipped"]);
}

#[test]
#[should_panic(expected = "oh")]
fn a_panic_of_the_condition_goes_through() {
    let _ = at_once(conditional!(|(), n| panic!("oh {n}"), |(), n| n).run(1));
}

#[test]
fn it_is_as_large_as_the_body_and_the_case() {
    let builder = Builder::<(), u32, BoxError>::new();
    let alone = Plan::of((), builder, inline_sync!(builder, &WORK, |(), n: u32| n)).pipeline();
    let conditional = conditional!(|(), n| *n > 9, |(), n: u32| n);
    assert!(size_of_val(&conditional.run(1)) <= size_of_val(&alone.run(1)) + size_of::<u64>());
}
