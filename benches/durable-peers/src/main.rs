//! Durable runs of three tasks per second, in other libraries, as their own documentation writes such a thing; to be set beside what
//! `just bench-durable` prints.
//!
//! `durable-peers duroxide`: on SQLite, in the system's temporary directory (`TMPDIR`), with `synchronous = FULL`.
//! `durable-peers dbos URL`: on PostgreSQL, as the server at that address is set.

mod dbos_side;
mod duroxide_side;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const TURN: Duration = Duration::from_millis(250);
const TURNS: usize = 40;
const NOT_COUNTED: usize = 8;

/// Runs so many at once for as long as a turn is, again and again, and prints how many per second that were.
pub(crate) async fn measure(name: &str, at_once: u64, run: impl AsyncFn(u64)) {
    let count = AtomicU64::new(0);
    let mut turns = Vec::new();
    for turn in 0..TURNS {
        let (since, before) = (Instant::now(), count.load(Ordering::Relaxed));
        let one = async || {
            while since.elapsed() < TURN {
                run(count.fetch_add(1, Ordering::Relaxed)).await;
            }
        };
        futures::future::join_all((0..at_once).map(|_| one())).await;
        if turn >= NOT_COUNTED {
            let runs = count.load(Ordering::Relaxed) - before;
            turns.push(runs as f64 / since.elapsed().as_secs_f64());
        }
    }
    turns.sort_by(f64::total_cmp);
    let at = |share: usize| turns[(turns.len() - 1) * share / 10];
    println!("{name:>10} {at_once:>7} {:>8.0} ({:.0}–{:.0})", at(5), at(1), at(9));
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    println!("{:>10} {:>7} {:>8}", "library", "at once", "runs/s (80 %)");
    match arguments[..] {
        ["duroxide"] => runtime.block_on(duroxide_side::all()),
        ["dbos", url] => runtime.block_on(dbos_side::all(url)),
        _ => panic!("durable-peers duroxide, or durable-peers dbos URL"),
    }
}
