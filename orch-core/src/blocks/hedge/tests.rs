//! What `hedge` tells and what it costs.

use std::time::Duration;

use super::*;
use crate::build::builder::Builder;
use crate::build::feed::Ignores;
use crate::build::plan::Plan;
use crate::error::BoxError;
use crate::node::Meta;
use crate::testing::{Recorder, at_once, block, inline_async, inline_sync, step};

static HEDGE: Meta = block(0, None, "hedge");
static WORK: Meta = step(1, Some(&HEDGE), "work");

macro_rules! hedged {
    ($max_attempts:expr, $step:ident!($($body:tt)*)) => {{
        let builder = Builder::<(), (), BoxError>::new();
        let (inner, feed) = enter(&builder, Ignores);
        let body = $step!(inner, &WORK, $($body)*);
        let values = Values { delay: Duration::from_millis(50), max_attempts: $max_attempts };
        let options = Options { error: builder.error(), values: builder.once(values, &HEDGE) };
        Plan::of((), builder, hedge(&builder, &HEDGE, options, feed, body)).pipeline()
    }};
}

#[test]
fn a_body_that_never_waits_needs_no_clock() {
    let recorder = Recorder::default();
    let pipeline = hedged!(2, inline_sync!(|(), ()| 3_u32)).with_bus(&recorder);
    assert_eq!(at_once(pipeline.run(())).unwrap(), 3);
    assert_eq!(
        recorder.take(),
        ["hedge started", "hedge/work running", "hedge/work succeeded", "hedge succeeded"]
    );
}

#[tokio::test(start_paused = true)]
async fn the_second_attempt_starts_when_the_delay_has_passed_and_the_loser_is_told_of_first() {
    let calls = std::sync::atomic::AtomicU32::new(0);
    let recorder = Recorder::default();
    let pipeline = hedged!(
        2,
        inline_async!(|(), ()| {
            let call = calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            async move {
                tokio::time::sleep(Duration::from_millis(if call == 0 { 200 } else { 10 })).await;
                call
            }
        })
    )
    .with_bus(&recorder);
    assert_eq!(pipeline.run(()).await.unwrap(), 1);
    let told = [
        "hedge started",
        "hedge/work running",
        "hedge no answer in 50ms, attempt 2 starts",
        "hedge/work running [2]",
        "hedge/work succeeded [2]",
        "hedge/work cancelled",
        "hedge succeeded",
    ];
    assert_eq!(recorder.take(), told);
}

#[test]
#[should_panic(expected = "`max_attempts` must be at least 2, at test.rs:1:1")]
fn fewer_than_two_attempts_panic() {
    let _ = hedged!(1, inline_sync!(|(), ()| ()));
}

#[test]
fn it_adds_little_to_its_body() {
    let pipeline = hedged!(
        2,
        inline_async!(|(), ()| async {
            let held = [1_u8; 1000];
            std::future::pending::<()>().await;
            held[0]
        })
    );
    let size = size_of_val(&pipeline.run(()));
    assert!((1000..1400).contains(&size), "{size}");
}
