//! The block `delay`: a wait before the body.

use std::time::Duration;

use async_orch::bus::Recorder;
use async_orch::{Run, TaskState, pipeline, task};
use tokio::time::{Instant, timeout};

#[task]
fn double(n: u32) -> u32 {
    n * 2
}

#[tokio::test(start_paused = true)]
async fn delay_1_the_body_runs_after_the_wait() {
    let recorder = Recorder::new();
    let p = pipeline! { |_: u32| seq < delay(by = 2s) < double > double > };
    let before = Instant::now();
    assert_eq!((&p).with_bus(&recorder).run(1).await.unwrap(), 4);
    assert_eq!(before.elapsed(), Duration::from_secs(2));
    recorder.assert_balanced();
    assert_eq!(recorder.states("seq/delay"), [TaskState::Running, TaskState::Succeeded]);
    let starts = recorder.of("seq/delay/double");
    assert_eq!(starts[0].elapsed, Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn delay_2_dropped_while_it_waits_the_body_never_starts() {
    let recorder = Recorder::new();
    let p = pipeline! { |_: u32| delay(by = 2s) < double > };
    timeout(Duration::from_secs(1), (&p).with_bus(&recorder).run(1)).await.unwrap_err();
    recorder.assert_balanced();
    assert_eq!(recorder.states("delay"), [TaskState::Running, TaskState::Cancelled]);
    assert!(recorder.of("delay/double").is_empty());
}

#[tokio::test(start_paused = true)]
async fn delay_3_without_a_time_there_is_no_wait() {
    let p = pipeline! { |_: u32| delay < double > };
    let before = Instant::now();
    assert_eq!(p.run(1).await.unwrap(), 2);
    assert_eq!(before.elapsed(), Duration::ZERO);
}
