//! Durable runs: the same pipelines, gone through once more after every cut and in every order.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use async_orch::durable::{Fault, Mailbox, drive};
use async_orch::{BoxError, ErrorKind, Run, pipeline, task};
use engine::{Fake, Journal, is_crash};

mod engine;

#[task(durable)]
async fn double(n: u64) -> u64 {
    tokio::task::yield_now().await;
    n * 2
}

#[task(durable)]
fn fails(n: u64) -> Result<u64, String> {
    Err(format!("no {n}"))
}

/// One process: goes on with a journal, and leaves it.
async fn process<P: Run>(
    pipeline: &P,
    input: P::In,
    journal: Journal,
    seed: u64,
    ends_at: usize,
) -> (Journal, Result<Result<P::Out, async_orch::Error<P::Error>>, Fault>) {
    let mailbox = Mailbox::new(7);
    let mut engine = Fake::new(journal, seed);
    engine.ends_at = ends_at;
    let result = drive(&mailbox, pipeline.on(&mailbox).run(input), &mut engine).await;
    (engine.journal, result)
}

#[tokio::test]
async fn a_run_goes_to_its_end() {
    let p = pipeline! { |_: u64| seq < double par < double double > |(a, b)| { a + b } > };
    let (journal, result) = process(&p, 3, Journal::default(), 1, usize::MAX).await;
    assert_eq!(result.unwrap().unwrap(), 24);
    assert_eq!(journal.entries.len(), 6);
    for cut in 0..=6 {
        for seed in 0..40 {
            let (left, result) = process(&p, 3, Journal::default(), seed, cut).await;
            assert!(cut == 6 || is_crash(&result.unwrap_err()));
            let (_, result) = process(&p, 3, left, seed + 1, usize::MAX).await;
            assert_eq!(result.unwrap().unwrap(), 24);
        }
    }
}
