//! The block `timeout`.

use std::future::{Future, pending, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::SeqCst};
use std::task::Poll;
use std::time::Duration;

use async_orch::{Attempt, BoxFuture, Done, Error, ErrorKind, Local, Run, Runtime, pipeline, task};
use futures::stream::{FuturesUnordered, StreamExt as _};
use tokio::sync::oneshot;
use tokio::task::{coop, yield_now};
use tokio::time::{Instant, advance, sleep};

use common::{Census, Log, Oops, at_once};

mod common;

const SECOND: Duration = Duration::from_secs(1);

#[task]
async fn wait(secs: u64) -> u64 {
    sleep(SECOND * secs as u32).await;
    secs
}

#[task]
async fn down(census: Census) -> Result<(), Oops> {
    census.enter();
    Err(Oops("down"))
}

/// A variable called as an option of the block is the head all the same.
#[tokio::test(start_paused = true)]
async fn a_lone_word_is_the_head() {
    let (start, name) = (Instant::now(), SECOND);
    let p = pipeline! { timeout(name, name = "patient") < wait(3) > };
    let error = p.run(()).await.unwrap_err();
    assert_eq!(error.path(), "patient");
    assert!(matches!(error.kind(), ErrorKind::TimedOut));
    assert_eq!(start.elapsed(), SECOND);
}

#[tokio::test(start_paused = true)]
async fn order_4_it_drops_the_body_when_it_fires() {
    let census = Census::default();
    let p = pipeline! {
        timeout(3s) <
            |()| { census.enter() }
            async |live| { let _live = live; pending::<()>().await }
        >
    };
    let begin = Instant::now();
    let error = p.run(()).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::TimedOut));
    assert_eq!((begin.elapsed(), census.made(), census.alive()), (SECOND * 3, 1, 0));
    assert_eq!(error.path(), "timeout");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_in_time_gives_its_result() {
    let p = pipeline! { |secs: u64| timeout(3s) < wait(*secs) > };
    assert_eq!(p.run(2).await.unwrap(), 2);
    assert_eq!(p.run(0).await.unwrap(), 0);
    assert!(p.run(4).await.is_err());
    assert_eq!(p.run(2).await.unwrap(), 2, "and can be run again");
    let p = pipeline! { timeout(3s) < |()| { Err::<(), _>(Oops("own")) } > };
    assert_eq!(p.run(()).await.unwrap_err().downcast_ref(), Some(&Oops("own")));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_ready_as_the_time_is_over_wins() {
    let p = pipeline! { timeout(3s) < wait(3) > };
    assert_eq!(p.run(()).await.unwrap(), 3);
}

#[tokio::test(start_paused = true)]
async fn order_4_around_a_retry_it_is_a_total_deadline_and_cuts_a_backoff_short() {
    let census = Census::default();
    let p = pipeline! {
        timeout(25s) <
            retry(max_attempts = unlimited, backoff = constant(10s), jitter = none) < down(census.clone()) >
        >
    };
    let begin = Instant::now();
    let error = p.run(()).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::TimedOut));
    assert_eq!((begin.elapsed(), census.made()), (SECOND * 25, 3));
    assert_eq!(error.attempts(), 1, "its own");
}

#[tokio::test(start_paused = true)]
async fn order_3_inside_a_retry_each_attempt_has_its_time() {
    let p = pipeline! {
        retry(max_attempts = 3, backoff = constant(1s), jitter = none) < timeout(5s) < wait(60) > >
    };
    let begin = Instant::now();
    let error = p.run(()).await.unwrap_err();
    assert_eq!(begin.elapsed(), SECOND * 17);
    assert_eq!((error.path().as_str(), error.attempts()), ("retry/timeout", 3));
}

#[tokio::test(start_paused = true)]
async fn the_shorter_of_two_fires() {
    let p = pipeline! {
        |secs: u64|
        timeout(5s, name = "outer") <
            timeout(2s, name = "inner") < wait(*secs) >
            async |n| { sleep(SECOND * 4).await; n }
        >
    };
    let begin = Instant::now();
    assert_eq!(p.run(9).await.unwrap_err().path(), "outer/inner");
    assert_eq!(begin.elapsed(), SECOND * 2);
    assert_eq!(p.run(1).await.unwrap(), 1);
    let begin = Instant::now();
    assert_eq!(p.run(2).await.unwrap_err().path(), "outer");
    assert_eq!(begin.elapsed(), SECOND * 5);
}

#[tokio::test(start_paused = true)]
async fn no_time_at_all_is_enough_for_what_does_not_wait() {
    let p = pipeline! {
        let none = Duration::ZERO;
        |secs: u64| timeout(*none) < async |()| { if *secs > 0 { sleep(SECOND).await }; *secs } >
    };
    assert_eq!(at_once(p.run(0)).unwrap(), 0);
    assert!(matches!(p.run(1).await.unwrap_err().kind(), ErrorKind::TimedOut));
}

#[tokio::test(start_paused = true)]
async fn the_duration_is_evaluated_once_when_the_pipeline_is_built() {
    let evaluated = AtomicU32::new(0);
    let p = pipeline! { timeout(SECOND * (1 + evaluated.fetch_add(1, SeqCst))) < wait(60) > };
    for _ in 0..3 {
        let begin = Instant::now();
        p.run(()).await.unwrap_err();
        assert_eq!(begin.elapsed(), SECOND);
    }
    assert_eq!(evaluated.load(SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_uses_up_the_cooperative_budget_cannot_keep_it_from_firing() {
    let p = pipeline! {
        timeout(1s) < async |()| {
            // The time counts from the first wait on.
            tokio::task::yield_now().await;
            tokio::time::advance(SECOND * 2).await;
            loop {
                tokio::task::coop::consume_budget().await;
            }
            #[allow(unreachable_code)]
            ()
        } >
    };
    assert!(matches!(p.run(()).await.unwrap_err().kind(), ErrorKind::TimedOut));
}

#[tokio::test(start_paused = true)]
async fn siblings_of_a_timeout_end_with_it() {
    let (census, log) = (Census::default(), Log::default());
    let p = pipeline! {
        par <
            timeout(1s, name = "short") < wait(60) >
            async |_| { let _live = census.enter(); pending::<()>().await }
            async |_| { sleep(SECOND / 2).await; log.add("done") }
        >
    };
    assert_eq!(p.run(()).await.unwrap_err().path(), "par/short");
    assert_eq!((census.made(), census.alive()), (1, 0));
    assert_eq!(log.take(), ["done"]);
}

#[tokio::test(start_paused = true)]
async fn a_timeout_inside_a_circuit_is_a_failure_like_any_other() {
    let p = pipeline! { circuit(fail_max = 2) < timeout(1s) < wait(60) > > };
    for _ in 0..2 {
        assert!(matches!(p.run(()).await.unwrap_err().kind(), ErrorKind::TimedOut));
    }
    assert!(matches!(p.run(()).await.unwrap_err().kind(), ErrorKind::CircuitOpen { .. }));
}

#[tokio::test(start_paused = true)]
async fn circuit_5_a_timeout_around_a_circuit_cancels_and_counts_as_nothing() {
    let p = pipeline! { |secs: u64| timeout(1s) < circuit(fail_max = 1) < wait(*secs) > > };
    for _ in 0..3 {
        assert!(matches!(p.run(60).await.unwrap_err().kind(), ErrorKind::TimedOut));
    }
    assert_eq!(p.run(0).await.unwrap(), 0);
}

/// Where many answers are there at the same time, and tokio's budget is not enough to look at all of them in one turn.
mod answers {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// How many are in time.
    fn in_time<T>(results: impl IntoIterator<Item = Result<T, Error>>) -> usize {
        results.into_iter().filter(Result::is_ok).count()
    }

    /// Waits for fifty milliseconds.
    #[task]
    async fn fifty(_n: usize) {
        sleep(MS * 50).await;
    }

    /// What is sent, after a little work that takes from the budget too.
    async fn received(mut rx: oneshot::Receiver<u32>) -> u32 {
        let answer = (&mut rx).await.expect("it is sent");
        coop::consume_budget().await;
        coop::consume_budget().await;
        answer
    }

    /// So many answers, which come after fifty milliseconds. Their receiver's thread is then busy for a while.
    fn answers(count: u32) -> Vec<oneshot::Receiver<u32>> {
        let (txs, rxs): (Vec<_>, Vec<_>) = (0..count).map(|_| oneshot::channel()).unzip();
        tokio::spawn(async move {
            sleep(MS * 50).await;
            for (n, tx) in txs.into_iter().enumerate() {
                // Who does not wait any more is counted as such.
                let _ = tx.send(n as u32);
            }
            advance(MS * 150).await;
        });
        rxs
    }

    #[tokio::test(start_paused = true)]
    async fn timeout_4_two_thousand_waits_that_end_with_their_time_are_in_time() {
        let p = pipeline! { |_: std::ops::Range<usize>| each(settle) < timeout(50ms) < fifty > > };
        assert_eq!(in_time(p.run(0..2_000).await.unwrap()), 2_000);
    }

    #[tokio::test(start_paused = true)]
    async fn timeout_4_nor_is_one_late_with_a_limit_or_in_other_blocks() {
        let p = pipeline! {
            |_: std::ops::Range<usize>|
            each(settle, limit = 500) <
                retry(max_attempts = 1) < circuit(fail_max = 1) < timeout(50ms) < fifty > > >
            >
        };
        assert_eq!(in_time(p.run(0..2_000).await.unwrap()), 2_000);
        let p = pipeline! {
            |_: Vec<std::ops::Range<usize>>|
            each(limit = 3) < each(settle) < catch < timeout(50ms) < timeout(50ms) < fifty > > > > >
        };
        let results = p.run(vec![0..300; 5]).await.unwrap();
        assert_eq!(in_time(results.into_iter().flatten()), 1_500);
    }

    #[tokio::test(start_paused = true)]
    async fn timeout_4_a_thousand_answers_that_came_in_time_are_seen_late() {
        let p = pipeline! {
            |_: Vec<oneshot::Receiver<u32>>|
            each(settle) < timeout(100ms) < async |rx| { rx.await.expect("it is sent") } > >
        };
        assert_eq!(in_time(p.run(answers(1_000)).await.unwrap()), 1_000);
    }

    #[tokio::test(start_paused = true)]
    async fn timeout_4_a_body_that_is_refused_in_the_middle_is_asked_again() {
        let p = pipeline! {
            |_: Vec<oneshot::Receiver<u32>>|
            each(settle) < timeout(100ms) < async |rx| { received(rx).await } > >
        };
        assert_eq!(in_time(p.run(answers(1_000)).await.unwrap()), 1_000);
    }

    #[tokio::test(start_paused = true)]
    async fn timeout_4_among_the_children_of_a_par_too() {
        let p = pipeline! {
            par(settle) <
                async |_| { sleep(MS * 50).await; use_up_the_budget(5).await }
                timeout(50ms) < fifty(1) >
                timeout(50ms) < fifty(2) >
            >
        };
        let (_, first, second) = p.run(()).await.unwrap();
        assert!(first.is_ok() && second.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn timeout_4_in_a_stream_of_runs() {
        let p = pipeline! { |_: usize| timeout(50ms) < fifty > };
        let runs: FuturesUnordered<_> = (0..2_000).map(|n| p.run(n)).collect();
        assert_eq!(in_time(runs.collect::<Vec<_>>().await), 2_000);
    }

    /// Is not there to be budgeted: knows the clock alone.
    struct Simple;

    impl Runtime for Simple {
        fn execute<'a>(&'a self, attempt: Attempt<'a>) -> BoxFuture<'a, Done<'a>> {
            Local.execute(attempt)
        }

        fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
            Local.sleep(duration)
        }

        fn now(&self) -> std::time::Instant {
            Runtime::now(&Local)
        }

        fn random(&self) -> u64 {
            0
        }
    }

    #[tokio::test(start_paused = true)]
    async fn timeout_4_on_a_runtime_of_ones_own() {
        let p = pipeline! { |_: std::ops::Range<usize>| each(settle) < timeout(50ms) < fifty > > };
        assert_eq!(in_time(p.on(&Simple).run(0..2_000).await.unwrap()), 2_000);
    }

    #[tokio::test(start_paused = true)]
    async fn timeout_4_no_time_at_all_is_enough_for_an_answer_that_is_there() {
        let p = pipeline! {
            let none = Duration::ZERO;
            |_: Vec<oneshot::Receiver<u32>>|
            each(settle) < timeout(*none) < async |rx| { received(rx).await } > >
        };
        let rxs = (0..1_000).map(|n| {
            let (tx, rx) = oneshot::channel();
            tx.send(n).unwrap();
            rx
        });
        assert_eq!(in_time(p.run(rxs.collect()).await.unwrap()), 1_000);
    }

    /// Uses up what there is of the budget in each of so many polls.
    async fn use_up_the_budget(polls: u32) {
        for _ in 0..polls {
            while coop::has_budget_remaining() {
                coop::consume_budget().await;
            }
            yield_now().await;
        }
    }

    /// How many turns a run of `p` has from the moment on that its second is over. In its task, and always before it, there
    /// is something else.
    async fn turns_when_late<P: Run<In = ()>>(p: &P, first: impl Future<Output = ()>) -> usize {
        let turns = Arc::new(AtomicUsize::new(0));
        let clock = turns.clone();
        tokio::spawn(async move {
            for _ in 0..3 {
                yield_now().await;
            }
            clock.store(0, SeqCst);
            advance(SECOND * 2).await;
        });
        let (mut run, mut first) = (pin!(p.run(())), pin!(first));
        let result = poll_fn(|cx| {
            turns.fetch_add(1, SeqCst);
            assert!(first.as_mut().poll(cx).is_pending());
            run.as_mut().poll(cx)
        });
        assert!(matches!(result.await.err().expect("it is late").kind(), ErrorKind::TimedOut));
        turns.load(SeqCst)
    }

    #[tokio::test(start_paused = true)]
    async fn timeout_4_a_body_that_uses_up_the_budget_each_time_is_asked_once_more() {
        let p = pipeline! { timeout(1s) < async |()| { use_up_the_budget(u32::MAX).await } > };
        let turns = turns_when_late(&p, pending()).await;
        assert!(turns <= 3, "{turns} turns");
        let p = pipeline! {
            timeout(1s) < async |()| {
                loop { coop::consume_budget().await }
                #[allow(unreachable_code)]
                ()
            } >
        };
        let turns = turns_when_late(&p, pending()).await;
        assert!(turns <= 3, "{turns} turns");
    }

    #[tokio::test(start_paused = true)]
    async fn timeout_4_a_body_that_wakes_itself_for_ever_is_over_in_time() {
        let restless = || {
            poll_fn(|cx| {
                cx.waker().wake_by_ref();
                Poll::<()>::Pending
            })
        };
        let p = pipeline! { timeout(1s) < async |()| { restless().await } > };
        let turns = turns_when_late(&p, pending()).await;
        assert!(turns <= 3, "{turns} turns");
        let p = pipeline! {
            timeout(1s) <
                par < par < async |()| { restless().await } |_| {} > async |_| { restless().await } >
            >
        };
        let turns = turns_when_late(&p, pending()).await;
        assert!(turns <= 3, "{turns} turns");
    }

    #[tokio::test(start_paused = true)]
    async fn timeout_4_siblings_that_use_up_the_budget_do_not_keep_it_from_firing() {
        let p = pipeline! {
            par <
                async |_| { use_up_the_budget(u32::MAX).await }
                async |_| { use_up_the_budget(u32::MAX).await }
                timeout(1s) < async |_| { pending::<()>().await } >
                async |_| { use_up_the_budget(u32::MAX).await }
            >
        };
        let turns = turns_when_late(&p, pending()).await;
        assert!(turns <= 6, "{turns} turns");
    }

    #[tokio::test(start_paused = true)]
    async fn timeout_4_nor_does_one_beside_the_run_that_never_leaves_any() {
        let p = pipeline! { timeout(1s) < async |_| { pending::<()>().await } > };
        let turns = turns_when_late(&p, use_up_the_budget(u32::MAX)).await;
        assert!(turns <= 1_030, "{turns} turns");
    }

    #[tokio::test(start_paused = true)]
    async fn timeout_1_of_two_that_are_over_the_inner_one_fires() {
        let p = pipeline! {
            timeout(1s, name = "outer") <
                timeout(1s, name = "inner") < async |()| { use_up_the_budget(u32::MAX).await } >
            >
        };
        let late = async {
            yield_now().await;
            advance(SECOND * 2).await;
        };
        let (ran, ()) = tokio::join!(p.run(()), late);
        assert_eq!(ran.unwrap_err().path(), "outer/inner");
    }
}
