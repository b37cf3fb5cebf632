//! Rule 5: blocks start before and end after the steps inside them.

use std::time::Duration;

use async_orch::bus::Recorder;
use async_orch::{Run, pipeline};

use super::{double, forever, poll, refuse, sleep, told};

#[tokio::test(start_paused = true)]
async fn rule_5_a_parent_starts_before_and_ends_after_its_children() {
    let recorder = Recorder::new();
    let p =
        pipeline! { |_: u32| seq < timeout(1s) < retry < circuit < catch < par < double double > > > > > > };
    (&p).with_bus(&recorder).run(1).await.unwrap();
    let told = told(&recorder);
    let blocks = ["seq", "seq/timeout", "seq/timeout/retry", "seq/timeout/retry/circuit"];
    for (depth, block) in blocks.iter().enumerate() {
        assert_eq!(told[depth], format!("{block} running"));
        assert_eq!(told[told.len() - 1 - depth], format!("{block} succeeded"));
    }
    recorder.assert_balanced();
}

#[tokio::test]
async fn rule_5_in_a_drop_the_tasks_are_cancelled_and_then_the_blocks() {
    let recorder = Recorder::new();
    let p = pipeline! {
        seq < timeout(1s) < par < forever() as "a" seq < forever() as "b" > forever() as "c" > > >
    };
    let p = p.with_bus(&recorder);
    let mut run = Box::pin(p.run(()));
    assert!(poll(run.as_mut()).is_pending());
    let before = recorder.events().len();
    drop(run);
    assert_eq!(
        told(&recorder)[before..],
        [
            "seq/timeout/par/a cancelled",
            "seq/timeout/par/seq/b cancelled",
            "seq/timeout/par/seq cancelled",
            "seq/timeout/par/c cancelled",
            "seq/timeout/par cancelled",
            "seq/timeout cancelled",
            "seq cancelled",
        ]
    );
    recorder.assert_balanced();
}

#[tokio::test(start_paused = true)]
async fn rule_5_siblings_are_cancelled_before_the_block_fails() {
    let recorder = Recorder::new();
    let p = pipeline! { par < forever() as "a" seq < sleep(1) refuse() > forever() as "c" > };
    (&p).with_bus(&recorder).run(()).await.unwrap_err();
    let told = told(&recorder);
    assert_eq!(
        told[told.len() - 5..],
        ["par/seq/refuse failed", "par/seq failed", "par/a cancelled", "par/c cancelled", "par failed"]
    );
    recorder.assert_balanced();
}

#[tokio::test(start_paused = true)]
async fn rule_5_items_are_cancelled_before_their_each_fails() {
    let recorder = Recorder::new();
    let p = pipeline! {
        |_: Vec<u64>|
        each < sleep |n| { if n == 2 { Err("two") } else { Ok(n) } } as "check" sleep >
    };
    (&p).with_bus(&recorder).run(vec![2, 9, 9]).await.unwrap_err();
    let told = told(&recorder);
    let failed = told.iter().position(|line| line == "each/check failed").unwrap();
    assert!(told[failed + 1..told.len() - 1].iter().all(|line| line == "each/sleep cancelled"), "{told:#?}");
    assert_eq!(told.len() - failed, 4, "two siblings, and the block");
    assert_eq!(told.last().unwrap(), "each failed");
    recorder.assert_balanced();
}

#[tokio::test(start_paused = true)]
async fn rule_5_a_timeout_cancels_its_body_before_it_fails() {
    let recorder = Recorder::new();
    let p = pipeline! { timeout(5ms) < par < forever() seq < forever() > > > };
    (&p).with_bus(&recorder).run(()).await.unwrap_err();
    assert_eq!(
        told(&recorder)[5..],
        [
            "timeout/par/forever cancelled",
            "timeout/par/seq/forever cancelled",
            "timeout/par/seq cancelled",
            "timeout/par cancelled",
            "timeout failed",
        ]
    );
    let failed = recorder.of("timeout").pop().unwrap();
    assert_eq!((failed.elapsed, failed.reason()), (Duration::from_millis(5), Some("timed out")));
    recorder.assert_balanced();
}

#[tokio::test(start_paused = true)]
async fn rule_5_a_run_dropped_in_a_backoff_ends_the_retry() {
    let recorder = Recorder::new();
    let p = pipeline! { seq < retry(backoff = constant(1s)) < refuse() > > };
    let p = p.with_bus(&recorder);
    let mut run = Box::pin(p.run(()));
    assert!(poll(run.as_mut()).is_pending());
    drop(run);
    assert_eq!(
        told(&recorder)[3..],
        ["seq/retry/refuse failed", "seq/retry retrying", "seq/retry cancelled", "seq cancelled"]
    );
    recorder.assert_balanced();
}

#[tokio::test(start_paused = true)]
async fn rule_5_with_settle_the_block_succeeds_over_failed_children() {
    let recorder = Recorder::new();
    let p = pipeline! { par(settle) < refuse() sleep(1) > };
    let (first, second) = (&p).with_bus(&recorder).run(()).await.unwrap();
    assert!(first.is_err() && second.is_ok());
    assert_eq!(
        told(&recorder)[2..],
        ["par/refuse failed", "par/sleep running", "par/sleep succeeded", "par succeeded"]
    );
}
