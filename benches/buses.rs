//! What each bus costs an event, and spans beside a function that is instrumented by hand.
//!
//! `cargo bench --bench buses`; names or parts of names after `--` choose. The run is that of ten ready steps in a row, which tells 22
//! events, on a `current_thread` runtime; an event costs what the run takes more than without a bus, by 22. The
//! medians of 41 rounds are shown.

use std::future::Future;
use std::hint::black_box;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_orch::bus::{Full, LogBus, Ring, Sink, channel, filter, from_fn, map, sample};
use async_orch::metrics::MetricsBus;
use async_orch::progress::ProgressBus;
use async_orch::tracing::TracingBus;
use async_orch::{Bus, Event, OwnedEvent, Run};
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::runtime::{Builder, Runtime};
use tracing::field::Empty;
use tracing::{Instrument, Level, Span};
use tracing_subscriber::layer::SubscriberExt;

use shapes::counting::Counting;
use shapes::{orch, tasks};

mod shapes;

const ROUNDS: usize = 41;
const ROUND: Duration = Duration::from_millis(4);
const EVENTS: f64 = 22.0;

/// Counts each event by an addition of its own.
#[derive(Default)]
struct Each(AtomicU64);

impl Bus for Each {
    fn emit(&self, _: &Event<'_>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn needs_time(&self) -> bool {
        false
    }
}

/// Where what is left over goes.
struct Nowhere;

impl<T> Sink<T> for Nowhere {
    fn take(&self, value: T) {
        black_box(value);
    }
}

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|name| !name.starts_with('-')).collect();
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut bench = Bench { runtime, wanted, rows: Vec::new() };

    let bare = orch::seq10();
    bench.add("no bus", &|times, rt| rt.block_on(runs(times, || bare.run(black_box(1)))));
    bench.add("the clock", &|times, _| {
        let start = Instant::now();
        for _ in 0..times {
            // As often as it is read in a run: once for its start, once for each event.
            for _ in 0..=EVENTS as u32 {
                black_box(tokio::time::Instant::now());
            }
        }
        start.elapsed()
    });
    macro_rules! bus {
        ($name:literal, $bus:expr) => {
            let watched = orch::seq10().with_bus($bus);
            bench.add($name, &|times, rt| rt.block_on(runs(times, || watched.run(black_box(1)))));
        };
    }
    let counting = Counting::default();
    bus!("counting, no time", &counting);
    let counted = counting.counted();
    assert!(counted.is_multiple_of(EVENTS as u64), "{counted} events in whole runs");
    bus!("counting each, no time", Each::default());
    let counted = AtomicU64::new(0);
    let count = |_: &Event<'_>| {
        counted.fetch_add(1, Ordering::Relaxed);
    };
    bus!("counting each, with time", from_fn(count));
    bus!("filter, counting", filter(|event| event.execution.id > 0, Counting::default()));
    bus!("sample(0.01), counting", sample(0.01, Counting::default()));
    bus!("map of a number", map(|event: &Event<'_>| event.seq, Nowhere));
    bus!("map to OwnedEvent", map(|event: &Event<'_>| OwnedEvent::from(event), Nowhere));
    bus!("Ring(1000)", Ring::<OwnedEvent>::new(1_000));
    let (sender, _receiver) = channel::<OwnedEvent>(1_000, Full::Drop);
    bus!("channel, full", sender);
    bus!("LogBus to nowhere", LogBus::to(io::sink()));
    bus!("progress, lines", ProgressBus::lines_to(io::sink()));
    let prometheus = PrometheusBuilder::new().build_recorder();
    metrics::with_local_recorder(&prometheus, || {
        bus!("metrics, Prometheus", MetricsBus::new());
    });
    bus!("tracing, nobody there", TracingBus::new());

    let registry = tracing_subscriber::registry();
    tracing::subscriber::with_default(registry, || {
        bus!("tracing, registry", TracingBus::new());
        bench.add("by hand, registry", &|times, rt| rt.block_on(runs(times, || by_hand(black_box(1)))));
    });
    let printed = tracing_subscriber::registry().with(
        tracing_subscriber::fmt::layer()
            .with_span_events(tracing_subscriber::fmt::format::FmtSpan::CLOSE)
            .with_writer(io::sink)
            .with_ansi(false),
    );
    tracing::subscriber::with_default(printed, || {
        bus!("tracing, printed", TracingBus::new());
        bench.add("by hand, printed", &|times, rt| rt.block_on(runs(times, || by_hand(black_box(1)))));
    });
    bench.print();
}

/// Ten steps in a row, each in a span with what the bus says of it; and around them a span for all.
async fn by_hand(x: u64) -> Result<u64, tasks::Failed> {
    static RUNS: AtomicU64 = AtomicU64::new(1);
    let run = RUNS.fetch_add(1, Ordering::Relaxed) as i64;
    macro_rules! span {
        ($name:literal, $step:literal, $path:literal, $kind:literal) => {
            tracing::span!(
                target: "by_hand", Level::INFO, $name,
                step = $step, otel.name = $step, short_path = $path, path = $path, kind = $kind, run,
                key = None::<&str>, item = None::<i64>, attempt = 1_i64, round = None::<i64>,
                outcome = Empty, elapsed_ms = Empty, error = Empty, error.kind = Empty, otel.status_code = Empty,
            )
        };
    }
    async fn watched<T>(
        span: Span,
        run: impl Future<Output = Result<T, tasks::Failed>>,
    ) -> Result<T, tasks::Failed> {
        let start = tokio::time::Instant::now();
        let result = run.instrument(span.clone()).await;
        span.record("outcome", if result.is_ok() { "succeeded" } else { "failed" });
        span.record("elapsed_ms", start.elapsed().as_secs_f64() * 1e3);
        if let Err(error) = &result {
            span.record("error", tracing::field::debug(error));
            span.record("otel.status_code", "ERROR");
        }
        result
    }
    let all = async {
        let mut x = x;
        macro_rules! step {
            ($($number:literal)*) => {$(
                let _ = $number;
                x = watched(span!("task", "step", "seq/step", "task"), tasks::step(x)).await?;
            )*};
        }
        step!(1 2 3 4 5 6 7 8 9 10);
        Ok(x)
    };
    watched(span!("block", "seq", "seq", "seq"), all).await
}

async fn runs<F: Future>(times: u32, make: impl Fn() -> F) -> Duration {
    let start = Instant::now();
    for _ in 0..times {
        black_box(make().await);
    }
    start.elapsed()
}

struct Bench {
    runtime: Runtime,
    wanted: Vec<String>,
    rows: Vec<(&'static str, f64)>,
}

impl Bench {
    /// Measures at once, as what a bus tells may go to what is installed just now.
    fn add(&mut self, name: &'static str, time: &dyn Fn(u32, &Runtime) -> Duration) {
        let is_base = self.rows.is_empty();
        if !is_base
            && !self.wanted.is_empty()
            && !self.wanted.iter().any(|wanted| name.contains(wanted.as_str()))
        {
            return;
        }
        let mut times = 1;
        while time(times, &self.runtime) < ROUND / 2 {
            times *= 2;
        }
        let nanoseconds = |_| time(times, &self.runtime).as_secs_f64() * 1e9 / f64::from(times);
        let mut rounds: Vec<f64> = (0..ROUNDS).map(nanoseconds).collect();
        rounds.sort_by(f64::total_cmp);
        self.rows.push((name, rounds[ROUNDS / 2]));
    }

    fn print(&self) {
        println!("{:<24} {:>12} {:>12}", "bus", "a run", "an event");
        let base = self.rows[0].1;
        for (name, run) in &self.rows {
            let base = if *name == "the clock" { 0.0 } else { base };
            println!("{name:<24} {run:>9.0} ns {:>9.1} ns", (run - base) / EVENTS);
        }
    }
}
