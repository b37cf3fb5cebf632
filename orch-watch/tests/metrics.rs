//! The metrics of runs that are known, by name, labels and value.

use std::time::Duration;

use async_orch::metrics::MetricsBus;
use async_orch::{Error, Run, pipeline, task};
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use tokio::time::sleep;

/// Records what this thread does.
struct Recorded {
    snapshotter: Snapshotter,
    _guard: metrics::LocalRecorderGuard<'static>,
}

impl Recorded {
    fn new() -> Self {
        let recorder: &'static DebuggingRecorder = Box::leak(Box::new(DebuggingRecorder::new()));
        Recorded {
            snapshotter: recorder.snapshotter(),
            _guard: metrics::set_default_local_recorder(recorder),
        }
    }

    /// What there is, as `name{label="value"} value`, in order: each look tells what has come since the last one.
    fn lines(&self) -> Vec<String> {
        let line = |(key, _, _, value): (metrics_util::CompositeKey, _, _, DebugValue)| {
            let labels: Vec<String> =
                key.key().labels().map(|label| format!("{}={:?}", label.key(), label.value())).collect();
            let value = match value {
                DebugValue::Counter(count) => count.to_string(),
                DebugValue::Gauge(value) => format!("is {value}"),
                DebugValue::Histogram(values) => {
                    format!("{:?}", values.iter().map(|value| value.into_inner()).collect::<Vec<_>>())
                }
            };
            let name = key.key().name().strip_prefix("async_orch_").expect("all begin with it").to_owned();
            format!("{name}{{{}}} {value}", labels.join(","))
        };
        let mut lines: Vec<String> = self.snapshotter.snapshot().into_vec().into_iter().map(line).collect();
        lines.sort();
        lines
    }

    /// Those of some names that are not zero or nothing.
    fn of(&self, names: &[&str]) -> Vec<String> {
        let is_wanted = |line: &String| {
            names.iter().any(|name| line.starts_with(&format!("{name}{{")))
                && ![" 0", " []", " is 0"].iter().any(|nothing| line.ends_with(nothing))
        };
        self.lines().into_iter().filter(is_wanted).collect()
    }
}

#[task]
async fn fetch(n: u64) -> Result<u64, String> {
    sleep(Duration::from_millis(500 * n)).await;
    if n == 2 { Err("no such record".to_owned()) } else { Ok(n) }
}

#[task]
async fn explode(_n: u64) {
    panic!("boom");
}

#[tokio::test(start_paused = true)]
async fn every_metric_of_a_known_run() {
    let recorded = Recorded::new();
    let shop = pipeline! {
        |_: Vec<u64>|
        seq(name = "shop") <
            each(limit = 1) <
                settle <
                    bulkhead(max = 1) <
                        retry(max_attempts = 2, backoff = constant(1s), jitter = none) < fetch >
                    >
                >
            >
            |fetched| { fetched.into_iter().filter_map(Result::ok).sum::<u64>() } as "sum"
        >
    };
    let shop = shop.with_bus(MetricsBus::new());
    assert_eq!(shop.run(vec![1, 2]).await.unwrap(), 1);
    assert_eq!(
        recorded.lines(),
        [
            r#"attempts{step="shop/retry"} [1.0, 2.0]"#,
            r#"failures_total{step="shop/fetch",kind="error"} 2"#,
            r#"permits_in_use{step="shop/bulkhead"} is 0"#,
            r#"queue_wait_seconds{step="shop/bulkhead"} [0.0, 0.0]"#,
            r#"retries_total{step="shop/retry"} 1"#,
            r#"run_duration_seconds{pipeline="shop",outcome="succeeded"} [3.5]"#,
            r#"runs_active{pipeline="shop"} is 0"#,
            r#"runs_total{pipeline="shop",outcome="succeeded"} 1"#,
            r#"task_duration_seconds{step="shop/fetch",outcome="failed"} [1.0, 1.0]"#,
            r#"task_duration_seconds{step="shop/fetch",outcome="succeeded"} [0.5]"#,
            r#"task_duration_seconds{step="shop/sum",outcome="succeeded"} [0.0]"#,
            r#"tasks_active{step="shop/fetch"} is 0"#,
            r#"tasks_active{step="shop/sum"} is 0"#,
            r#"tasks_total{step="shop/fetch",outcome="failed"} 2"#,
            r#"tasks_total{step="shop/fetch",outcome="succeeded"} 1"#,
            r#"tasks_total{step="shop/sum",outcome="succeeded"} 1"#,
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn gauges_are_up_while_it_runs_and_waits_are_measured() {
    let recorded = Recorded::new();
    let shop = pipeline! { |_: u64| seq(name = "shop") < bulkhead(max = 2, queue = 9) < fetch > > }
        .with_bus(MetricsBus::new());
    let mut runs: Vec<_> = (0..3).map(|_| Box::pin(shop.run(4))).collect();
    let mut third = runs.pop().unwrap();
    let both = async {
        let (first, second) = (runs.pop().unwrap(), runs.pop().unwrap());
        tokio::join!(first, second)
    };
    let mut both = Box::pin(both);
    tokio::select! {
       biased;
        _ = &mut both => {}
        _ = &mut third => {}
        () = sleep(Duration::from_secs(1)) => {}
    }
    let gauges = ["permits_in_use", "runs_active", "tasks_active"];
    assert_eq!(
        recorded.of(&gauges),
        [
            r#"permits_in_use{step="shop/bulkhead"} is 2"#,
            r#"runs_active{pipeline="shop"} is 3"#,
            r#"tasks_active{step="shop/fetch"} is 2"#,
        ]
    );
    let (both, third) = tokio::join!(both, third);
    assert!(both.0.is_ok() && both.1.is_ok() && third.is_ok());
    assert_eq!(
        recorded.of(&[&gauges[..], &["queue_wait_seconds"]].concat()),
        [
            r#"permits_in_use{step="shop/bulkhead"} is -2"#,
            r#"queue_wait_seconds{step="shop/bulkhead"} [2.0]"#,
            r#"runs_active{pipeline="shop"} is -3"#,
            r#"tasks_active{step="shop/fetch"} is -2"#,
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn who_waits_behind_a_gatekeeper_or_a_limit_is_measured() {
    let recorded = Recorded::new();
    let limited =
        pipeline! { |n: u64| par(name = "limited", limit = 1) < fetch(*n) as "a" fetch(*n) as "b" > }
            .with_bus(MetricsBus::new());
    limited.run(4).await.unwrap();
    assert_eq!(recorded.of(&["queue_wait_seconds"]), [r#"queue_wait_seconds{step="limited/b"} [2.0]"#]);

    let slow = pipeline! { |_: u64| seq(name = "slow") < throttle(rate = 1, burst = 1) < |n| { n } > > }
        .with_bus(MetricsBus::new());
    slow.run(1).await.unwrap();
    slow.run(1).await.unwrap();
    assert_eq!(
        recorded.of(&["queue_wait_seconds"]),
        [r#"queue_wait_seconds{step="slow/throttle"} [0.0, 1.0]"#,]
    );
}

#[tokio::test(start_paused = true)]
async fn circuits_tell_their_state_their_changes_and_whom_they_turn_away() {
    let recorded = Recorded::new();
    let guarded = pipeline! {
        |_: u64| seq(name = "guarded") < circuit(fail_max = 1, reset_timeout = 30s) < fetch > >
    };
    let guarded = guarded.with_bus(MetricsBus::new());
    assert!(guarded.run(2).await.is_err());
    assert!(guarded.run(1).await.is_err());
    let names = ["circuit_state", "circuit_changes_total", "circuit_rejections_total", "failures_total"];
    assert_eq!(
        recorded.of(&names),
        [
            r#"circuit_changes_total{step="guarded/circuit",state="open"} 1"#,
            r#"circuit_rejections_total{step="guarded/circuit"} 1"#,
            r#"circuit_state{step="guarded/circuit"} is 2"#,
            r#"failures_total{step="guarded/circuit",kind="circuit_open"} 1"#,
            r#"failures_total{step="guarded/fetch",kind="error"} 1"#,
        ]
    );
    sleep(Duration::from_secs(40)).await;
    let mut probe = Box::pin(guarded.run(1));
    tokio::select! {
        biased;
        _ = &mut probe => {}
        () = sleep(Duration::from_millis(1)) => {}
    }
    assert_eq!(
        recorded.of(&names),
        [
            r#"circuit_changes_total{step="guarded/circuit",state="half-open"} 1"#,
            r#"circuit_state{step="guarded/circuit"} is 1"#,
        ]
    );
    probe.await.unwrap();
    let closed = recorded.lines();
    assert!(closed.contains(&r#"circuit_state{step="guarded/circuit"} is 0"#.to_owned()), "{closed:#?}");
    assert!(closed.contains(&r#"circuit_changes_total{step="guarded/circuit",state="closed"} 1"#.to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_counted_once_by_its_kind_where_it_came_from() {
    let recorded = Recorded::new();
    let slow =
        pipeline! { |_: u64| seq(name = "slow") < timeout(1s) < fetch > > }.with_bus(MetricsBus::new());
    assert!(slow.run(9).await.is_err());
    let loud = pipeline! { |_: u64| seq(name = "loud") < catch < explode > > }.with_bus(MetricsBus::new());
    assert!(loud.run(9).await.is_err());
    let counted = recorded.of(&["failures_total", "tasks_total"]);
    let (failures, tasks) = counted.split_at(2);
    assert_eq!(
        failures,
        [
            r#"failures_total{step="loud/explode",kind="panicked"} 1"#,
            r#"failures_total{step="slow/timeout",kind="timed_out"} 1"#,
        ]
    );
    assert_eq!(
        tasks,
        [
            r#"tasks_total{step="loud/explode",outcome="failed"} 1"#,
            r#"tasks_total{step="slow/fetch",outcome="cancelled"} 1"#,
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_policy_put_around_a_step_renames_nothing() {
    let names = |recorded: Recorded| {
        let names = recorded.lines().into_iter().map(|line| line.rsplit_once("} ").unwrap().0.to_owned());
        names.filter(|line| line.starts_with("task") || line.starts_with("run")).collect::<Vec<_>>()
    };
    async fn run<P: Run<In = u64, Error = async_orch::BoxError>>(pipeline: P) -> Result<P::Out, Error> {
        pipeline.with_bus(MetricsBus::new()).run(1).await
    }
    let recorded = Recorded::new();
    run(pipeline! { |_: u64| seq(name = "shop") < fetch > }).await.unwrap();
    let plain = names(recorded);
    let recorded = Recorded::new();
    run(pipeline! { |_: u64| seq(name = "shop") < timeout(9s) < retry < fetch > > > }).await.unwrap();
    assert_eq!(names(recorded), plain);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_dropped_leaves_no_gauge_up() {
    let recorded = Recorded::new();
    let shop = pipeline! {
        |n: u64|
        par(name = "shop", limit = 2) < bulkhead(max = 1) < fetch(*n) > fetch(*n) fetch(*n) as "waits" >
    };
    let shop = shop.with_bus(MetricsBus::new());
    let mut run = Box::pin(shop.run(9));
    tokio::select! {
        biased;
        _ = &mut run => {}
        () = sleep(Duration::from_secs(1)) => {}
    }
    drop(run);
    let lines = recorded.lines();
    let up: Vec<&String> =
        lines.iter().filter(|line| line.contains("} is ") && !line.ends_with("is 0")).collect();
    assert!(up.is_empty(), "{up:?}");
    assert!(lines.contains(&r#"runs_total{pipeline="shop",outcome="cancelled"} 1"#.to_owned()), "{lines:#?}");
    assert!(
        lines.contains(
            &r#"task_duration_seconds{step="shop/fetch",outcome="cancelled"} [1.0, 1.0]"#.to_owned()
        ),
        "{lines:#?}"
    );
    assert!(!lines.iter().any(|line| line.contains("waits")), "it never ran: {lines:#?}");
}
