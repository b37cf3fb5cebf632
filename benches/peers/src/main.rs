//! The shapes of the benchmarks with other libraries, beside this library in the same process, as a Markdown table.
//!
//! `just bench-peers`; names or parts of names after it choose shapes. What each peer does is in `peers/`, a file for each;
//! what it is asked to do is what the library and the hand-written code in `../shapes` do.

// Ten of tower's `and_then` are deeper than the compiler's default allows.
#![recursion_limit = "512"]

use std::hint::black_box;
use std::time::Duration;

use async_orch::{ErrorKind, Run};
use failsafe::futures::CircuitBreaker;
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;

use harness::Shape;
use shapes::tasks::{Failed, Ring, fail, step};
use shapes::{hand, orch};

mod allocations;
mod harness;
mod peers;
#[path = "../../shapes/mod.rs"]
mod shapes;

#[global_allocator]
static ALLOCATOR: allocations::Counting = allocations::Counting;

const ORCH: &str = "**async-orch**";
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|name| !name.starts_with('-')).collect();
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    println!("| shape | with | time of a run | times async-orch's | allocations of a run |");
    println!("|---|---|--:|--:|--:|");
    seq(&runtime, &wanted);
    par16(&runtime, &wanted);
    par64(&runtime, &wanted);
    each(&runtime, &wanted);
    circuit(&runtime, &wanted);
    circuit_open(&runtime, &wanted);
    retry_and_timeout(&runtime, &wanted);
    race_and_hedge(&runtime, &wanted);
    gatekeepers(&runtime, &wanted);
}

/// The answer of a step, or of steps, that do not fail.
fn is<E>(right: u64) -> impl Fn(Result<u64, E>) -> bool {
    move |answer| answer.is_ok_and(|answer| answer == right)
}

fn seq(runtime: &Runtime, wanted: &[String]) {
    use peers::{cano, dagx, sayiir, tower};
    let pipeline = orch::seq10();
    let service = tower::seq10();
    let machine = cano::seq10();
    let workflow = sayiir::seq10();
    Shape::new("seq10")
        .with(ORCH, || pipeline.run(black_box(1)), is(11))
        .with("by hand, `.await`", || hand::seq10(black_box(1)), is(11))
        .with("tower, `and_then`", || service.clone().oneshot(black_box(1)), is(11))
        .with("cano, states", || machine.run(black_box(1)), is(11))
        .with("sayiir, `run_once`", || sayiir::run(&workflow, black_box(1)), |answer| answer == Some(11))
        .with("dagx, built and run", || dagx::seq10(black_box(1)), is(11))
        .measure(runtime, wanted);
}

/// The sum of the first and the last output is 17, that of all sixteen 136.
fn par16(runtime: &Runtime, wanted: &[String]) {
    use peers::{cano, dagx, futures, futures_buffered, futures_concurrency, sayiir, tower};
    let pipeline = orch::par16();
    let service = tower::limited_step();
    let machine = cano::par16(false);
    let workflow = sayiir::par16();
    Shape::new("par16")
        .with(ORCH, || pipeline.run(()), is(17))
        .with("by hand, tokio `try_join!` and `Semaphore`", hand::par16, is(17))
        .with("futures, `buffered(4)`", futures::par16, is(17))
        .with("futures, `buffer_unordered(4)`", futures::par16_unordered, is(136))
        .with("futures-buffered, `buffered_ordered(4)`", futures_buffered::par16, is(17))
        .with("futures-buffered, `buffered_unordered(4)`", futures_buffered::par16_unordered, is(136))
        .with("futures-concurrency, `limit(4)`, unordered", futures_concurrency::par16, is(136))
        .with("tower, `concurrency_limit(4)`, `call_all`", || tower::par16(service.clone()), is(17))
        .with("cano, split with a bulkhead of 4", || machine.run(0), is(17))
        .with("sayiir, branches without a limit", || sayiir::run(&workflow, 0), |answer| answer == Some(17))
        .with("dagx, built and run, without a limit", dagx::par16, is(17))
        .measure(runtime, wanted);

    let pipeline = orch::par16_yield();
    let service = tower::limited_yield(4);
    let machine = cano::par16(true);
    let workflow = sayiir::par16_yield();
    Shape::new("par16_yield")
        .with(ORCH, || pipeline.run(()), is(17))
        .with("by hand, tokio `try_join!` and `Semaphore`", hand::par16_yield, is(17))
        .with("futures, `buffered(4)`", futures::par16_yield, is(17))
        .with("futures, `buffer_unordered(4)`", futures::par16_yield_unordered, is(136))
        .with("futures-buffered, `buffered_ordered(4)`", futures_buffered::par16_yield, is(17))
        .with("futures-buffered, `buffered_unordered(4)`", futures_buffered::par16_yield_unordered, is(136))
        .with("futures-concurrency, `limit(4)`, unordered", futures_concurrency::par16_yield, is(136))
        .with("tower, `concurrency_limit(4)`, `call_all`", || tower::par16(service.clone()), is(17))
        .with("cano, split with a bulkhead of 4", || machine.run(0), is(17))
        .with("sayiir, branches without a limit", || sayiir::run(&workflow, 0), |answer| answer == Some(17))
        .with("dagx, built and run, without a limit", dagx::par16_yield, is(17))
        .measure(runtime, wanted);
}

/// The children give 1 to 64, and the players how often they had the baton.
fn par64(runtime: &Runtime, wanted: &[String]) {
    use peers::{futures, futures_buffered, futures_concurrency, tokio};
    const TURNS: u64 = Ring::TURNS as u64;
    const ALL_TURNS: u64 = TURNS * Ring::PLAYERS as u64;

    let pipeline = orch::par64_wake();
    Shape::new("par64_wake")
        .with(ORCH, || pipeline.run(()), is(65))
        .with("tokio, `try_join!`", hand::par64_wake, is(65))
        .with("tokio, `JoinSet`, spawned", tokio::par64_wake_spawned, is(65 * 32))
        .with("futures, `try_join_all`", futures::par64_wake, is(65))
        .with("futures-buffered, `try_join_all`", futures_buffered::par64_wake, is(65))
        .with("futures-concurrency, `try_join` of an array", futures_concurrency::par64_wake, is(65))
        .measure(runtime, wanted);

    let ring = Ring::new();
    let pipeline = orch::par64_baton(ring.clone());
    Shape::new("par64_baton")
        .with(ORCH, || pipeline.run(()), is(2 * TURNS))
        .with("tokio, `try_join!`", || tokio::par64_baton(&ring), is(2 * TURNS))
        .with("tokio, `JoinSet`, spawned", || tokio::par64_baton_spawned(&ring), is(ALL_TURNS))
        .with("futures, `try_join_all`", || futures::par64_baton(&ring), is(ALL_TURNS))
        .with("futures-buffered, `try_join_all`", || hand::par64_baton(&ring), is(ALL_TURNS))
        .with(
            "futures-concurrency, `try_join` of an array",
            || futures_concurrency::par64_baton(&ring),
            is(ALL_TURNS),
        )
        .measure(runtime, wanted);
}

fn each(runtime: &Runtime, wanted: &[String]) {
    use peers::{cano, futures, futures_concurrency, tower};
    fn in_order<E>(answer: Result<Vec<u64>, E>) -> bool {
        answer.is_ok_and(|outputs| outputs.into_iter().eq(1..=10_000))
    }
    let pipeline = orch::each10k();
    let service = tower::limited_yield(64);
    let batch = cano::each10k();
    Shape::new("each10k")
        .with(ORCH, || pipeline.run(0..10_000), in_order)
        .with("futures, `buffered(64)`", futures::each10k, in_order)
        .with("futures-buffered, `buffered_ordered(64)`", hand::each10k, in_order)
        .with("futures-concurrency, `limit(64)`, put in order", futures_concurrency::each10k, in_order)
        .with("tower, `concurrency_limit(64)`, `call_all`", || tower::each10k(service.clone()), in_order)
        .with("cano, batch of concurrency 64", || batch.run(), in_order)
        .measure(runtime, wanted);
}

fn circuit(runtime: &Runtime, wanted: &[String]) {
    use peers::{cano, failsafe, recloser, tower_resilience};
    let pipeline = orch::circuit_closed();
    let by_hand = hand::Breaker::new(5, MINUTE);
    let failsafe = failsafe::breaker(5, MINUTE);
    let recloser = recloser::breaker(5, MINUTE);
    let cano = cano::breaker(5, MINUTE);
    let service = tower_resilience::closed();
    Shape::new("circuit_closed")
        .with(ORCH, || pipeline.run(black_box(1)), is(2))
        .with("by hand, atomics", || by_hand.call(step(black_box(1))), is(2))
        .with("tower-resilience", || service.clone().oneshot(black_box(1)), is(2))
        .with("failsafe", || failsafe.call(step(black_box(1))), is(2))
        .with("recloser", || recloser.call(step(black_box(1))), is(2))
        .with("cano, permits", || cano::guarded_step(&cano, black_box(1)), is(2))
        .measure(runtime, wanted);

    let pipeline = orch::circuit_rate();
    let by_hand = hand::Breaker::new(5, MINUTE);
    let recent = hand::Recent::default();
    let failsafe = failsafe::rated(0.5, MINUTE);
    let recloser = recloser::breaker(100, MINUTE);
    let service = tower_resilience::rated();
    Shape::new("circuit_rate")
        .with(ORCH, || pipeline.run(black_box(1)), is(2))
        .with("by hand, a ring and atomics", || hand::circuit_rate(&by_hand, &recent, black_box(1)), is(2))
        .with("tower-resilience", || service.clone().oneshot(black_box(1)), is(2))
        .with("failsafe, in a minute", || failsafe.call(step(black_box(1))), is(2))
        .with("recloser", || recloser.call(step(black_box(1))), is(2))
        .measure(runtime, wanted);
}

fn circuit_open(runtime: &Runtime, wanted: &[String]) {
    use peers::{cano, failsafe, recloser, tower_resilience};
    let pipeline = orch::circuit_open();
    let by_hand = hand::Breaker::new(1, HOUR);
    let failsafe = failsafe::breaker(1, HOUR);
    let recloser = recloser::breaker(1, HOUR);
    let cano = cano::breaker(1, HOUR);
    let service = tower_resilience::open();
    runtime.block_on(async {
        assert!(pipeline.run(1).await.is_err());
        assert!(matches!(by_hand.call(fail(1)).await, Err(hand::Guarded::Call(Failed))));
        assert!(matches!(failsafe.call(fail(1)).await, Err(::failsafe::Error::Inner(Failed))));
        for _ in 0..2 {
            assert!(matches!(recloser.call(fail(1)).await, Err(::recloser::Error::Inner(Failed))));
        }
        assert!(cano::guarded_failure(&cano, 1).await.is_err());
        assert!(service.clone().oneshot(1).await.is_err());
    });
    Shape::new("circuit_open")
        .with(
            ORCH,
            || pipeline.run(black_box(1)),
            |answer| answer.is_err_and(|error| matches!(error.kind(), ErrorKind::CircuitOpen { .. })),
        )
        .with(
            "by hand, atomics",
            || by_hand.call(fail(black_box(1))),
            |answer| matches!(answer, Err(hand::Guarded::Open(..))),
        )
        .with(
            "tower-resilience",
            || service.clone().oneshot(black_box(1)),
            |answer| answer.is_err_and(|error| error.is_circuit_open()),
        )
        .with(
            "failsafe",
            || failsafe.call(fail(black_box(1))),
            |answer| matches!(answer, Err(::failsafe::Error::Rejected)),
        )
        .with(
            "recloser",
            || recloser.call(fail(black_box(1))),
            |answer| matches!(answer, Err(::recloser::Error::Rejected)),
        )
        .with(
            "cano, permits",
            || cano::guarded_failure(&cano, black_box(1)),
            |answer| matches!(answer, Err(::cano::CanoError::CircuitOpen(_))),
        )
        .measure(runtime, wanted);
}

fn retry_and_timeout(runtime: &Runtime, wanted: &[String]) {
    use peers::{backon, tower};
    let pipeline = orch::retry_first_try();
    let service = tower::retry_first_try();
    Shape::new("retry_first_try")
        .with(ORCH, || pipeline.run(black_box(1)), is(2))
        .with("the bare call", || step(black_box(1)), is(2))
        .with("tower, `retry`", || service.clone().oneshot(black_box(1)), is(2))
        .with("backon, `retry`", backon::retry_first_try, is(2))
        .measure(runtime, wanted);

    let pipeline = orch::timeout_ready();
    let service = tower::timeout_ready();
    Shape::new("timeout_ready")
        .with(ORCH, || pipeline.run(black_box(1)), is(2))
        .with("tokio, `timeout`", || hand::timeout_ready(black_box(1)), is(2))
        .with("tower, `timeout`", || service.clone().oneshot(black_box(1)), is(2))
        .measure(runtime, wanted);
}

fn race_and_hedge(runtime: &Runtime, wanted: &[String]) {
    use peers::{futures, futures_concurrency, tower_resilience};
    let pipeline = orch::race4();
    Shape::new("race4")
        .with(ORCH, || pipeline.run(black_box(1)), is(2))
        .with("by hand, tokio `select!`", || hand::race4(black_box(1)), is(2))
        .with("futures, `select_ok`", || futures::race4(black_box(1)), is(2))
        .with("futures-concurrency, `race_ok` of a tuple", || futures_concurrency::race4(black_box(1)), is(2))
        .measure(runtime, wanted);

    let pipeline = orch::hedge_idle();
    let service = tower_resilience::hedge_idle();
    Shape::new("hedge_idle")
        .with(ORCH, || pipeline.run(black_box(1)), is(2))
        .with("by hand, tokio `select!`", || hand::hedge_idle(black_box(1)), is(2))
        .with("tower-resilience", || service.clone().oneshot(black_box(1)), is(2))
        .measure(runtime, wanted);
}

fn gatekeepers(runtime: &Runtime, wanted: &[String]) {
    use peers::{governor, tower, tower_resilience};
    let pipeline = orch::bulkhead_free();
    let places = ::tokio::sync::Semaphore::new(10);
    let (limited, bulkhead) = (tower::bulkhead_free(), tower_resilience::bulkhead_free());
    Shape::new("bulkhead_free")
        .with(ORCH, || pipeline.run(black_box(1)), is(2))
        .with("by hand, tokio `Semaphore`", || hand::bulkhead_free(&places, black_box(1)), is(2))
        .with("tower, `concurrency_limit`", || limited.clone().oneshot(black_box(1)), is(2))
        .with("tower-resilience", || bulkhead.clone().oneshot(black_box(1)), is(2))
        .measure(runtime, wanted);

    let pipeline = orch::throttle_free();
    let bucket = hand::Bucket::new(Duration::from_nanos(1), 1_000_000_000);
    let (limiter, service) = (governor::limiter(), tower_resilience::throttle_free());
    Shape::new("throttle_free")
        .with(ORCH, || pipeline.run(black_box(1)), is(2))
        .with("by hand, a bucket", || hand::throttle_free(&bucket, black_box(1)), is(2))
        .with("governor, `until_ready`", || governor::throttle_free(&limiter, black_box(1)), is(2))
        .with("tower-resilience", || service.clone().oneshot(black_box(1)), is(2))
        .measure(runtime, wanted);
}
