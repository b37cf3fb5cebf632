//! What `delay` tells, and on whose clock it waits.

use std::time::Duration;

use super::*;
use crate::build::builder::Builder;
use crate::build::plan::Plan;
use crate::error::BoxError;
use crate::node::Meta;
use crate::testing::{Recorder, at_once, block, inline_sync, step};

static DELAY: Meta = block(0, None, "delay");
static WORK: Meta = step(1, Some(&DELAY), "work");

macro_rules! delayed {
    ($by:expr) => {{
        let builder = Builder::<(), u32, BoxError>::new();
        let (inner, feed) = enter(&builder, ());
        let body = inline_sync!(inner, &WORK, |(), n: u32| n + 1);
        let options = Options { error: builder.error(), values: builder.once(Values { by: $by }, &DELAY) };
        Plan::of((), builder, delay(&builder, &DELAY, options, feed, body)).pipeline()
    }};
}

#[tokio::test(start_paused = true)]
async fn the_body_starts_when_the_wait_is_over() {
    let recorder = Recorder::default();
    let pipeline = delayed!(given::by((Duration::from_secs(1),))).with_bus(&recorder);
    let before = tokio::time::Instant::now();
    assert_eq!(pipeline.run(1).await.unwrap(), 2);
    assert_eq!(before.elapsed(), Duration::from_secs(1));
    let told = ["delay started", "delay/work running", "delay/work succeeded", "delay succeeded"];
    assert_eq!(recorder.take(), told);
}

#[test]
fn without_a_time_there_is_no_timer() {
    // There is no tokio here to have one.
    assert_eq!(at_once(delayed!(default::by()).run(1)).unwrap(), 2);
}
