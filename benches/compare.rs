//! Every shape by hand and as a pipeline, in turn within one process, as medians and their ratio.
//!
//! `cargo bench --bench compare`, or `just bench`; names or parts of names after `--` choose shapes. One run of a shape is
//! too short to time, so many are made within one `block_on` of a `current_thread` runtime. The two sides alternate, in
//! changing order, so that what the machine does meanwhile meets both.
//!
//! What a few nanoseconds take hangs on where their values lie, in cache lines and pages, and a future that is polled from
//! `block_on` lies on the stack, which begins elsewhere in each process. So the rounds are made at different depths of the
//! stack, both sides of a round at the same one, and beside the medians there are the ratios of the best and worst place.

use std::future::Future;
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_orch::{Run, bus};
use tokio::runtime::{Builder, Runtime};

use shapes::{hand, orch, tasks};

mod shapes;

/// How many places of the stack are tried, and how many rounds are made at each.
const PLACES: usize = 61;
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_millis(4);

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|name| !name.starts_with('-')).collect();
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let bench = Bench { runtime, wanted };
    println!(
        "{:<18} {:>12} {:>12} {:>7} {:>7} {:>7} {:>9}",
        "shape", "by hand", "pipeline", "ratio", "least", "most", "at most"
    );

    let pipeline = orch::seq10();
    bench.compare("seq10", Some(1.15), || hand::seq10(black_box(1)), || pipeline.run(black_box(1)));
    let pipeline = orch::named10();
    bench.compare("named10", None, || hand::named10(black_box(1)), || pipeline.run(black_box(1)));
    let pipeline = orch::named40();
    bench.compare("named40", None, || hand::named40(black_box(1)), || pipeline.run(black_box(1)));
    let pipeline = orch::par16();
    bench.compare("par16", Some(0.10), hand::par16, || pipeline.run(()));
    let pipeline = orch::par16_yield();
    bench.compare("par16_yield", Some(0.22), hand::par16_yield, || pipeline.run(()));
    let pipeline = orch::par64_wake();
    bench.compare("par64_wake", Some(1.15), hand::par64_wake, || pipeline.run(()));
    let ring = tasks::Ring::new();
    let pipeline = orch::par64_baton(ring.clone());
    bench.compare("par64_baton", Some(0.8), || hand::par64_baton(&ring), || pipeline.run(()));
    let breaker = hand::Breaker::new(5, Duration::from_secs(60));
    let pipeline = orch::nest();
    bench.compare("nest", Some(0.6), || hand::nest(&breaker, black_box(1)), || pipeline.run(black_box(1)));
    let pipeline = orch::each10k();
    bench.compare("each10k", Some(0.7), hand::each10k, || pipeline.run(0..10_000));
    let pipeline = orch::circuit_closed();
    bench.compare(
        "circuit_closed",
        Some(1.3),
        || breaker.call(tasks::step(black_box(1))),
        || pipeline.run(black_box(1)),
    );
    let open = hand::Breaker::new(1, Duration::from_secs(3600));
    let pipeline = orch::circuit_open();
    bench.runtime.block_on(async {
        assert!(open.call(tasks::fail(1)).await.is_err());
        assert!(pipeline.run(1).await.is_err());
    });
    bench.compare(
        "circuit_open",
        Some(1.15),
        || open.call(tasks::fail(black_box(1))),
        || pipeline.run(black_box(1)),
    );
    let pipeline = orch::retry_first_try();
    bench.compare("retry_first_try", Some(1.5), || tasks::step(black_box(1)), || pipeline.run(black_box(1)));
    let pipeline = orch::timeout_ready();
    bench.compare("timeout_ready", None, || hand::timeout_ready(black_box(1)), || pipeline.run(black_box(1)));
    let events = AtomicU64::new(0);
    let pipeline = orch::seq10().with_bus(bus::from_fn(|_| {
        events.fetch_add(1, Ordering::Relaxed);
    }));
    bench.compare("seq10, counting", None, || hand::seq10(black_box(1)), || pipeline.run(black_box(1)));
    let pipeline = orch::seq10().with_bus(bus::NoBus).boxed();
    bench.compare(
        "seq10, boxed",
        None,
        || Box::pin(hand::seq10(black_box(1))),
        || pipeline.run(black_box(1)),
    );
}

struct Bench {
    runtime: Runtime,
    wanted: Vec<String>,
}

impl Bench {
    fn compare<A, B>(&self, name: &str, at_most: Option<f64>, hand: impl Fn() -> A, orch: impl Fn() -> B)
    where
        A: Future,
        B: Future,
    {
        if !self.wanted.is_empty() && !self.wanted.iter().any(|wanted| name.contains(wanted.as_str())) {
            return;
        }
        let times = self.times(&hand).max(1);
        let mut places: Vec<Place> = (0..PLACES).map(|_| Place::default()).collect();
        for round in 0..ROUNDS {
            for (depth, place) in places.iter_mut().enumerate() {
                let Place { by_hand, by_orch } = place;
                let mut time_hand = || by_hand.push(at_depth(depth, &mut || self.time(&hand, times)));
                let mut time_orch = || by_orch.push(at_depth(depth, &mut || self.time(&orch, times)));
                if (round + depth) % 2 == 0 {
                    time_hand();
                    time_orch();
                } else {
                    time_orch();
                    time_hand();
                }
            }
        }
        let (by_hand, by_orch): (Vec<f64>, Vec<f64>) = places.into_iter().map(Place::medians).unzip();
        let mut ratios: Vec<f64> = by_hand.iter().zip(&by_orch).map(|(hand, orch)| orch / hand).collect();
        ratios.sort_by(f64::total_cmp);
        let at_most = at_most.map_or_else(String::new, |at_most| format!("{at_most:.2}"));
        println!(
            "{name:<18} {:>12} {:>12} {:>7.2} {:>7.2} {:>7.2} {at_most:>9}",
            nanoseconds(median(by_hand)),
            nanoseconds(median(by_orch)),
            ratios[PLACES / 2],
            ratios[0],
            ratios[PLACES - 1],
        );
    }

    /// How many runs fill a round.
    fn times<F: Future>(&self, make: &impl Fn() -> F) -> u32 {
        let mut times = 1;
        loop {
            let spent = self.time(make, times) * f64::from(times) / 1e9;
            if spent > ROUND.as_secs_f64() / 2.0 {
                return times;
            }
            times = times.saturating_mul(2);
        }
    }

    /// The nanoseconds of one run.
    fn time<F: Future>(&self, make: &impl Fn() -> F, times: u32) -> f64 {
        self.runtime.block_on(async {
            let start = Instant::now();
            for _ in 0..times {
                black_box(make().await);
            }
            start.elapsed().as_secs_f64() * 1e9 / f64::from(times)
        })
    }
}

/// The times of the rounds at one place of the stack.
#[derive(Default)]
struct Place {
    by_hand: Vec<f64>,
    by_orch: Vec<f64>,
}

impl Place {
    fn medians(self) -> (f64, f64) {
        (median(self.by_hand), median(self.by_orch))
    }
}

/// Calls `work` below so many more frames. A frame is a few sixteens of bytes and no whole cache line, so that all places
/// in a line are met, and those in a page too.
#[inline(never)]
fn at_depth(depth: usize, work: &mut dyn FnMut() -> f64) -> f64 {
    let frame = black_box([depth; 2]);
    let time = if depth == 0 { work() } else { at_depth(depth - 1, work) };
    black_box(frame);
    time
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn nanoseconds(time: f64) -> String {
    if time < 1e4 { format!("{time:.1} ns") } else { format!("{:.1} µs", time / 1e3) }
}
