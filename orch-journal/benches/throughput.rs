//! Durable runs of three tasks per second, beside a bare transaction of SQLite for each task.
//!
//! `cargo bench -p orch-journal --bench throughput`: the files are in the system's temporary directory (`TMPDIR`), and what is measured is
//! mostly its disk, which others use too. So both sides take turns, a quarter of a second each, and each turn is compared with the
//! one beside it. The bare side is one thread and one connection, and nothing waits for it; it does not get faster with more at once.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_orch::{pipeline, task};
use orch_journal::Journal;

const TURN: Duration = Duration::from_millis(250);
/// How often each has its turn. The first ones are not counted: the write-ahead log grows to its size by then.
const TURNS: usize = 40;
const NOT_COUNTED: usize = 8;

#[task(durable)]
async fn add(n: u64) -> u64 {
    n + 1
}

/// What would be three tasks, each written down in a transaction of its own.
struct Bare {
    conn: rusqlite::Connection,
    runs: i64,
}

impl Bare {
    fn new(path: &Path) -> Self {
        let conn = rusqlite::Connection::open(path).unwrap();
        conn.pragma_update(None, "journal_mode", "wal").unwrap();
        conn.pragma_update(None, "synchronous", "full").unwrap();
        let table =
            "CREATE TABLE leafs (run INTEGER, seq INTEGER, done TEXT, PRIMARY KEY (run, seq)) WITHOUT ROWID";
        conn.execute_batch(table).unwrap();
        Bare { conn, runs: 0 }
    }

    /// Runs per second.
    fn turn(&mut self) -> f64 {
        let mut insert = self.conn.prepare_cached("INSERT INTO leafs VALUES (?1, ?2, ?3)").unwrap();
        let (since, before) = (Instant::now(), self.runs);
        while since.elapsed() < TURN {
            for seq in 0..3 {
                insert.execute((self.runs, seq, "ok:4")).unwrap();
            }
            self.runs += 1;
        }
        (self.runs - before) as f64 / since.elapsed().as_secs_f64()
    }
}

/// The same as a pipeline, so many of them at once.
async fn durable<P>(journal: &Journal, order: &Arc<P>, at_once: u64, count: &Arc<AtomicU64>) -> f64
where
    P: orch_journal::Keepable<In = u64, Out = u64> + 'static,
{
    let (since, before) = (Instant::now(), count.load(Ordering::Relaxed));
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..at_once {
        let (journal, order, count) = (journal.clone(), order.clone(), count.clone());
        all.spawn(async move {
            while since.elapsed() < TURN {
                let n = count.fetch_add(1, Ordering::Relaxed);
                assert!(matches!(journal.run(&format!("order-{n}"), &*order, n).await, Ok(m) if m == n + 3));
            }
        });
    }
    all.join_all().await;
    (count.load(Ordering::Relaxed) - before) as f64 / since.elapsed().as_secs_f64()
}

/// The median, and between which the middle eight tenths are.
fn median(all: impl Iterator<Item = f64>) -> (f64, f64, f64) {
    let mut all: Vec<f64> = all.collect();
    all.sort_by(f64::total_cmp);
    let at = |share: usize| all[(all.len() - 1) * share / 10];
    (at(5), at(1), at(9))
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    println!(
        "{:>7} {:>20} {:>20} {:>18} {:>16}",
        "at once", "durable/s (80 %)", "bare/s (80 %)", "ratio (80 %)", "commits per run"
    );
    for at_once in [1, 16, 64] {
        let mut bare = Bare::new(&folder.path().join(format!("bare-{at_once}.db")));
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let journal = Journal::open(folder.path().join(format!("runs-{at_once}.db"))).unwrap();
            let order = Arc::new(pipeline! { |_: u64| seq(name = "order") < add add add > });
            let count = Arc::new(AtomicU64::new(0));
            let mut turns = Vec::new();
            for _ in 0..TURNS {
                turns.push((durable(&journal, &order, at_once, &count).await, bare.turn()));
            }
            let commits = journal.commits() as f64 / count.load(Ordering::Relaxed) as f64;
            let turns = turns.split_off(NOT_COUNTED);
            let [d, b, r] = [
                median(turns.iter().map(|turn| turn.0)),
                median(turns.iter().map(|turn| turn.1)),
                median(turns.iter().map(|turn| turn.0 / turn.1)),
            ];
            let shown = |(mid, low, high): (f64, f64, f64)| format!("{mid:.0} ({low:.0}–{high:.0})");
            let ratio = format!("{:.2} ({:.2}–{:.2})", r.0, r.1, r.2);
            println!("{at_once:>7} {:>20} {:>20} {ratio:>18} {commits:>16.2}", shown(d), shown(b));
        });
    }
}
