//! A process that is killed at any moment, again and again, and one that is started after it.
//!
//! `ORCH_KILLS=2000 cargo test -p orch-journal --test kill -- --nocapture` for more of them than by default.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use async_orch::durable::Coding;
use async_orch::{BoxError, Context, pipeline, task};
use orch_journal::{Journal, Keepable};

/// The folder of the process that is killed.
const FOLDER: &str = "ORCH_KILL_FOLDER";
/// The number of its runs.
const ROUND: &str = "ORCH_KILL_ROUND";

/// How many runs a process has under way, and how many tasks each of them at most.
const RUNS: u64 = 2;
const AT_ONCE: usize = 3;

/// Where the tasks themselves say that they begin and end: a file for each run. What is written is there when the process is killed.
#[derive(Clone)]
struct Log(Option<PathBuf>);

impl Log {
    fn line(&self, word: &str, cx: &Context<'_>) {
        let Some(folder) = &self.0 else { return };
        let (position, key) = (cx.position().expect("a run has positions"), cx.key().expect("it has a key"));
        let line = format!("{word} {position}\n");
        let mut file = fs::OpenOptions::new().create(true).append(true).open(folder.join(key)).unwrap();
        file.write_all(line.as_bytes()).unwrap();
    }

    async fn work(&self, cx: &Context<'_>, n: u64) {
        self.line("begin", cx);
        tokio::time::sleep(Duration::from_millis(n % 5)).await;
        self.line("end", cx);
    }
}

#[task(durable)]
async fn add(cx: &Context<'_>, log: Log, n: u64) -> u64 {
    log.work(cx, n).await;
    n + 1
}

#[task(durable(error = Coding::text(std::io::Error::other)))]
async fn flaky(cx: &Context<'_>, log: Log, n: u64) -> std::io::Result<u64> {
    log.work(cx, n).await;
    if cx.attempt() < 3 { Err(std::io::Error::other("not yet")) } else { Ok(n * 2) }
}

#[task(durable(error = Coding::text(std::io::Error::other)))]
async fn fails(cx: &Context<'_>, log: Log, n: u64) -> std::io::Result<u64> {
    log.work(cx, n).await;
    Err(std::io::Error::other("never"))
}

#[task(durable)]
async fn slow(cx: &Context<'_>, log: Log) -> u64 {
    log.line("begin", cx);
    std::future::pending().await
}

fn order(log: Log) -> impl Keepable<In = u64, Out = u64, Error = BoxError> + 'static {
    pipeline! {
        let log = log;
        |_: u64|
        seq(name = "order") <
            add(log.clone(), _) as "reserve"
            par <
                seq < add(log.clone(), _) as "one" add(log.clone(), _) as "two" >
                retry(max_attempts = 3, backoff = constant(3ms)) < flaky(log.clone(), _) >
                timeout(60s) < circuit < add(log.clone(), _) as "three" > >
            >
            |(a, b, c)| { vec![a, b, c, a + b, b + c] }
            each(limit = 3) < add(log.clone(), _) as "item" >
            |all| { all.into_iter().sum::<u64>() }
            fallback <
                fails(log.clone(), _)
                timeout(8ms) < slow(log.clone()) >
                add(log.clone(), _) as "other"
            >
            add(log.clone(), _) as "confirm"
        >
    }
}

fn journal(folder: &Path) -> Journal {
    // By its name it takes over at once from the one that was killed.
    Journal::options().owner("worker").open(folder.join("runs.db")).unwrap()
}

fn keys(round: u64) -> impl Iterator<Item = (String, u64)> {
    (0..RUNS).map(move |run| (format!("order-{round}-{run}"), round * RUNS + run))
}

#[test]
#[ignore = "the process that is killed, started by the test"]
fn process() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let (folder, round) = (PathBuf::from(folder), std::env::var(ROUND).unwrap().parse().unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let journal = journal(&folder);
        let orders = journal.serve("order", order(Log(Some(folder))));
        orders.recover().await.unwrap();
        let mut runs = Vec::new();
        for (key, input) in keys(round) {
            // One that was recovered is waited for.
            runs.push(orders.start(&key, input).await.unwrap());
        }
        for run in runs {
            run.await.unwrap();
        }
    });
}

/// The steps of which it is written down in what a killed process has left that they have ended. It is looked at in a copy, as to open
/// it changes it.
fn finished(folder: &Path) -> BTreeMap<String, BTreeSet<String>> {
    let copy = tempfile::tempdir().unwrap();
    let mut finished: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for name in ["runs.db", "runs.db-wal"] {
        if fs::copy(folder.join(name), copy.path().join(name)).is_err() && name == "runs.db" {
            return finished;
        }
    }
    let conn = rusqlite::Connection::open(copy.path().join("runs.db")).unwrap();
    let select = "SELECT key, asked.asked FROM runs
        JOIN entries asked ON asked.run = runs.id AND asked.asked LIKE 'run %'
        JOIN entries ended ON ended.run = runs.id AND ended.command = asked.command AND ended.done IS NOT NULL";
    // There may be no table yet.
    let Ok(mut select) = conn.prepare(select) else { return finished };
    let mut rows = select.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let (key, asked): (String, String) = (row.get(0).unwrap(), row.get(1).unwrap());
        let step = asked.split(' ').nth(1).unwrap();
        finished.entry(key).or_default().insert(step.to_owned());
    }
    finished
}

/// The steps that have begun, in the order in which they have; `from` which line on.
fn begun(folder: &Path, key: &str, from: usize) -> Vec<String> {
    let text = fs::read_to_string(folder.join(key)).unwrap_or_default();
    text.lines().skip(from).filter_map(|line| line.strip_prefix("begin ")).map(str::to_owned).collect()
}

fn lines(folder: &Path, key: &str) -> usize {
    fs::read_to_string(folder.join(key)).unwrap_or_default().lines().count()
}

fn start(folder: &Path, round: u64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["process", "--exact", "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .env(ROUND, round.to_string())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

#[derive(Debug, Default)]
struct Figures {
    rounds: u64,
    kills: u64,
    /// Those of them at which tasks had begun.
    in_the_middle: u64,
    begun: usize,
    /// The tasks that had finished, at all starts of processes together.
    finished_before: usize,
    twice: usize,
    most_twice: usize,
}

#[test]
fn a_process_that_is_killed_loses_nothing_and_repeats_nothing_that_had_finished() {
    let kills: u64 = std::env::var("ORCH_KILLS").map_or(25, |kills| kills.parse().unwrap());
    let mut place = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let seed = RandomState::new().hash_one(kills);
    println!("seed {seed}");
    let mut random = seed;
    let mut figures = Figures::default();
    let since = Instant::now();
    // How long a process needs that is not killed.
    let mut whole = Duration::from_millis(100);
    while figures.kills < kills {
        let round = figures.rounds;
        // A small file is looked at sooner.
        if round > 0 && round.is_multiple_of(20) {
            place = tempfile::tempdir().unwrap();
        }
        let folder = place.path();
        let mut processes = 0;
        loop {
            let before = finished(folder);
            let from: Vec<usize> = keys(round).map(|(key, _)| lines(folder, &key)).collect();
            let had_begun: Vec<Vec<String>> = keys(round).map(|(key, _)| begun(folder, &key, 0)).collect();
            let started = Instant::now();
            let mut child = start(folder, round);
            processes += 1;
            assert!(processes < 1_000, "round {round} comes to no end");
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let delay = whole.mul_f64((random >> 33) as f64 / f64::from(1_u32 << 31));
            let ended = loop {
                if let Some(status) = child.try_wait().unwrap() {
                    assert!(status.success(), "round {round}: {status}");
                    break true;
                }
                if figures.kills < kills && started.elapsed() >= delay {
                    // SIGKILL.
                    child.kill().unwrap();
                    let killed = !child.wait().unwrap().success();
                    figures.kills += u64::from(killed);
                    break !killed;
                }
                std::thread::sleep(Duration::from_micros(300));
            };
            let mut again = 0;
            for (at, (key, _)) in keys(round).enumerate() {
                let begun = begun(folder, &key, from[at]);
                if let Some(finished) = before.get(&key) {
                    assert!(finished.iter().all(|step| had_begun[at].contains(step)), "{finished:?}");
                    figures.finished_before += finished.len();
                    let wrong: Vec<_> = begun.iter().filter(|step| finished.contains(*step)).collect();
                    assert!(wrong.is_empty(), "{key}: {wrong:?} had finished, seed {seed}");
                }
                let twice = begun.iter().filter(|step| had_begun[at].contains(step)).count();
                assert!(twice <= AT_ONCE, "{key}: {begun:?} after {:?}, seed {seed}", had_begun[at]);
                let distinct: BTreeSet<_> = begun.iter().collect();
                assert_eq!(distinct.len(), begun.len(), "{key}: {begun:?}, seed {seed}");
                again += twice;
                figures.begun += begun.len();
                figures.in_the_middle += u64::from(!ended && at == 0 && !begun.is_empty());
            }
            figures.twice += again;
            figures.most_twice = figures.most_twice.max(again);
            if ended {
                if processes == 1 {
                    whole = started.elapsed();
                }
                break;
            }
        }
        // The result is that of a run that is not durable at all, and is there.
        for (key, input) in keys(round) {
            let right =
                runtime.block_on(async_orch::Run::run(&order(Log(None)), input)).unwrap_or_else(|_| panic!());
            let written: u64 = runtime.block_on(journal(folder).attach(&key)).unwrap();
            assert_eq!(written, right, "{key}, seed {seed}");
        }
        figures.rounds += 1;
    }
    println!("{figures:?} in {:?}", since.elapsed());
    assert!(figures.in_the_middle * 3 >= kills, "most were killed before they had begun: {figures:?}");
    assert!(figures.twice > 0 || kills < 20, "none was killed in a task: {figures:?}");
}
