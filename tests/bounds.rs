//! What no run of a pipeline exceeds: the rules of docs/semantics.md.
//!
//! That no run does is held to in tests/models/bounds.rs.

use std::ops::ControlFlow::{self, Break};
use std::time::Duration;

use async_orch::__private_0_1_0::{Describe, Form, Load, Meta, written};
use async_orch::{
    Bound, Bounds, Breaker, Bulkhead, Error, Failure, Graph, Limiter, Next, Node, NodeKind, Once, Origin,
    Policy, Run, pipeline, task,
};

#[task]
async fn fetch(n: u32) -> Result<u32, String> {
    Ok(n)
}

#[task]
async fn list(n: u32) -> Result<Vec<u32>, String> {
    Ok(vec![n])
}

#[task]
async fn save(n: u32) -> u32 {
    n
}

#[task]
async fn page(n: u32) -> ControlFlow<u32, u32> {
    Break(n)
}

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn bounds(p: &impl Run) -> Bounds {
    p.graph().bounds()
}

macro_rules! bounds {
    ($($text:tt)*) => {
        bounds(&pipeline! { $($text)* })
    };
}

#[test]
fn bounds_1_unbounded_is_more_than_any_number() {
    let bounded = bounds! { |_: Vec<u32>| each(limit = 8) < fetch > }.in_flight;
    let unbounded = bounds! { |_: Vec<u32>| each < fetch > }.in_flight;
    let holds = [
        bounded <= Some(8),
        bounded < Some(9),
        bounded == Some(8),
        bounded < None,
        bounded != None,
        Some(8) >= bounded,
        Some(7) < bounded,
        Some(8) == bounded,
        None > bounded,
        bounded < unbounded,
        unbounded > bounded,
        unbounded > Some(usize::MAX),
        unbounded == None,
        unbounded <= None,
        None == unbounded,
        Some(usize::MAX) < unbounded,
    ];
    assert_eq!(holds, [true; 16]);
    let holds_not = [
        bounded <= Some(7),
        bounded == Some(9),
        bounded == None,
        bounded > None,
        Some(7) >= bounded,
        unbounded <= Some(8),
        unbounded < None,
        unbounded == Some(8),
        Some(8) >= unbounded,
        unbounded <= bounded,
        unbounded == bounded,
    ];
    assert_eq!(holds_not, [false; 11]);
    assert!(bounded.is_some() && unbounded.is_none());
    assert_eq!(bounded.max(unbounded), unbounded);
    assert_eq!((bounded.to_string(), unbounded.to_string()), ("8".to_owned(), "unbounded".to_owned()));
    assert_eq!((bounded.unwrap(), format!("{bounded:?}"), unbounded.unwrap_or(3)), (8, "8".to_owned(), 3));
    assert_eq!(format!("{bounded:>3}|{unbounded:>10}"), "  8| unbounded");
}

#[test]
#[should_panic = "assertion failed: p.graph().bounds().in_flight <= Some(8)"]
fn bounds_1_the_assertion_fails_for_an_unbounded_pipeline() {
    let p = pipeline! { |_: Vec<u32>| each < fetch > };
    assert!(p.graph().bounds().in_flight <= Some(8));
}

#[test]
fn bounds_1_they_are_a_line() {
    let bounds =
        bounds! { |_: u32| retry(max_attempts = 2, backoff = constant(1s)) < timeout(2s) < fetch > > };
    assert_eq!(bounds.to_string(), "in flight 1, attempts 2, executions 2, longest 5s");
    let bounds = bounds! { |_: Vec<u32>| each < fetch > };
    assert_eq!(
        bounds.to_string(),
        "in flight unbounded, attempts 1, executions unbounded, longest unbounded"
    );
}

#[test]
fn bounds_2_steps_beside_each_other_are_in_flight_together() {
    assert_eq!(bounds! { |_: u32| fetch }.in_flight, Some(1));
    assert_eq!(bounds! { |_: u32| seq < fetch fetch |n| { n } > }.in_flight, Some(1));
    assert_eq!(bounds! { |_: u32| par < fetch fetch fetch > }.in_flight, Some(3));
    assert_eq!(bounds! { |_: u32| par(settle) < fetch fetch fetch > }.in_flight, Some(3));
    assert_eq!(bounds! { |_: u32| race < fetch fetch > }.in_flight, Some(2));
    assert_eq!(bounds! { |_: u32| fallback < fetch fetch > }.in_flight, Some(1));
    assert_eq!(bounds! { |_: u32| hedge(1s, max_attempts = 4) < fetch > }.in_flight, Some(4));
    assert_eq!(
        bounds! { |n: u32| choose(*n) < 0 => par < fetch(1) fetch(2) >, _ => |_| { (0, 0) } > }.in_flight,
        Some(2)
    );
    assert_eq!(bounds! { |n: u32| when(*n > 0) < par < fetch(1) fetch(2) > > }.in_flight, Some(2));
    assert_eq!(
        bounds! { |_: u32| retry < catch < settle < timeout(1s) < par < fetch fetch > > > > >  }.in_flight,
        Some(2)
    );
}

#[test]
fn bounds_2_a_limit_is_of_the_largest_children() {
    let wide = |limit: usize| {
        bounds! { |_: u32| par(limit = limit) < fetch par < fetch fetch fetch > fetch race < fetch fetch > > }
    };
    let in_flight: Vec<_> = (1..6).map(|limit| wide(limit).in_flight.unwrap()).collect();
    assert_eq!(in_flight, [3, 5, 6, 7, 7]);
}

#[test]
fn bounds_2_an_each_has_as_many_as_its_limit() {
    let width = 5;
    assert_eq!(bounds! { |_: Vec<u32>| each(limit = width) < par < fetch fetch > > }.in_flight, Some(10));
    assert_eq!(
        bounds! { |_: Vec<Vec<u32>>| each(limit = 2) < each(limit = 3) < fetch > > }.in_flight,
        Some(6)
    );
    assert_eq!(bounds! { |_: Vec<Vec<u32>>| each < each(limit = 3) < fetch > > }.in_flight, None);
    assert_eq!(bounds! { |_: Vec<Vec<u32>>| each(limit = 3) < each < fetch > > }.in_flight, None);
    assert_eq!(bounds! { |_: Vec<u32>| each(settle, limit = 3) < fetch > }.in_flight, Some(3));
    assert_eq!(bounds! { |_: u32| seq < list each < fetch > > }.in_flight, None);
    let streamed = bounds! { |_: futures::stream::Empty<u32>| each(stream, limit = 3) < fetch > };
    assert_eq!((streamed.in_flight, streamed.longest), (Some(3).into(), None.into()));
}

#[test]
fn bounds_3_a_bulkhead_lets_no_more_through() {
    let places = 3;
    assert_eq!(bounds! { |_: Vec<u32>| each < bulkhead(max = places) < fetch > > }.in_flight, Some(3));
    assert_eq!(
        bounds! { |_: Vec<u32>| each < bulkhead(max = places) < par < fetch fetch > > > }.in_flight,
        Some(6)
    );
    assert_eq!(
        bounds! { |_: Vec<u32>| each(limit = 2) < bulkhead(max = places) < fetch > > }.in_flight,
        Some(2)
    );
    // Three are in it, and any number are past it.
    assert_eq!(
        bounds! { |_: Vec<u32>| each < seq < bulkhead(max = places) < fetch > save > > }.in_flight,
        None
    );
    let beside = bounds! { |_: Vec<u32>| each(limit = 9) < par < bulkhead(max = places) < fetch > fetch > > };
    assert_eq!(beside.in_flight, Some(12));
    // Nine at once, in one of the two.
    let after = bounds! { |_: Vec<u32>| each(limit = 9) < seq < bulkhead(max = places) < fetch > fetch > > };
    assert_eq!(after.in_flight, Some(9));
    let both = bounds! {
        |_: Vec<u32>| each(limit = 9) < seq < bulkhead(max = places) < fetch > bulkhead(max = 2) < fetch > > >
    };
    assert_eq!(both.in_flight, Some(5));

    let shared = Bulkhead::new(4);
    assert_eq!(bounds! { |_: Vec<u32>| each < bulkhead(bulkhead = &shared) < fetch > > }.in_flight, Some(4));
    assert_eq!(bounds! { |_: Vec<u32>| each < throttle(rate = 9) < fetch > > }.in_flight, None);
    assert_eq!(bounds! { |_: Vec<u32>| each < circuit < fetch > > }.in_flight, None);
}

#[test]
fn bounds_4_attempts_multiply() {
    let (tries, beside) = (4, 3);
    assert_eq!(bounds! { |_: u32| fetch }.attempts, Some(1));
    assert_eq!(bounds! { |_: u32| retry < fetch > }.attempts, Some(3));
    assert_eq!(bounds! { |_: u32| hedge(1s) < fetch > }.attempts, Some(2));
    assert_eq!(bounds! { |_: u32| retry(max_attempts = unlimited) < fetch > }.attempts, None);
    let nested = bounds! { |_: u32| retry(max_attempts = tries) < hedge(1s, max_attempts = beside) < retry < fetch > > > };
    assert_eq!(nested.attempts, Some(4 * 3 * 3));
    // Of the step for which that is most.
    let several = bounds! { |_: u32| seq < retry(max_attempts = 2) < seq < fetch retry(max_attempts = 2) < fetch > > > retry < fetch > > };
    assert_eq!(several.attempts, Some(4));
    let fallback = bounds! { |_: u32| fallback < retry(max_attempts = 5) < fetch > fetch fetch > };
    assert_eq!(fallback.attempts, Some(5));
    let values = bounds! { |_: Vec<u32>| retry(max_attempts = 2) < each(limit = 3) < repeat(max_rounds = 7) < page > > > };
    assert_eq!(values.attempts, Some(2));
}

struct Plainly;

impl<T: Send, E: Failure> Policy<T, E> for Plainly {
    async fn apply(&self, mut next: Next<'_, T, E>) -> Result<T, Error<E>> {
        next.call().await
    }
}

struct AtMostOnce;

impl<T: Send, E: Failure> Policy<T, E, Once> for AtMostOnce {
    async fn apply(&self, next: Next<'_, T, E, Once>) -> Result<T, Error<E>> {
        next.call_once().await
    }
}

#[test]
fn bounds_4_a_policy_runs_its_body_without_end_or_once() {
    let plainly = bounds! { |_: u32| with(Plainly) < timeout(1s) < par < fetch fetch > > > };
    assert_eq!((plainly.attempts, plainly.in_flight), (None.into(), Some(2).into()));
    assert_eq!((plainly.executions, plainly.longest), (None.into(), None.into()));
    let once = bounds! { |_: u32| retry(max_attempts = 2) < with(AtMostOnce) < timeout(1s) < fetch > > > };
    assert_eq!((once.attempts, once.executions, once.longest), (Some(2).into(), Some(2).into(), None.into()));

    let timed = || tower::timeout::TimeoutLayer::new(secs(1));
    let once = bounds! { |_: u32| with(async_orch::tower::tower(timed())) < fetch > };
    assert_eq!(once.attempts, Some(1));
    let again = bounds! { |_: u32| with(async_orch::tower::tower_again(timed())) < fetch > };
    assert_eq!(again.attempts, None);
}

#[test]
fn bounds_5_rounds_and_items_are_executions() {
    assert_eq!(bounds! { |_: u32| seq < fetch fetch > }.executions, Some(1));
    let rounds = 6;
    let p = bounds! { |_: u32| retry(max_attempts = 2) < repeat(max_rounds = rounds) < retry < page > > > };
    assert_eq!((p.attempts, p.executions), (Some(6).into(), Some(36).into()));
    assert_eq!(bounds! { |_: u32| repeat < page > }.executions, None);
    assert_eq!(bounds! { |_: Vec<u32>| each(limit = 1) < fetch > }.executions, None);
}

#[test]
fn bounds_6_children_are_one_after_another_where_the_limit_is_of_each_run() {
    let longest = |bounds: Bounds| bounds.longest;
    let secs = |secs| Some(Duration::from_secs(secs));
    assert_eq!(longest(bounds! { |_: u32| par < timeout(2s) < fetch > timeout(3s) < fetch > > }), secs(3));
    let of_each_run =
        bounds! { |n: u32| par(limit = *n as usize) < timeout(2s) < fetch(1) > timeout(3s) < fetch(2) > > };
    assert_eq!(longest(of_each_run), secs(5));
    assert_eq!(of_each_run.in_flight, Some(2));
}

#[test]
fn bounds_6_times_add_up_or_are_beside_each_other() {
    let longest = |bounds: Bounds| bounds.longest;
    assert_eq!(longest(bounds! { |_: u32| fetch }), None);
    assert_eq!(longest(bounds! { |_: u32| async |n| { n } }), None);
    assert_eq!(longest(bounds! { |n: u32| async |_| { *n } }), None);
    assert_eq!(longest(bounds! { |_: u32| async |n, cx| { n + cx.attempt() } }), None);
    assert_eq!(longest(bounds! { |_: u32| seq < |n| { n } |n, cx| { n + cx.attempt() } > }), Some(secs(0)));
    assert_eq!(
        longest(bounds! { |_: u32| seq < timeout(1s) < fetch > |n| { n } timeout(2s) < fetch > > }),
        Some(secs(3))
    );
    assert_eq!(longest(bounds! { |_: u32| seq < timeout(1s) < fetch > fetch > }), None);
    assert_eq!(
        longest(bounds! { |_: u32| fallback < timeout(1s) < fetch > timeout(2s) < fetch > > }),
        Some(secs(3))
    );
    assert_eq!(
        longest(bounds! { |_: u32| race < timeout(1s) < fetch > timeout(2s) < fetch > > }),
        Some(secs(2))
    );
    assert_eq!(
        longest(
            bounds! { |n: u32| choose(*n) < 0 => timeout(1s) < fetch(1) >, _ => timeout(2s) < fetch(2) > > }
        ),
        Some(secs(2))
    );
    assert_eq!(longest(bounds! { |_: u32| when(|n| *n > 0) < timeout(1s) < fetch > > }), Some(secs(1)));
    assert_eq!(longest(bounds! { |_: u32| catch < settle < timeout(1s) < fetch > > > }), Some(secs(1)));
    assert_eq!(longest(bounds! { |_: Vec<u32>| each(limit = 1) < timeout(1s) < fetch > > }), None);
    assert_eq!(longest(bounds! { |_: Vec<u32>| each < |n| { n + 1 } > }), Some(secs(0)));
}

#[test]
fn bounds_6_peers_start_in_order_as_there_is_room() {
    let par = |limit: usize| {
        let p = bounds! {
            |_: u32|
            par(limit = limit) < timeout(3s) < fetch > timeout(1s) < fetch > timeout(2s) < fetch > timeout(4s) < fetch > >
        };
        p.longest.unwrap().as_secs()
    };
    // With two: until 3; until 1 and then until 3; from 3 until 7.
    assert_eq!([1, 2, 3, 4].map(par), [10, 7, 5, 4]);
}

#[test]
fn bounds_7_a_timeout_takes_no_longer_than_its_time() {
    let time = secs(5);
    assert_eq!(bounds! { |_: u32| timeout(time) < fetch > }.longest, Some(time));
    assert_eq!(bounds! { |_: u32| timeout(time) < timeout(1s) < fetch > > }.longest, Some(secs(1)));
    assert_eq!(
        bounds! { |_: u32| timeout(time) < seq < timeout(1m) < fetch > fetch > > }.longest,
        Some(time)
    );
    let all = bounds! { |_: Vec<u32>| timeout(time) < each < retry(max_attempts = unlimited) < fetch > > > };
    assert_eq!(all.longest, Some(time));
}

#[test]
fn bounds_8_attempts_and_the_waits_between_them() {
    let longest = |bounds: Bounds| bounds.longest;
    let tries = 4;
    // 100 ms, 200 ms, 400 ms.
    let default = bounds! { |_: u32| retry(max_attempts = tries) < timeout(1s) < fetch > > };
    assert_eq!(longest(default), Some(millis(4_700)));
    let jitters = [
        bounds! { |_: u32| retry(jitter = full) < timeout(1s) < fetch > > },
        bounds! { |_: u32| retry(jitter = equal) < timeout(1s) < fetch > > },
        bounds! { |_: u32| retry(jitter = none) < timeout(1s) < fetch > > },
    ];
    assert!(jitters.map(longest).iter().all(|longest| *longest == Some(millis(3_300))));
    let once = bounds! { |_: u32| retry(max_attempts = 1) < timeout(1s) < fetch > > };
    assert_eq!(longest(once), Some(secs(1)));
    let capped = bounds! { |_: u32| retry(max_attempts = 6, backoff = exponential(1s), max_delay = 3s) < timeout(1s) < fetch > > };
    assert_eq!(longest(capped), Some(secs(6 + 1 + 2 + 3 + 3 + 3)));
    let grown = async_orch::retry::exponential_by(secs(1), 3);
    let grown = bounds! { |_: u32| retry(max_attempts = 4, backoff = grown) < timeout(1s) < fetch > > };
    assert_eq!(longest(grown), Some(secs(4 + 1 + 3 + 9)));
    let fibonacci = bounds! { |_: u32| retry(max_attempts = 6, backoff = fibonacci(1s)) < |n| { Err::<u32, _>(n.to_string()) } > };
    assert_eq!(longest(fibonacci), Some(secs(1 + 1 + 2 + 3 + 5)));
    let shrinking = bounds! {
        |_: u32| retry(max_attempts = 4, backoff = exponential(8s, 0.5), max_delay = 5s) < |n| { Err::<u32, _>(n.to_string()) } >
    };
    assert_eq!(longest(shrinking), Some(secs(5 + 4 + 2)));
    let many = bounds! { |_: u32| retry(max_attempts = 4_000_000_000, backoff = constant(1s)) < |n| { Err::<u32, _>(n.to_string()) } > };
    assert_eq!(longest(many), Some(secs(3_999_999_999)));
    assert_eq!(longest(bounds! { |_: u32| retry(max_attempts = unlimited) < timeout(1s) < fetch > > }), None);
}

#[test]
fn bounds_8_an_attempt_begins_no_later_than_that() {
    let elapsed = secs(10);
    let p =
        bounds! { |_: u32| retry(max_attempts = unlimited, max_elapsed = elapsed) < timeout(2s) < fetch > > };
    assert_eq!((p.longest, p.attempts), (Some(secs(12)).into(), None.into()));
    // What is less.
    let p = bounds! { |_: u32| retry(max_attempts = 2, max_elapsed = elapsed, backoff = constant(1s)) < timeout(2s) < fetch > > };
    assert_eq!(p.longest, Some(secs(5)));
}

#[test]
fn bounds_8_a_wait_of_somebody_else_is_as_long_as_the_longest() {
    let builder = || backon::ConstantBuilder::default().with_delay(secs(1)).with_max_times(5);
    let p = bounds! { |_: u32| retry(backoff = builder()) < timeout(2s) < fetch > > };
    assert_eq!((p.attempts, p.longest), (Some(3).into(), None.into()));
    let p = bounds! { |_: u32| retry(backoff = builder(), max_delay = 2s) < timeout(2s) < fetch > > };
    assert_eq!(p.longest, Some(secs(3 * 2 + 2 * 2)));
    let p = bounds! { |_: u32| retry(retry_after = |_| None) < timeout(2s) < fetch > > };
    assert_eq!(p.longest, None);
    let p = bounds! { |_: u32| retry(retry_after = |_| None, max_delay = 5s) < timeout(2s) < fetch > > };
    assert_eq!(p.longest, Some(secs(3 * 2 + 2 * 5)));
}

#[test]
fn bounds_8_rounds_and_further_attempts_beside() {
    let rounds = 5;
    assert_eq!(
        bounds! { |_: u32| repeat(max_rounds = rounds) < timeout(1s) < page > > }.longest,
        Some(secs(5))
    );
    let spread = bounds! { |_: u32| repeat(max_rounds = rounds, backoff = constant(2s), jitter = full) < timeout(1s) < page > > };
    assert_eq!(spread.longest, Some(secs(5 + 4 * 2)));
    assert_eq!(bounds! { |_: u32| repeat < timeout(1s) < page > > }.longest, None);
    let delay = secs(3);
    let hedge = bounds! { |_: u32| hedge(delay, max_attempts = 4) < timeout(10s) < fetch > > };
    assert_eq!(hedge.longest, Some(secs(3 * 3 + 10)));
}

#[test]
fn bounds_9_who_waits_to_be_let_through() {
    let longest = |bounds: Bounds| bounds.longest;
    assert_eq!(longest(bounds! { |_: u32| throttle(rate = 9) < timeout(1s) < fetch > > }), None);
    assert_eq!(
        longest(bounds! { |_: u32| throttle(rate = 9, max_wait = 5s) < timeout(1s) < fetch > > }),
        Some(secs(6))
    );
    assert_eq!(longest(bounds! { |_: u32| bulkhead(max = 9) < timeout(1s) < fetch > > }), Some(secs(1)));
    assert_eq!(longest(bounds! { |_: u32| bulkhead(max = 9, queue = 1) < timeout(1s) < fetch > > }), None);
    let queued =
        bounds! { |_: u32| bulkhead(max = 9, queue = unlimited, max_wait = 5s) < timeout(1s) < fetch > > };
    assert_eq!(longest(queued), Some(secs(6)));
    assert_eq!(longest(bounds! { |_: u32| circuit < timeout(1s) < fetch > > }), Some(secs(1)));
    assert_eq!(longest(bounds! { |_: u32| circuit(wait) < timeout(1s) < fetch > > }), None);

    let limiter = Limiter::builder(9).max_wait(secs(5)).build();
    assert_eq!(
        longest(bounds! { |_: u32| throttle(limiter = &limiter) < timeout(1s) < fetch > > }),
        Some(secs(6))
    );
    let bulkhead = Bulkhead::builder(1).queue(1).max_wait(secs(5)).build();
    assert_eq!(
        longest(bounds! { |_: u32| bulkhead(bulkhead = &bulkhead) < timeout(1s) < fetch > > }),
        Some(secs(6))
    );
    let breaker = Breaker::builder().wait(true).build();
    assert_eq!(longest(bounds! { |_: u32| circuit(breaker = &breaker) < timeout(1s) < fetch > > }), None);
    let breaker = Breaker::new();
    assert_eq!(
        longest(bounds! { |_: u32| circuit(breaker = &breaker) < timeout(1s) < fetch > > }),
        Some(secs(1))
    );
}

#[test]
fn bounds_10_undos_come_after_the_body() {
    let p = bounds! {
        |_: u32|
        saga <
            timeout(1s) < fetch > undo timeout(10s) < par < fetch(1) fetch(2) save(3) > >
            retry(max_attempts = 2, backoff = constant(1s)) < timeout(1s) < fetch > > undo retry(max_attempts = 5, backoff = constant(0s)) < timeout(1s) < fetch > >
            timeout(1s) < save > finally timeout(100s) < save(1) >
            timeout(1s) < fetch >
        >
    };
    assert_eq!(p.in_flight, Some(3));
    // An undo is not tried again with its step.
    assert_eq!((p.attempts, p.executions), (Some(5).into(), Some(5).into()));

    assert_eq!(p.longest, Some(secs(1 + 10 + 3 + 5 + 1 + 100 + 1)));

    // As often as its step: what a saga inside another hands on is undone once, and one in a block that goes on has its own undone.
    let handed = bounds! {
        |_: u32|
        saga < par(limit = 1) <
            saga < timeout(1s) < save > undo timeout(10s) < save(1) > >
            saga < timeout(1s) < save > undo timeout(10s) < save(1) > >
        > |_| {} >
    };
    assert_eq!(handed.longest, Some(secs(2 + 20)));
    let apart = bounds! {
        |_: u32|
        saga < repeat(max_rounds = 3) < saga < timeout(1s) < save > undo timeout(2s) < save(1) > timeout(1s) < page > > > >
    };
    assert_eq!((apart.executions, apart.longest), (Some(3).into(), Some(secs(3 * 4)).into()));
    let inner = pipeline! { |_: u32| saga < timeout(1s) < save > undo timeout(2s) < save(1) > > };
    assert_eq!(bounds! { |_: u32| saga < { &inner } > }.longest, Some(secs(3)));
    let inside = bounds! { |_: u32| fallback < saga < timeout(1s) < save > undo timeout(2s) < save(1) > timeout(1s) < fetch > > fetch > };
    assert_eq!((inside.longest, inside.in_flight), (None.into(), Some(1).into()));
    let items = bounds! { |_: Vec<u32>| saga < each(limit = 4) < timeout(1s) < save > undo timeout(1s) < save(1) > > > };
    assert_eq!(
        (items.in_flight, items.longest, items.executions),
        (Some(4).into(), None.into(), None.into())
    );
}

#[test]
fn bounds_11_embedded_pipelines_count() {
    let wide = pipeline! { |_: u32| par < fetch fetch fetch > };
    let inner = pipeline! {
        |_: u32| retry(max_attempts = 4, backoff = constant(0s)) < timeout(1s) < par < fetch { &wide } > > >
    };
    let boxed = (&inner).boxed();
    for bounds in [
        bounds! { |_: Vec<u32>| each(limit = 2) < { &inner } > },
        bounds! { |_: Vec<u32>| each(limit = 2) < { &boxed } > },
        bounds(
            &pipeline! { |_: Vec<u32>| each(limit = 2) < { boxed } > }
                .with_bus(async_orch::bus::Recorder::new())
                .boxed(),
        ),
    ] {
        assert_eq!((bounds.in_flight, bounds.attempts), (Some(8).into(), Some(4).into()));
    }
    assert_eq!(inner.graph().bounds().longest, Some(secs(4)));
}

#[test]
fn bounds_12_the_literals_count_where_a_name_stands_in_an_option() {
    let p = bounds! {
        |n: u32|
        retry(max_attempts = 5, max_delay = Duration::from_secs((*n).into()), backoff = constant(1500ms))
            < timeout(2s) < fetch(*n) > >
    };
    assert_eq!((p.attempts, p.longest), (Some(5).into(), Some(millis(5 * 2_000 + 4 * 1_500)).into()));
    let p = bounds! { |n: u32| retry(max_attempts = *n) < timeout(2s) < fetch(*n) > > };
    assert_eq!((p.attempts, p.longest), (None.into(), None.into()));
    let p = bounds! { |n: u32| seq < list(*n) each(limit = *n as usize) < timeout(2s) < fetch > > > };
    assert_eq!(p.in_flight, None);
    let p = bounds! { |n: u32| timeout(Duration::from_secs((*n).into())) < fetch(*n) > };
    assert_eq!(p.longest, None);
    let p = bounds! { |n: u32| hedge(Duration::from_secs((*n).into()), max_attempts = 4) < fetch(*n) > };
    assert_eq!((p.attempts, p.in_flight), (Some(4).into(), Some(4).into()));
    // The handle is one of the run.
    let p = pipeline! {
        let bulkhead = Bulkhead::new(3);
        |_: u32| bulkhead(bulkhead = bulkhead) < timeout(2s) < fetch > >
    };
    assert_eq!(bounds(&p).longest, None);
}

#[test]
fn bounds_13_what_a_number_cannot_hold_is_unbounded() {
    let most = u32::MAX;
    let p = bounds! {
        |_: Vec<u32>|
        each(limit = usize::MAX - 1) < retry(max_attempts = most) < retry(max_attempts = 2) < timeout(Duration::MAX) < par < fetch fetch > > > > >
    };
    assert_eq!(p, bounds! { |_: Vec<u32>| each < retry(max_attempts = unlimited) < par < fetch fetch > > > });
    assert_eq!(bounds! { |_: u32| timeout(Duration::MAX) < fetch > }.longest, Some(Duration::MAX));
    assert_eq!(bounds! { |_: u32| retry(max_attempts = 100, backoff = exponential(1s)) < |n| { Err::<u32, _>(n.to_string()) } > }.longest, None);
}

#[test]
fn no_pipeline_is_no_load() {
    let none: Bounds = async_orch::Graph::default().bounds();
    assert_eq!(none.to_string(), "in flight 0, attempts 0, executions 0, longest 0ns");
    let bound: Bound<u32> = none.attempts;
    assert_eq!(bound.unwrap(), 0);
}

/// Of a block that is not counted nothing would be known. A new one says it by `Block::load`, as it would not compile without; by
/// its text it is here.
#[test]
fn every_block_of_the_table_is_counted() {
    for spec in orch_syntax::blocks::BLOCKS {
        assert_ne!(written::load(spec.keyword, &[]), Load::Unknown, "`{}`", spec.keyword);
    }
    assert_eq!(written::load("undone", &[]), Load::Unknown);
}

/// A graph of what is written, as who has no more than the text makes it.
fn from_text(graph: &Graph) -> Graph {
    fn describe(graph: &Graph, node: &Node, to: &mut Describe<'_>) {
        let entry = Meta {
            index: node.index() as u32,
            parent: None,
            kind: node.kind(),
            form: Form::Row,
            name: Some(node.name()),
            options: node.options(),
            place: node.place(),
        };
        let entry: &'static Meta = Box::leak(Box::new(entry));
        match node.kind() {
            NodeKind::Block(keyword) => to.block(entry, written::load(keyword, node.options()), |to| {
                graph.children(node.index()).for_each(|child| describe(graph, child, to));
            }),
            kind => {
                to.leaf(Origin::block(entry));
                if kind == NodeKind::Inline {
                    to.at_once();
                }
            }
        }
    }
    Graph::of(|to| {
        graph.nodes().iter().filter(|node| node.parent().is_none()).for_each(|node| describe(graph, node, to))
    })
}

/// With literals in all options, what is written and what the values come to is the same.
#[test]
fn literals_count_as_what_they_come_to() {
    macro_rules! graphs {
        ($({ $($text:tt)* })*) => {
            [$(pipeline! { $($text)* }.graph()),*]
        };
    }
    let graphs = graphs! {
        { |_: u32| seq(collect) < fetch par < fetch(1) |n| { n } > > }
        { |_: u32| timeout(1500us) < par(limit = 2, settle) < fetch race < fetch fetch > timeout(1s) < fetch > > > }
        { |_: Vec<u32>| each(limit = 1_000) < hedge(1.5s, max_attempts = 3) < fetch > > }
        { |_: futures::stream::Empty<u32>| each(stream, settle) < |n| { n } > }
        { |_: u32| settle < fallback < timeout(1m) < fetch > catch < timeout(2h) < fetch > > > > }
        { |_: u32| retry < timeout(7ns) < fetch > > }
        { |_: u32| retry(max_attempts = 9, backoff = exponential(1s, 1.5), max_delay = 5s, jitter = equal) < timeout(0.25s) < fetch > > }
        { |_: u32| retry(max_attempts = 9, backoff = fibonacci(10ms), rejections) < timeout(1s) < fetch > > }
        { |_: u32| retry(max_attempts = unlimited, max_elapsed = 9s) < timeout(1s) < fetch > > }
        { |_: u32| retry(max_delay = 3s, retry_after = |_| None) < timeout(1s) < fetch > > }
        { |_: u32| retry(max_attempts = 3, backoff = exponential(9s, 0.5), max_delay = 8s) < timeout(1s) < fetch > > }
        { |_: u32| repeat(max_rounds = 4, backoff = constant(250ms), jitter = full) < timeout(1s) < page > > }
        { |_: u32| repeat(max_rounds = 4) < timeout(1s) < page > > }
        { |_: u32| repeat < timeout(1s) < page > > }
        { |_: Vec<u32>| each < bulkhead(max = 3) < timeout(1s) < fetch > > > }
        { |_: u32| bulkhead(max = 3, queue = 0) < timeout(1s) < fetch > > }
        { |_: u32| bulkhead(max = 3, queue = 2) < timeout(1s) < fetch > > }
        { |_: u32| bulkhead(max = 3, queue = unlimited, max_wait = 2s) < timeout(1s) < fetch > > }
        { |_: u32| throttle(rate = 3) < timeout(1s) < fetch > > }
        { |_: u32| throttle(rate = 3, per = 2s, burst = 5, cost = 2, max_wait = 0s) < timeout(1s) < fetch > > }
        { |_: u32| circuit(fail_max = 2, reset_timeout = 9s) < timeout(1s) < fetch > > }
        { |_: u32| circuit(wait) < timeout(1s) < fetch > > }
        { |n: u32| choose(*n) < 0 => timeout(1s) < fetch(1) >, _ => timeout(2s) < fetch(2) > > }
        { |_: u32| when(|n| *n > 0) < timeout(1s) < fetch > > }
        { |_: u32| with(Plainly) < timeout(1s) < fetch > > }
        { |_: u32| saga < timeout(1s) < fetch > > }
    };
    for graph in &graphs {
        assert_eq!(from_text(graph).bounds(), graph.bounds(), "{graph}");
    }
    let keywords: Vec<&str> = graphs.iter().flat_map(Graph::nodes).map(|node| node.kind().as_str()).collect();
    for spec in orch_syntax::blocks::BLOCKS {
        assert!(keywords.contains(&spec.keyword), "`{}` is not compared", spec.keyword);
    }
}
