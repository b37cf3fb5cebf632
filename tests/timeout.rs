//! The block `timeout`.

use std::future::pending;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use async_orch::{ErrorKind, pipeline, task};
use tokio::time::{Instant, sleep};

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
        timeout(25s) < retry(max_attempts = unlimited, backoff = constant(10s), jitter = none) < down(census.clone()) > >
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
        timeout(5s, name = "outer") < timeout(2s, name = "inner") < wait(*secs) > async |n| { sleep(SECOND * 4).await; n } >
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
    let none = Duration::ZERO;
    let p = pipeline! { |secs: u64| timeout(none) < async |()| { if *secs > 0 { sleep(SECOND).await }; *secs } > };
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
