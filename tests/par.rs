//! The block `par`.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll};
use std::time::Duration;

use async_orch::{pipeline, task};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

use common::{Census, Log, Oops, Trace, at_once, every_execution_ends_once, poll_once};

mod common;

const SECOND: Duration = Duration::from_secs(1);

/// Tells when it begins and ends, and gives its name.
#[task]
async fn work(log: Log, name: &'static str, secs: u64) -> &'static str {
    log.add(format!("+{name}"));
    sleep(SECOND * secs as u32).await;
    log.add(format!("-{name}"));
    name
}

/// As `work`, but fails at its end.
#[task]
async fn fail(log: Log, name: &'static str, secs: u64) -> Result<&'static str, Oops> {
    log.add(format!("+{name}"));
    if secs > 0 {
        sleep(SECOND * secs as u32).await;
    }
    log.add(format!("!{name}"));
    Err(Oops(name))
}

/// Is alive for so long.
#[task]
async fn live(census: Census, secs: u64) {
    let _live = census.enter();
    sleep(SECOND * secs as u32).await;
}

#[tokio::test(start_paused = true)]
async fn par_1_children_start_in_written_order() {
    let log = Log::default();
    let p = pipeline! {
        let log = log.clone();
        par < work(log.clone(), "a", 3) work(log.clone(), "b", 2) work(log.clone(), "c", 1) >
    };
    let begin = Instant::now();
    assert_eq!(p.run(()).await.unwrap(), ("a", "b", "c"), "outputs in written order");
    assert_eq!(begin.elapsed(), SECOND * 3, "at once");
    assert_eq!(log.take(), ["+a", "+b", "+c", "-c", "-b", "-a"]);
}

#[tokio::test(start_paused = true)]
async fn par_1_at_most_limit_run_at_once() {
    for (limit, expected) in [(1, 1), (2, 2), (4, 4), (6, 6), (7, 6), (usize::MAX, 6)] {
        let census = Census::default();
        let p = pipeline! {
            let census = census.clone();
            par(limit = limit) <
                live(census.clone(), 3)
                live(census.clone(), 1)
                live(census.clone(), 2)
                live(census.clone(), 1)
                live(census.clone(), 1)
                live(census.clone(), 2)
            >
        };
        p.run(()).await.unwrap();
        assert_eq!((census.most(), census.made(), census.alive()), (expected, 6, 0), "limit {limit}");
    }
}

#[tokio::test(start_paused = true)]
async fn par_1_a_limit_of_one_is_a_sequence_in_time() {
    let log = Log::default();
    let p = pipeline! {
        let log = log.clone();
        par(limit = 1) < work(log.clone(), "a", 1) work(log.clone(), "b", 0) work(log.clone(), "c", 2) >
    };
    let begin = Instant::now();
    p.run(()).await.unwrap();
    assert_eq!(begin.elapsed(), SECOND * 3);
    assert_eq!(log.take(), ["+a", "-a", "+b", "-b", "+c", "-c"]);
}

#[test]
fn par_1_a_freed_slot_starts_the_next_child_in_the_same_poll() {
    let (gate, log) = (Arc::new(Notify::new()), Log::default());
    let p = pipeline! {
        par(limit = 2) <
            async |_| { gate.notified().await; log.add("first") }
            async |_| { std::future::pending::<()>().await }
            |_| { log.add("third") }
            async |_| { log.add("fourth"); std::future::pending::<()>().await }
            |_| { log.add("fifth") }
        >
    };
    let mut run = Box::pin(p.run(()));
    assert!(poll_once(run.as_mut()).is_pending());
    assert!(log.take().is_empty());
    gate.notify_one();
    assert!(poll_once(run.as_mut()).is_pending());
    assert_eq!(log.take(), ["first", "third", "fourth"], "the fifth has no slot");
}

#[tokio::test(start_paused = true)]
async fn par_1_a_permit_is_held_through_the_sleeps_of_a_backoff() {
    let log = Log::default();
    let p = pipeline! {
        let log = log.clone();
        par(limit = 1, settle) <
            retry(max_attempts = 2, backoff = constant(10s), jitter = none) < fail(log.clone(), "a", 0) >
            work(log.clone(), "b", 0)
        >
    };
    let begin = Instant::now();
    let (a, b) = p.run(()).await.unwrap();
    assert!(a.is_err() && b.is_ok());
    assert_eq!(log.take(), ["+a", "!a", "+a", "!a", "+b", "-b"]);
    assert!(begin.elapsed() >= SECOND * 10);
}

#[tokio::test(start_paused = true)]
async fn par_2_the_first_failure_drops_the_running_siblings_in_the_same_poll() {
    let (log, census) = (Log::default(), Census::default());
    let p = pipeline! {
        let log = log.clone();
        let census = census.clone();
        par < live(census.clone(), 9) fail(log.clone(), "b", 1) live(census.clone(), 9) >
    };
    let begin = Instant::now();
    let error = p.run(()).await.unwrap_err();
    assert_eq!(census.alive(), 0);
    assert_eq!(census.made(), 2);
    assert_eq!(begin.elapsed(), SECOND);
    assert_eq!(error.path(), "par/fail");
}

#[tokio::test(start_paused = true)]
async fn par_2_nothing_queued_ever_starts() {
    let log = Log::default();
    let p = pipeline! {
        let log = log.clone();
        par(limit = 2) <
            work(log.clone(), "a", 5)
            fail(log.clone(), "b", 1)
            work(log.clone(), "c", 0)
            fail(log.clone(), "d", 0)
        >
    };
    assert_eq!(p.run(()).await.unwrap_err().downcast_ref(), Some(&Oops("b")));
    sleep(SECOND * 60).await;
    assert_eq!(log.take(), ["+a", "+b", "!b"]);
}

#[tokio::test(start_paused = true)]
async fn par_2_nothing_queued_starts_though_a_slot_is_free_in_the_poll_that_fails() {
    let log = Log::default();
    let p = pipeline! {
        let log = log.clone();
        par(limit = 2) < fail(log.clone(), "a", 1) work(log.clone(), "b", 1) work(log.clone(), "c", 0) >
    };
    assert_eq!(p.run(()).await.unwrap_err().downcast_ref(), Some(&Oops("a")));
    assert_eq!(log.take(), ["+a", "+b", "!a"]);
}

#[tokio::test(start_paused = true)]
async fn par_2_the_first_error_in_time_is_the_blocks() {
    let log = Log::default();
    let p = pipeline! {
        let log = log.clone();
        par < fail(log.clone(), "a", 3) fail(log.clone(), "b", 2) fail(log.clone(), "c", 1) >
    };
    assert_eq!(p.run(()).await.unwrap_err().downcast_ref(), Some(&Oops("c")));
    assert_eq!(log.take(), ["+a", "+b", "+c", "!c"]);
}

#[tokio::test(start_paused = true)]
async fn par_2_a_failure_inside_nested_blocks_ends_all_of_them() {
    let (log, census) = (Log::default(), Census::default());
    let p = pipeline! {
        let log = log.clone();
        let census = census.clone();
        par <
            par < live(census.clone(), 9) circuit < live(census.clone(), 9) > >
            seq < work(log.clone(), "b", 1) par < live(census.clone(), 9) fail(log.clone(), "c", 1) > >
        >
    };
    let error = p.run(()).await.unwrap_err();
    assert_eq!((census.made(), census.alive()), (3, 0));
    assert_eq!(error.path(), "par/seq/par/fail");
}

#[tokio::test(start_paused = true)]
async fn par_2_the_siblings_are_cancelled_before_the_block_fails() {
    let (log, census, trace) = (Log::default(), Census::default(), Trace::default());
    let p = pipeline! {
        let log = log.clone();
        let census = census.clone();
        par(limit = 3) <
            live(census.clone(), 9) as "a"
            fail(log.clone(), "b", 1) as "b"
            seq < live(census.clone(), 9) as "c" >
            live(census.clone(), 9) as "queued"
        >
    };
    p.with_bus(&trace).run(()).await.unwrap_err();
    let events = trace.take();
    every_execution_ends_once(&events);
    let ends: Vec<String> = events
        .iter()
        .filter(|seen| seen.what.is_terminal())
        .map(|seen| format!("{} {}", seen.path, seen.what))
        .collect();
    assert_eq!(
        ends,
        [
            "par/b failed",
            "par/a cancelled",
            "par/seq/c cancelled",
            "par/seq cancelled",
            "par/queued cancelled",
            "par failed",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn par_2_it_can_be_run_again_after_a_failure() {
    let log = Log::default();
    let fails = AtomicUsize::new(1);
    let p = pipeline! {
        let log = log.clone();
        par(limit = 1) <
            work(log.clone(), "a", 1)
            |_| { if fails.swap(0, SeqCst) == 1 { Err(Oops("once")) } else { Ok(()) } }
        >
    };
    assert!(p.run(()).await.is_err());
    assert_eq!(p.run(()).await.unwrap(), ("a", ()));
}

#[tokio::test(start_paused = true)]
async fn par_3_settle_runs_every_child_and_gives_every_result_in_written_order() {
    let log = Log::default();
    let p = pipeline! {
        let log = log.clone();
        par(settle, limit = 2) <
            work(log.clone(), "a", 3)
            fail(log.clone(), "b", 1) as "bee"
            work(log.clone(), "c", 1)
            fail(log.clone(), "d", 0)
        >
    };
    let (a, b, c, d) = p.run(()).await.unwrap();
    assert_eq!((a.unwrap(), c.unwrap()), ("a", "c"));
    let (b, d) = (b.unwrap_err(), d.unwrap_err());
    assert_eq!((b.path().as_str(), b.downcast_ref()), ("par/bee", Some(&Oops("b"))));
    assert_eq!((d.path().as_str(), d.downcast_ref()), ("par/fail", Some(&Oops("d"))));
    assert_eq!(log.take().len(), 8);
}

#[tokio::test(start_paused = true)]
async fn par_3_settle_still_stops_when_it_is_dropped() {
    let census = Census::default();
    let p = pipeline! {
        let census = census.clone();
        timeout(1s) < par(settle) < live(census.clone(), 5) live(census.clone(), 5) > >
    };
    assert!(p.run(()).await.is_err());
    assert_eq!((census.made(), census.alive()), (2, 0));
}

/// Waits at a gate, and counts how often it is polled.
struct Polls<F>(F, Arc<AtomicUsize>);

impl<F: Future + Unpin> Future for Polls<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.1.fetch_add(1, SeqCst);
        Pin::new(&mut self.0).poll(cx)
    }
}

#[task]
async fn gated(gate: Arc<Notify>, polls: Arc<AtomicUsize>) {
    Polls(Box::pin(gate.notified()), polls).await;
}

#[tokio::test(start_paused = true)]
async fn par_4_only_children_that_were_woken_are_polled() {
    let gates: [Arc<Notify>; 12] = std::array::from_fn(|_| Arc::default());
    let polls: [Arc<AtomicUsize>; 12] = std::array::from_fn(|_| Arc::default());
    let (g, n) = (&gates, &polls);
    let p = pipeline! {
        par <
            gated(g[0].clone(), n[0].clone()) gated(g[1].clone(), n[1].clone())
            gated(g[2].clone(), n[2].clone()) gated(g[3].clone(), n[3].clone())
            gated(g[4].clone(), n[4].clone()) gated(g[5].clone(), n[5].clone())
            gated(g[6].clone(), n[6].clone()) gated(g[7].clone(), n[7].clone())
            gated(g[8].clone(), n[8].clone()) gated(g[9].clone(), n[9].clone())
            gated(g[10].clone(), n[10].clone()) gated(g[11].clone(), n[11].clone())
        >
    };
    let opener = async {
        for (index, gate) in gates.iter().enumerate().rev() {
            tokio::task::yield_now().await;
            sleep(SECOND).await;
            let counts: Vec<usize> = polls.iter().map(|polls| polls.load(SeqCst)).collect();
            let expected: Vec<usize> = (0..12).map(|child| if child > index { 2 } else { 1 }).collect();
            assert_eq!(counts, expected, "before gate {index}");
            gate.notify_one();
        }
    };
    // Apart, so that nothing else wakes the block.
    let local = tokio::task::LocalSet::new();
    local.run_until(async { tokio::join!(apart(p.run(())), opener) }).await.0.unwrap();
}

/// Polls a future only when it was woken itself.
async fn apart<F: Future>(fut: F) -> F::Output {
    use futures::stream::{FuturesUnordered, StreamExt};
    let mut one: FuturesUnordered<F> = [fut].into_iter().collect();
    one.next().await.expect("there is one")
}

#[tokio::test(start_paused = true)]
async fn dropped_midway_it_drops_its_children_at_once() {
    let census = Census::default();
    let p = pipeline! {
        let census = census.clone();
        par(limit = 2) < live(census.clone(), 5) live(census.clone(), 5) live(census.clone(), 5) >
    };
    let mut run = Box::pin(p.run(()));
    assert!(poll_once(run.as_mut()).is_pending());
    assert_eq!(census.alive(), 2);
    drop(run);
    assert_eq!((census.made(), census.alive()), (2, 0));
}

#[test]
fn a_par_of_one_gives_a_tuple_of_one() {
    assert_eq!(at_once(pipeline! { |_: u32| par < |n| { n + 1 } > }.run(1)).unwrap(), (2,));
}

#[test]
fn a_body_of_several_kinds_of_children_gives_their_types() {
    let inner = pipeline! { |_: u32| |n| { n.to_string() } };
    let p = pipeline! {
        |_: u32|
        par <
            |n| { n as u8 }
            seq < |n| { n + 1 } |n| { vec![n] } >
            { &inner }
            par < |n| { n } |n| { n as i64 } >
        >
    };
    assert_eq!(at_once(p.run(7)).unwrap(), (7_u8, vec![8], "7".to_owned(), (7, 7_i64)));
}

#[test]
fn limit_is_evaluated_once_when_the_pipeline_is_built() {
    let evaluated = AtomicUsize::new(0);
    let p = pipeline! { par(limit = 1 + evaluated.fetch_add(1, SeqCst)) < |_| { 1 } |_| { 2 } > };
    assert_eq!(evaluated.load(SeqCst), 1);
    at_once(p.run(())).unwrap();
    at_once(p.run(())).unwrap();
    assert_eq!(evaluated.load(SeqCst), 1);
}

/// A child that always has work, and uses up tokio's budget in each of its turns.
mod greedy {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// Receives so many messages, which are all there. After a thousand the time of `beat` has come.
    #[task]
    async fn drain(received: Arc<AtomicUsize>, messages: usize) {
        let (tx, mut rx) = tokio::sync::mpsc::channel(1);
        for n in 0..messages {
            tx.try_send(n).unwrap();
            rx.recv().await.unwrap();
            if received.fetch_add(1, SeqCst) == 1_000 {
                tokio::time::advance(MS * 10).await;
            }
        }
    }

    /// Waits for ten milliseconds, and says how much was received by then.
    #[task]
    async fn beat(received: Arc<AtomicUsize>) -> usize {
        sleep(MS * 10).await;
        received.load(SeqCst)
    }

    #[task]
    async fn idle() {
        sleep(MS * 20).await;
    }

    const MANY: usize = 100_000;

    #[track_caller]
    fn in_time(received: usize) {
        assert!((1_000..2_500).contains(&received), "after {received} messages");
    }

    #[tokio::test(start_paused = true)]
    async fn par_7_a_child_that_always_has_work_does_not_starve_those_after_it() {
        let n = Arc::new(AtomicUsize::new(0));
        let p = pipeline! { par < drain(n.clone(), MANY) beat(n.clone()) > };
        in_time(p.run(()).await.unwrap().1);
        n.store(0, SeqCst);
        let p =
            pipeline! { par(settle, limit = 2) < drain(n.clone(), MANY) beat(n.clone()) beat(n.clone()) > };
        in_time(p.run(()).await.unwrap().1.unwrap());
        n.store(0, SeqCst);
        let p = pipeline! { par < beat(n.clone()) drain(n.clone(), MANY) beat(n.clone()) idle() > };
        let (before, _, after, _) = p.run(()).await.unwrap();
        in_time(before);
        in_time(after);
    }

    #[tokio::test(start_paused = true)]
    async fn par_7_nor_do_several_and_among_many() {
        let n = Arc::new(AtomicUsize::new(0));
        let p = pipeline! {
            par <
                idle() drain(n.clone(), MANY) idle() drain(n.clone(), MANY) idle() idle() idle() idle() idle()
                beat(n.clone()) drain(n.clone(), MANY) beat(n.clone())
            >
        };
        let (.., first, _, second) = p.run(()).await.unwrap();
        in_time(first);
        in_time(second);
    }

    #[tokio::test(start_paused = true)]
    async fn par_7_nor_in_blocks_inside_of_each_other() {
        let n = Arc::new(AtomicUsize::new(0));
        let p = pipeline! {
            par <
                drain(n.clone(), MANY)
                seq < par <
                    drain(n.clone(), MANY)
                    retry <
                        par <
                            drain(n.clone(), MANY)
                            timeout(1s) < par < drain(n.clone(), MANY) beat(n.clone()) > >
                        >
                    >
                > >
            >
        };
        let (_, (_, (_, (_, received)))) = p.run(()).await.unwrap();
        in_time(received);
        n.store(0, SeqCst);
        let inner = pipeline! { par < drain(n.clone(), MANY) beat(n.clone()) > };
        let p = pipeline! { par < drain(n.clone(), MANY) { &inner } > };
        in_time(p.run(()).await.unwrap().1.1);
        n.store(0, SeqCst);
        let inner = pipeline! { par < drain(n.clone(), MANY) beat(n.clone()) > }.boxed();
        let p = pipeline! { par < drain(n.clone(), MANY) async |()| { inner.run(()).await.unwrap().1 } > };
        in_time(p.run(()).await.unwrap().1);
    }

    #[tokio::test(start_paused = true)]
    async fn par_7_a_child_that_waits_for_a_place_begins_when_there_is_one() {
        let n = Arc::new(AtomicUsize::new(0));
        let p = pipeline! {
            par(limit = 2) < drain(n.clone(), MANY) idle() beat(n.clone()) beat(n.clone()) beat(n.clone()) >
        };
        let clock = async {
            while n.load(SeqCst) < MANY {
                tokio::time::advance(MS).await;
            }
        };
        let (_, _, a, b, c) = tokio::join!(p.run(()), clock).0.unwrap();
        assert!(a < b && b < c && c < MANY, "after {a}, {b}, {c} messages");
    }

    #[tokio::test(start_paused = true)]
    async fn par_1_children_start_in_written_order_without_any_budget_too() {
        let log = Log::default();
        let p = pipeline! {
            par(limit = 2) <
                async |_| { log.add("a"); greedy(3).await }
                async |_| { log.add("b"); greedy(1).await }
                async |_| { log.add("c"); greedy(2).await }
                async |_| { log.add("d"); greedy(1).await }
                |_| { log.add("e") }
            >
        };
        p.run(()).await.unwrap();
        assert_eq!(log.take(), ["a", "b", "c", "d", "e"]);
    }

    /// Uses up the budget of so many turns.
    async fn greedy(turns: u32) {
        for _ in 0..128 * turns {
            tokio::task::coop::consume_budget().await;
        }
    }
}
