//! Runs to make reports of. Not every test makes all of them.
#![allow(dead_code)]

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_orch::bus::{Bus, Recorder};
use async_orch::{BoxError, Context, Graph, Run, pipeline, task};

#[task]
async fn fetch(id: u32) -> String {
    tokio::time::sleep(Duration::from_millis(u64::from(id) * 10)).await;
    format!("record {id}")
}

#[task]
async fn save(cx: &Context<'_>, calls: &AtomicU32, text: String) -> Result<usize, String> {
    cx.note(format!("saving {text}"));
    match calls.fetch_add(1, Ordering::Relaxed) {
        1 => Err("disk <busy>".to_owned()),
        _ => Ok(text.len()),
    }
}

/// Three records, two at a time; the second that is saved fails once. It is watched by the bus, and by the recorder.
pub(crate) async fn records<B: Bus>(bus: B) -> (Recorder, Graph) {
    let calls = AtomicU32::new(0);
    let recorder = Recorder::new();
    let p = pipeline! {
        seq(name = "records") <
            par(limit = 2) < fetch(3) as "a" fetch(2) as "b" fetch(1) as "c" >
            |(a, b, c)| { vec![a, b, c] } as "all"
            each < retry(max_attempts = 3, backoff = constant(1s), jitter = none) < save(&calls, _) > >
        >
    };
    let graph = p.graph();
    (&p).with_bus((bus, &recorder)).run(()).await.unwrap();
    (recorder, graph)
}

/// Five calls of something that is down, behind a circuit that opens at the second.
pub(crate) async fn dead<B: Bus>(bus: B) -> Result<(), BoxError> {
    let p = pipeline! {
        |_: Vec<u32>|
        each(settle) < circuit(fail_max = 2) < |_| { Err::<u32, _>("connection refused") } as "call" > >
    };
    let results = p.with_bus(bus).run_as("a dead host", vec![1, 2, 3, 4, 5]).await?;
    assert!(results.iter().all(Result::is_err));
    Ok(())
}
