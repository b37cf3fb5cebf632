//! The block `each`.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use async_orch::{pipeline, task};
use tokio::sync::{Notify, Semaphore};
use tokio::time::{Instant, sleep};

use common::{Census, Log, Oops, Trace, at_once, every_execution_ends_once, poll_once};

mod common;

const SECOND: Duration = Duration::from_secs(1);

#[task]
async fn double(n: u64) -> u64 {
    n * 2
}

/// Takes as many seconds as it is told, and gives them back.
#[task]
async fn wait(log: Log, secs: u64) -> u64 {
    log.add(format!("+{secs}"));
    sleep(SECOND * secs as u32).await;
    log.add(format!("-{secs}"));
    secs
}

#[task]
async fn live(census: Census, secs: u64) {
    let _live = census.enter();
    sleep(SECOND * secs as u32).await;
}

#[task]
async fn odd(log: Log, n: u64) -> Result<u64, Oops> {
    log.add(n);
    if n % 2 == 1 { Ok(n) } else { Err(Oops("even")) }
}

#[test]
fn outputs_are_in_input_order_and_the_body_runs_once_per_item() {
    let p = pipeline! { |_: Vec<u64>| each < double |n| { n + 1 } > };
    assert_eq!(at_once(p.run(vec![3, 1, 2])).unwrap(), [7, 3, 5]);
}

#[test]
fn no_items_give_no_outputs() {
    let p = pipeline! { |_: Vec<u64>| each(limit = 3) < double > };
    assert!(at_once(p.run(Vec::new())).unwrap().is_empty());
    let p = pipeline! { |_: Vec<u64>| each(settle) < double > };
    assert!(at_once(p.run(Vec::new())).unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn outputs_are_in_input_order_whatever_finishes_first() {
    let log = Log::default();
    let p = pipeline! { let log = log.clone(); |_: Vec<u64>| each < wait(log.clone(), _) > };
    let begin = Instant::now();
    assert_eq!(p.run(vec![3, 1, 2]).await.unwrap(), [3, 1, 2]);
    assert_eq!(log.take(), ["+3", "+1", "+2", "-1", "-2", "-3"]);
    assert_eq!(begin.elapsed(), SECOND * 3);
}

#[tokio::test(start_paused = true)]
async fn par_1_items_start_in_order_at_most_limit_at_once() {
    let log = Log::default();
    let p = pipeline! { let log = log.clone(); |_: Vec<u64>| each(limit = 2) < wait(log.clone(), _) > };
    assert_eq!(p.run(vec![3, 1, 4, 6, 5]).await.unwrap(), [3, 1, 4, 6, 5]);
    assert_eq!(log.take(), ["+3", "+1", "-1", "+4", "-3", "+6", "-4", "+5", "-6", "-5"]);
}

#[tokio::test(start_paused = true)]
async fn par_1_every_limit_holds() {
    for (limit, items, expected) in
        [(1, 5, 1), (3, 10, 3), (8, 100, 8), (9, 100, 9), (64, 200, 64), (usize::MAX, 300, 300)]
    {
        let census = Census::default();
        let p = pipeline! {
            let census = census.clone();
            |_: Vec<u64>| each(limit = limit) < live(census.clone(), _) >
        };
        p.run((0..items).map(|n| 1 + n % 4).collect()).await.unwrap();
        assert_eq!((census.most(), census.made(), census.alive()), (expected, items as usize, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn par_1_without_a_limit_all_run_at_once() {
    let census = Census::default();
    let p = pipeline! { let census = census.clone(); |_: Vec<u64>| each < live(census.clone(), _) > };
    let begin = Instant::now();
    p.run(vec![1; 5_000]).await.unwrap();
    assert_eq!((census.most(), begin.elapsed()), (5_000, SECOND));
}

#[test]
fn par_1_a_freed_slot_starts_the_next_item_in_the_same_poll() {
    let (gate, log) = (Notify::new(), Log::default());
    let p = pipeline! {
        |_: Vec<u32>|
        each(limit = 2) < async |n| {
            log.add(n);
            match n {
                0 => gate.notified().await,
                1 | 4 => pending().await,
                _ => {}
            }
        } >
    };
    let mut run = Box::pin(p.run((0..6).collect()));
    assert!(poll_once(run.as_mut()).is_pending());
    assert_eq!(log.take(), ["0", "1"]);
    gate.notify_one();
    assert!(poll_once(run.as_mut()).is_pending());
    assert_eq!(log.take(), ["2", "3", "4"]);
}

#[tokio::test(start_paused = true)]
async fn par_2_the_first_failure_drops_the_running_items_in_the_same_poll() {
    let census = Census::default();
    let p = pipeline! {
        let census = census.clone();
        |_: Vec<u64>|
        each <
            async |n| {
                let _live = census.enter();
                sleep(SECOND * n as u32).await;
                if n == 2 { Err(Oops("two")) } else { Ok(n) }
            }
        >
    };
    let begin = Instant::now();
    let error = p.run(vec![9, 1, 2, 8, 3]).await.unwrap_err();
    assert_eq!((census.made(), census.alive(), begin.elapsed()), (5, 0, SECOND * 2));
    assert_eq!(error.path(), "each/inline");
}

#[tokio::test(start_paused = true)]
async fn par_2_the_running_items_are_cancelled_before_the_block_fails() {
    let trace = Trace::default();
    let p = pipeline! {
        |_: Vec<u64>|
        each(limit = 3) < circuit < async |n| {
            sleep(SECOND * n as u32).await;
            if n == 1 { Err(Oops("one")) } else { Ok(n) }
        } > >
    };
    p.with_bus(&trace).run(vec![5, 1, 7, 9]).await.unwrap_err();
    let events = trace.take();
    every_execution_ends_once(&events);
    let ends: Vec<String> = events
        .iter()
        .filter(|seen| seen.what.is_terminal())
        .map(|seen| format!("{:?} {} {}", seen.item, seen.path, seen.what))
        .collect();
    assert_eq!(
        ends,
        [
            "Some(1) each/circuit/inline failed",
            "Some(1) each/circuit failed",
            "Some(0) each/circuit/inline cancelled",
            "Some(0) each/circuit cancelled",
            "Some(2) each/circuit/inline cancelled",
            "Some(2) each/circuit cancelled",
            "None each failed",
        ]
    );
}

#[test]
fn par_2_no_further_item_starts_after_a_failure() {
    let log = Log::default();
    let p = pipeline! { |_: std::ops::RangeFrom<u64>| each(limit = 4) < odd(log.clone(), _) > };
    assert_eq!(at_once(p.run(1..)).unwrap_err().downcast_ref(), Some(&Oops("even")));
    assert_eq!(log.take(), ["1", "2"]);
}

#[tokio::test(start_paused = true)]
async fn par_2_the_first_error_in_time_is_the_blocks() {
    let p = pipeline! {
        |_: Vec<u64>|
        each < async |n| {
            sleep(SECOND * n as u32).await;
            Err::<(), _>(Oops(if n == 1 { "first" } else { "later" }))
        } >
    };
    assert_eq!(p.run(vec![3, 2, 1]).await.unwrap_err().downcast_ref(), Some(&Oops("first")));
}

#[test]
fn par_3_settle_gives_every_result_in_input_order() {
    let log = Log::default();
    let p = pipeline! { |_: Vec<u64>| each(settle, limit = 2) < odd(log.clone(), _) > };
    let results = at_once(p.run(vec![1, 2, 3, 4, 5])).unwrap();
    let shown: Vec<String> =
        results.iter().map(|result| result.as_ref().map_or_else(|e| e.to_string(), u64::to_string)).collect();
    assert_eq!(shown, ["1", "step `each[1]/odd` failed: even", "3", "step `each[3]/odd` failed: even", "5"]);
    assert_eq!(log.take(), ["1", "2", "3", "4", "5"]);
}

#[tokio::test(start_paused = true)]
async fn par_4_only_items_that_were_woken_are_polled() {
    const ITEMS: usize = 500;
    let gates: Arc<[Notify; ITEMS]> = Arc::new(std::array::from_fn(|_| Notify::new()));
    let polls = Arc::new(AtomicUsize::new(0));
    let p = pipeline! {
        let gates = gates.clone();
        let polls = polls.clone();
        |_: std::ops::Range<usize>|
        each < async |n| {
            let mut gate = Box::pin(gates[n].notified());
            std::future::poll_fn(|cx| {
                polls.fetch_add(1, SeqCst);
                std::future::Future::poll(gate.as_mut(), cx)
            })
            .await;
            n
        } >
    };
    let run = tokio::spawn(async move { p.run(0..ITEMS).await });
    while polls.load(SeqCst) < ITEMS {
        tokio::task::yield_now().await;
    }
    for (woken, gate) in gates.iter().rev().enumerate() {
        gate.notify_one();
        sleep(SECOND).await;
        assert_eq!(polls.load(SeqCst), ITEMS + woken + 1);
    }
    assert_eq!(run.await.unwrap().unwrap(), (0..ITEMS).collect::<Vec<_>>());
}

#[test]
fn it_takes_any_owned_collection() {
    let sum = |all: Vec<u64>| all.into_iter().sum::<u64>();
    assert_eq!(at_once(pipeline! { |_: [u64; 2]| each < double > }.run([1, 2])).unwrap(), [2, 4]);
    assert_eq!(at_once(pipeline! { |_: Option<u64>| each < double > }.run(Some(1))).unwrap(), [2]);
    assert_eq!(at_once(pipeline! { |_: VecDeque<u64>| each < double > }.run([1, 2].into())).unwrap(), [2, 4]);
    assert_eq!(sum(at_once(pipeline! { |_: HashSet<u64>| each < double > }.run([1, 2].into())).unwrap()), 6);
    let p = pipeline! { |_: BTreeMap<String, u64>| each < |(name, n)| { format!("{name}{n}") } > };
    assert_eq!(at_once(p.run([("b".into(), 2), ("a".into(), 1)].into())).unwrap(), ["a1", "b2"]);
    let p = pipeline! { |_: u64| seq < |n| { (0..n).filter(|n| n % 2 == 0) } each < double > > };
    assert_eq!(at_once(p.run(5)).unwrap(), [0, 4, 8]);
}

/// Counts the items that are taken from it.
struct Counted(Arc<AtomicUsize>);

impl Iterator for Counted {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        Some(self.0.fetch_add(1, SeqCst))
    }
}

#[test]
fn an_item_is_taken_when_there_is_a_place_for_it() {
    let (gate, taken) = (Semaphore::new(0), Arc::new(AtomicUsize::new(0)));
    let p = pipeline! {
        |_: Counted|
        each(limit = 3) < async |_n| { gate.acquire().await.unwrap().forget() } >
    };
    let mut run = Box::pin(p.run(Counted(taken.clone())));
    assert!(poll_once(run.as_mut()).is_pending());
    assert_eq!(taken.load(SeqCst), 3);
    gate.add_permits(2);
    assert!(poll_once(run.as_mut()).is_pending());
    assert_eq!(taken.load(SeqCst), 5);
}

#[tokio::test(start_paused = true)]
async fn the_body_sees_names_and_nests() {
    let p = pipeline! {
        |rows: Vec<Vec<u64>>|
        seq <
            let factor = double(5)
            |()| { rows.clone() }
            each(limit = 2) <
                each(limit = 2) < let n = double par < |_| { *n } |_| { n * factor } > |(a, b)| { a + b } >
                |row| { row.into_iter().sum::<u64>() }
            >
        >
    };
    assert_eq!(p.run(vec![vec![1, 2], vec![], vec![3]]).await.unwrap(), [66, 0, 66]);
}

#[tokio::test(start_paused = true)]
async fn blocks_inside_are_shared_by_the_items() {
    // One circuit for all items: the second failure opens it for those that come after.
    let runs = AtomicUsize::new(0);
    let p = pipeline! {
        |_: std::ops::Range<u32>|
        each(settle, limit = 1) < circuit(fail_max = 2) <
            |_n| { runs.fetch_add(1, SeqCst); Err::<(), _>(Oops("down")) }
        > >
    };
    let results = p.run(0..5).await.unwrap();
    assert_eq!((results.len(), runs.load(SeqCst)), (5, 2));
    assert!(results[4].as_ref().unwrap_err().to_string().contains("did not run"));
}

#[tokio::test(start_paused = true)]
async fn each_item_is_retried_for_itself() {
    let attempts: Vec<AtomicUsize> = (0..3).map(|_| AtomicUsize::new(0)).collect();
    let p = pipeline! {
        |_: std::ops::Range<usize>|
        each < retry(max_attempts = 5) <
            |n| { if attempts[n].fetch_add(1, SeqCst) < n { Err(Oops("again")) } else { Ok(n) } }
        > >
    };
    assert_eq!(p.run(0..3).await.unwrap(), [0, 1, 2]);
    assert_eq!(attempts.iter().map(|n| n.load(SeqCst)).collect::<Vec<_>>(), [1, 2, 3]);
}

#[test]
fn dropped_midway_it_drops_its_items_at_once() {
    let census = Census::default();
    let p = pipeline! {
        |_: std::ops::RangeFrom<u32>|
        each(limit = 70) < async |_n| { let _live = census.enter(); pending::<()>().await } >
    };
    let mut run = Box::pin(p.run(0..));
    assert!(poll_once(run.as_mut()).is_pending());
    assert_eq!(census.alive(), 70);
    drop(run);
    assert_eq!((census.made(), census.alive()), (70, 0));
}

#[test]
fn items_that_were_not_reached_are_dropped_too() {
    let census = Census::default();
    let items: Vec<_> = (0..10).map(|_| census.enter()).collect();
    let p = pipeline! {
        |_: Vec<common::Live>| each(limit = 2) < |live| { drop(live); Err::<(), _>(Oops("no")) } >
    };
    assert!(at_once(p.run(items)).is_err());
    assert_eq!(census.alive(), 0);
}

/// Items that always have work, and use up tokio's budget in each of their turns.
mod greedy {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// Item zero, and all of them in a set, receive messages that are all there; after a thousand the time of the others
    /// has come, who say how many were received by then.
    async fn work(item: usize, greedy: usize, received: &AtomicUsize) -> usize {
        if item >= greedy {
            sleep(MS * 10).await;
            return received.load(SeqCst);
        }
        let (tx, mut rx) = tokio::sync::mpsc::channel(1);
        for _ in 0..100_000 {
            tx.try_send(()).unwrap();
            rx.recv().await.unwrap();
            if received.fetch_add(1, SeqCst) == 1_000 {
                tokio::time::advance(MS * 10).await;
            }
        }
        0
    }

    #[track_caller]
    fn in_time(received: &[usize]) {
        for received in received {
            assert!((1_000..3_000).contains(received), "after {received} messages");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn par_7_an_item_that_always_has_work_does_not_starve_the_others() {
        let n = AtomicUsize::new(0);
        let p = pipeline! { |_: std::ops::Range<usize>| each < async |item| { work(item, 1, &n).await } > };
        in_time(&p.run(0..2).await.unwrap()[1..]);
        n.store(0, SeqCst);
        in_time(&p.run(0..100).await.unwrap()[1..]);
        n.store(0, SeqCst);
        let p = pipeline! { |_: Vec<usize>| each(limit = 4) < async |item| { work(item, 2, &n).await } > };
        in_time(&p.run(vec![0, 1, 2, 3]).await.unwrap()[2..]);
        n.store(0, SeqCst);
        let p = pipeline! { |_: Vec<usize>| each(limit = 40) < async |item| { work(item, 3, &n).await } > };
        in_time(&p.run((0..40).collect()).await.unwrap()[3..]);
    }

    #[tokio::test(start_paused = true)]
    async fn par_7_nor_of_more_than_a_thousand() {
        // Of which nobody knows how many there are, so that they have several sets of wakers.
        let n = AtomicUsize::new(0);
        type Items = Box<dyn Iterator<Item = usize> + Send>;
        let p = pipeline! { |_: Items| each < async |item| { work(item, 1, &n).await } > };
        let received = p.run(Box::new((0..3_000).filter(|_| true))).await.unwrap();
        assert!(received.iter().all(|received| *received < 10_000));
    }

    #[tokio::test(start_paused = true)]
    async fn par_7_nor_do_items_without_end_that_are_ready_at_once() {
        let stop = std::sync::atomic::AtomicBool::new(false);
        let done = AtomicUsize::new(0);
        let p = pipeline! {
            |_: ()|
            par <
                seq <
                    |()| { 0..usize::MAX }
                    each(limit = 3) < |_n| { if stop.load(SeqCst) { Err(Oops("stop")) } else { Ok(()) } } >
                >
                seq <
                    |()| { 0..1_000_usize }
                    each(limit = 3) <
                        async |_n| { tokio::task::yield_now().await; done.fetch_add(1, SeqCst) }
                    >
                    |_| { stop.store(true, SeqCst) }
                >
            >
        };
        p.run(()).await.unwrap_err();
        assert_eq!(done.load(SeqCst), 1_000);
    }

    #[tokio::test(start_paused = true)]
    async fn par_1_items_start_in_order_without_any_budget_too() {
        let log = Log::default();
        let p = pipeline! {
            |_: std::ops::Range<u32>|
            each(limit = 3) < async |item| {
                log.add(item);
                for _ in 0..64 * (item % 5) {
                    tokio::task::coop::consume_budget().await;
                }
            } >
        };
        p.run(0..50).await.unwrap();
        assert_eq!(log.take(), (0..50).map(|item| item.to_string()).collect::<Vec<_>>());
    }
}
