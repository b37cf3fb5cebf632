//! Durable runs of three tasks per second, beside a bare transaction of SQLite for each task.
//!
//! `cargo bench -p orch-journal --bench throughput`: the file is in the system's temporary directory (`TMPDIR`), and what is measured is mostly its
//! disk. The bare side is one thread and one connection, which nothing else waits for; it does not get faster with more at once.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_orch::{pipeline, task};
use orch_journal::Journal;

/// For how long each is measured.
const TIME: Duration = Duration::from_secs(4);

#[task(durable)]
async fn add(n: u64) -> u64 {
    n + 1
}

/// Runs per second and transactions per run.
fn durable(path: &Path, at_once: u64) -> (f64, f64) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let journal = Journal::open(path).unwrap();
        let order = Arc::new(pipeline! { |_: u64| seq(name = "order") < add add add > });
        let count = Arc::new(AtomicU64::new(0));
        let since = Instant::now();
        let mut all = tokio::task::JoinSet::new();
        for worker in 0..at_once {
            let (journal, order, count) = (journal.clone(), order.clone(), count.clone());
            all.spawn(async move {
                let mut n = 0;
                while since.elapsed() < TIME {
                    let key = format!("order-{worker}-{n}");
                    assert_eq!(journal.run(&key, &*order, n).await.unwrap(), n + 3);
                    count.fetch_add(1, Ordering::Relaxed);
                    n += 1;
                }
            });
        }
        all.join_all().await;
        let runs = count.load(Ordering::Relaxed) as f64;
        (runs / since.elapsed().as_secs_f64(), journal.commits() as f64 / runs)
    })
}

/// What would be three tasks per second, each written down in a transaction of its own.
fn bare(path: &Path) -> f64 {
    let conn = rusqlite::Connection::open(path).unwrap();
    conn.pragma_update(None, "journal_mode", "wal").unwrap();
    conn.pragma_update(None, "synchronous", "full").unwrap();
    conn.execute_batch(
        "CREATE TABLE leafs (run INTEGER, seq INTEGER, done TEXT, PRIMARY KEY (run, seq)) WITHOUT ROWID",
    )
    .unwrap();
    let mut insert = conn.prepare("INSERT INTO leafs VALUES (?1, ?2, ?3)").unwrap();
    let (since, mut runs) = (Instant::now(), 0_i64);
    while since.elapsed() < TIME {
        for seq in 0..3 {
            insert.execute((runs, seq, "ok:4")).unwrap();
        }
        runs += 1;
    }
    runs as f64 / since.elapsed().as_secs_f64()
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    println!(
        "{:>8} {:>12} {:>12} {:>8} {:>16}",
        "at once", "durable/s", "bare/s", "ratio", "commits per run"
    );
    for at_once in [1, 16, 64] {
        let bare = bare(&folder.path().join(format!("bare-{at_once}.db")));
        let (durable, commits) = durable(&folder.path().join(format!("runs-{at_once}.db")), at_once);
        println!("{at_once:>8} {durable:>12.0} {bare:>12.0} {:>8.2} {commits:>16.2}", durable / bare);
    }
}
