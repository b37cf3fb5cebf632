//! Handles by key.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use async_orch::{Breaker, BreakerState, Bulkhead, Keyed, Limiter, pipeline, task};
use tokio::time::advance;

use common::{Oops, at_once, poll_once};

mod common;

const SECOND: Duration = Duration::from_secs(1);

#[task]
async fn fails() -> Result<(), Oops> {
    Err(Oops("down"))
}

fn breakers(capacity: usize) -> Keyed<String, Breaker> {
    Keyed::new(capacity, |_: &String| Breaker::builder().fail_max(2).reset_timeout(10 * SECOND).build())
}

/// Has a run of a body behind this breaker fail.
fn fail(breaker: &Breaker) {
    assert!(at_once(pipeline! { circuit(breaker = breaker) < fails > }.run(())).is_err());
}

#[test]
fn keyed_1_a_key_has_one_handle() {
    let made = Arc::new(AtomicUsize::new(0));
    let count = made.clone();
    let hosts = Keyed::new(9, move |host: &String| {
        count.fetch_add(1, SeqCst);
        Bulkhead::new(u32::try_from(host.len()).unwrap())
    });
    assert!(hosts.is_empty());
    let (a, again, other) = (hosts.get("a"), hosts.clone().get("a"), hosts.get(&"bb".to_owned()));
    assert_eq!((a.max(), other.max(), hosts.len(), made.load(SeqCst)), (1, 2, 2, 2));
    assert!(!hosts.is_empty());
    assert_eq!(format!("{hosts:?}"), "Keyed { capacity: 9, len: 2, .. }");
    again.close();
    assert!(a.is_closed() && !other.is_closed());
}

#[test]
fn keyed_2_the_one_goes_that_was_not_asked_for_for_the_longest_time() {
    let hosts = breakers(3);
    let [a, b, c] = ["a", "b", "c"].map(|host| hosts.get(host));
    // Marked, and closed again: they are at rest, and can be told from new ones by a change that is seen.
    let _ = hosts.get("a");
    assert_eq!(hosts.get("d").failures(), 0);
    assert_eq!(hosts.len(), 3);
    for breaker in [&a, &b, &c] {
        fail(breaker);
    }
    assert_eq!(hosts.get("a").failures(), 1, "it was asked for since");
    assert_eq!(hosts.get("c").failures(), 1);
    assert_eq!(hosts.get("b").failures(), 0, "it is another one");
    assert_eq!(b.failures(), 1, "who holds it keeps it");
}

#[test]
fn keyed_2_a_breaker_with_failures_is_not_at_rest() {
    for of_a_window in [false, true] {
        let hosts = Keyed::new(2, |_: &String| Breaker::builder().failure_rate(1.0).window(9).build());
        let a = hosts.get("a");
        fail(&a);
        if of_a_window {
            at_once(pipeline! { circuit(breaker = &a) < |()| {} > }.run(())).unwrap();
            assert_eq!((a.failures(), a.failure_rate()), (0, Some(0.5)));
        }
        let b = hosts.get("b");
        let _ = hosts.get("c");
        fail(&b);
        assert!(hosts.get("a").failure_rate().is_some(), "it was asked for before `b`, and has failures");
        assert_eq!(hosts.get("b").failures(), 0, "it is another one");
    }
}

#[tokio::test(start_paused = true)]
async fn keyed_3_an_open_breaker_is_not_forgotten_before_its_time() {
    let hosts = breakers(2);
    let [a, b] = ["a", "b"].map(|host| hosts.get(host));
    for breaker in [&a, &b] {
        fail(breaker);
        fail(breaker);
    }
    // One that fails, and then those that are at rest.
    fail(&hosts.get("c"));
    assert_eq!(hosts.len(), 3, "more than there should be, and nobody is turned away");
    assert_eq!(hosts.get("d").failures(), 0);
    assert_eq!(hosts.get("a").state(), BreakerState::Open { retry_after: 10 * SECOND });
    assert_eq!(hosts.get("b").state(), BreakerState::Open { retry_after: 10 * SECOND });
    assert_eq!(hosts.len(), 3);
    assert_eq!(hosts.get("c").failures(), 0, "the oldest closed one went, with its failure");
    b.isolate();
    advance(10 * SECOND).await;
    let _ = hosts.get("e");
    assert_eq!(hosts.len(), 2);
    assert_eq!(hosts.get("b").state(), BreakerState::Isolated);
}

#[tokio::test(start_paused = true)]
async fn keyed_3_no_more_are_let_through_than_may() {
    let places = Keyed::new(1, |_: &u8| Bulkhead::new(1));
    let one = places.get(&1);
    let p = pipeline! { bulkhead(bulkhead = &one) < async |_| { std::future::pending::<()>().await } > };
    let mut run = Box::pin(p.run(()));
    assert!(poll_once(run.as_mut()).is_pending());
    let _ = places.get(&2);
    assert_eq!((places.len(), places.get(&1).in_use()), (2, 1));
    drop(run);
    let _ = places.get(&3);
    assert_eq!(places.len(), 1);

    let rates = Keyed::new(1, |_: &u8| Limiter::builder(1).burst(2).build());
    let one = rates.get(&1);
    at_once(pipeline! { throttle(limiter = &one) < |_| {} > }.run(())).unwrap();
    let _ = rates.get(&2);
    assert_eq!((rates.len(), rates.get(&1).available()), (2, 1));
    advance(SECOND).await;
    let _ = rates.get(&3);
    assert_eq!((rates.len(), rates.get(&1).available()), (1, 2));
}

#[test]
fn what_makes_them_may_ask_for_another() {
    let hosts: Arc<std::sync::OnceLock<Keyed<u8, Limiter>>> = Arc::default();
    let registry = hosts.clone();
    let made = Keyed::new(9, move |key: &u8| {
        if *key > 0 {
            return registry.get().expect("it is there").get(&(key - 1));
        }
        Limiter::builder(1).burst(5).build()
    });
    hosts.set(made).expect("once");
    let _ = hosts.get().expect("it is there").get(&3);
    assert_eq!(hosts.get().expect("it is there").len(), 4);
}

#[test]
fn threads_get_the_same_handle() {
    let places = Keyed::new(4, |_: &u8| Bulkhead::new(1));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for key in 0..4 {
                    places.get(&key).close();
                }
            });
        }
    });
    assert!((0..4).all(|key| places.get(&key).is_closed()));
}
