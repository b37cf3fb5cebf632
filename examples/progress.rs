//! A tree of bars: what a run is doing, on a terminal.
//!
//! `cargo run --example progress`; with `| cat` at the end, or in a log, lines instead. It takes some seconds.

use std::io;
use std::time::Duration;

use async_orch::progress::ProgressBus;
use async_orch::{BoxError, Breaker, Context, pipeline, task};
use tokio::time::sleep;

/// How a package is fetched: some are slow, and each seventh is there only when it is asked for again.
#[task]
async fn fetch(cx: &Context<'_>, package: u64) -> io::Result<Vec<u8>> {
    sleep(Duration::from_millis(60 + package * 37 % 240)).await;
    if package % 7 == 3 && cx.attempt() == 1 {
        return Err(io::Error::other("connection reset"));
    }
    Ok(vec![0; 64 + package as usize])
}

#[task]
async fn unpack(cx: &Context<'_>, packages: Vec<Vec<u8>>) -> usize {
    let total = packages.iter().map(Vec::len).sum::<usize>();
    for done in 1..=20 {
        sleep(Duration::from_millis(60)).await;
        cx.progress(done * total as u64 / 20, total as u64);
        if done == 10 {
            cx.note("half of it");
        }
    }
    total
}

#[task]
async fn report(_size: usize) -> io::Result<()> {
    Err(io::Error::other("the statistics are down for maintenance"))
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let statistics = Breaker::builder().fail_max(1).reset_timeout(Duration::from_secs(60)).build();
    let install = pipeline! {
        |_: Vec<u64>|
        seq(name = "install") <
            each(limit = 6) < timeout(5s) < retry(max_attempts = 3, backoff = constant(700ms)) < fetch > > >
            let size = unpack
            // It may fail: what is installed is installed.
            settle < circuit(breaker = &statistics) < report(*size) > >
            async |_| { sleep(Duration::from_millis(1_500)).await } as "index"
            |()| { *size }
        >
    };
    let install = install.with_bus(ProgressBus::new());
    let size = install.run((0..60).collect()).await?;
    assert_eq!(size, (0..60).map(|package| 64 + package).sum::<usize>());
    Ok(())
}
