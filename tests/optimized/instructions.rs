//! One shape, one side, so many runs: for `valgrind --tool=callgrind`, whose counts do not depend on what else the
//! machine does. `benches/instructions.sh SHAPE…` runs it twice for each side and prints the instructions of one run.

use std::future::Future;
use std::hint::black_box;
use std::task::{Context, Waker};
use std::time::Duration;

use async_orch::Run;
use async_orch::bus::from_fn;

use shapes::counting::Counting;
use shapes::{hand, orch, tasks};

#[path = "../../benches/shapes/mod.rs"]
mod shapes;

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let [shape, side, times] = arguments.as_slice() else {
        println!("usage: instructions SHAPE hand|orch TIMES");
        return;
    };
    let times: u32 = times.parse().expect("a number of runs");
    let hand = side == "hand";
    match shape.as_str() {
        "seq10" | "seq10_observed" | "seq10_counted" if hand => repeat(times, || hand::seq10(black_box(1))),
        "named10" if hand => repeat(times, || hand::named10(black_box(1))),
        "named40" if hand => repeat(times, || hand::named40(black_box(1))),
        "par16" if hand => repeat(times, hand::par16),
        "par16_yield" if hand => repeat(times, hand::par16_yield),
        "par64_wake" if hand => repeat(times, hand::par64_wake),
        "race4" if hand => repeat(times, || hand::race4(black_box(1))),
        "each10k" if hand => repeat(times, hand::each10k),
        "hedge_idle" if hand => repeat(times, || hand::hedge_idle(black_box(1))),
        "retry_first_try" if hand => repeat(times, || tasks::step(black_box(1))),
        "repeat100" if hand => repeat(times, || hand::repeat100(black_box(0))),
        "choose3" if hand => repeat(times, || hand::choose3(black_box(2))),
        "par64_baton" if hand => {
            let ring = tasks::Ring::new();
            repeat(times, || hand::par64_baton(&ring));
        }
        "nest" if hand => {
            let breaker = hand::Breaker::new(5, Duration::from_secs(60));
            repeat(times, || hand::nest(&breaker, black_box(1)));
        }
        "circuit_closed" if hand => {
            let breaker = hand::Breaker::new(5, Duration::from_secs(60));
            repeat(times, || breaker.call(tasks::step(black_box(1))));
        }
        "circuit_rate" if hand => {
            let breaker = hand::Breaker::new(5, Duration::from_secs(60));
            let recent = hand::Recent::default();
            repeat(times, || hand::circuit_rate(&breaker, &recent, black_box(1)));
        }
        "circuit_open" if hand => {
            let breaker = hand::Breaker::new(1, Duration::from_secs(3600));
            repeat(times + 1, || breaker.call(tasks::fail(black_box(1))));
        }
        "bulkhead_free" if hand => {
            let places = tokio::sync::Semaphore::new(10);
            repeat(times, || hand::bulkhead_free(&places, black_box(1)));
        }
        "throttle_free" if hand => {
            let bucket = hand::Bucket::new(Duration::from_nanos(1), 1_000_000_000);
            repeat(times, || hand::throttle_free(&bucket, black_box(1)));
        }
        "seq10" => runs(times, orch::seq10(), || black_box(1)),
        "seq10_observed" => {
            runs(times, orch::seq10().with_bus(from_fn(|event| _ = black_box(event.seq))), || black_box(1))
        }
        "seq10_counted" => runs(times, orch::seq10().with_bus(Counting::default()), || black_box(1)),
        "named10" => runs(times, orch::named10(), || black_box(1)),
        "named40" => runs(times, orch::named40(), || black_box(1)),
        "par16" => runs(times, orch::par16(), || ()),
        "par16_yield" => runs(times, orch::par16_yield(), || ()),
        "par64_wake" => runs(times, orch::par64_wake(), || ()),
        "par64_baton" => runs(times, orch::par64_baton(tasks::Ring::new()), || ()),
        "nest" => runs(times, orch::nest(), || black_box(1)),
        "race4" => runs(times, orch::race4(), || black_box(1)),
        "each10k" => runs(times, orch::each10k(), || 0..10_000),
        "circuit_closed" => runs(times, orch::circuit_closed(), || black_box(1)),
        "circuit_rate" => runs(times, orch::circuit_rate(), || black_box(1)),
        "circuit_open" => runs(times + 1, orch::circuit_open(), || black_box(1)),
        "retry_first_try" => runs(times, orch::retry_first_try(), || black_box(1)),
        "hedge_idle" => runs(times, orch::hedge_idle(), || black_box(1)),
        "bulkhead_free" => runs(times, orch::bulkhead_free(), || black_box(1)),
        "throttle_free" => runs(times, orch::throttle_free(), || black_box(1)),
        "repeat100" => runs(times, orch::repeat100(), || black_box(0)),
        "choose3" => runs(times, orch::choose3(), || black_box(2)),
        _ => println!("no shape `{shape}`"),
    }
}

fn runs<P: Run>(times: u32, pipeline: P, input: impl Fn() -> P::In) {
    repeat(times, || pipeline.run(input()));
}

/// Awaits each run from one future, as a service does: the task of an executor, so that it lives on the heap and what is in
/// it has to be in memory. Every wake-up comes from inside a poll, so polling again is all that it takes.
fn repeat<F: Future>(times: u32, make: impl Fn() -> F) {
    let mut work = black_box(Box::pin(async {
        for _ in 0..times {
            black_box(make().await);
        }
    }));
    let mut cx = Context::from_waker(Waker::noop());
    while work.as_mut().poll(&mut cx).is_pending() {}
}
