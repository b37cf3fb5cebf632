//! Metrics of runs, for whatever the crate [`metrics`](https://docs.rs/metrics) is given to record with: Prometheus, StatsD, …
//!
//! | name | is a | labels | counts |
//! |---|---|---|---|
//! | `async_orch_runs_total` | counter | `pipeline`, `outcome` | runs that are over |
//! | `async_orch_runs_active` | gauge | `pipeline` | runs under way |
//! | `async_orch_run_duration_seconds` | histogram | `pipeline`, `outcome` | from their start to their end |
//! | `async_orch_tasks_total` | counter | `step`, `outcome` | executions of tasks and inline steps that are over, each attempt by itself |
//! | `async_orch_tasks_active` | gauge | `step` | those under way |
//! | `async_orch_task_duration_seconds` | histogram | `step`, `outcome` | from their start to their end, waits before it left out |
//! | `async_orch_attempts` | histogram | `step` | attempts that a `retry` or a `hedge` has made when it is over |
//! | `async_orch_retries_total` | counter | `step` | attempts after the first that a `retry` has announced |
//! | `async_orch_failures_total` | counter | `step`, `kind` | failures, each where it came from: `error` is a task's own, else it is [`ErrorKind::as_str`](orch_core::ErrorKind::as_str) |
//! | `async_orch_circuit_state` | gauge | `step` | 0 closed, 1 half-open, 2 open, 3 isolated; from the first change |
//! | `async_orch_circuit_changes_total` | counter | `step`, `state` | changes to this state |
//! | `async_orch_circuit_rejections_total` | counter | `step` | runs that it turned away |
//! | `async_orch_permits_in_use` | gauge | `step` | runs in the body of a `bulkhead` |
//! | `async_orch_queue_wait_seconds` | histogram | `step` | waits: of each run that a `bulkhead` or `throttle` has let through until it was, and of a child of a `par` for its place |
//!
//! `step` is the [short path](orch_core::Node::short_path), without blocks that have no name, so that a policy put around a step renames
//! nothing; and of a block without a name that of what is around it, and its keyword: `shop/circuit`. `pipeline` is the same of the
//! outermost step. `outcome` is `succeeded`, `failed` or `cancelled`. No label holds anything of a run, such as a text or an item, so
//! there are no more series than steps.
//!
//! ```
//! use async_orch::metrics::MetricsBus;
//! use async_orch::{Run, pipeline, task};
//! use metrics_util::debugging::{DebugValue, DebuggingRecorder};
//!
//! #[task]
//! async fn charge(cents: u32) -> u32 {
//!     cents
//! }
//!
//! let recorder = DebuggingRecorder::new();
//! let snapshotter = recorder.snapshotter();
//! recorder.install()?; // first: what is told before is recorded nowhere
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let shop = pipeline! { |_: u32| seq(name = "shop") < timeout(2s) < charge > > }.with_bus(MetricsBus::new());
//! shop.run(100).await?;
//! # Ok::<_, async_orch::Error>(())
//! # })?;
//!
//! let charged = snapshotter.snapshot().into_vec().into_iter().find(|(key, ..)| {
//!     key.key().name() == "async_orch_tasks_total" && key.key().labels().any(|label| label.value() == "shop/charge")
//! });
//! assert!(matches!(charged, Some((.., DebugValue::Counter(1)))));
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```

mod bus;
mod names;

pub use bus::MetricsBus;
