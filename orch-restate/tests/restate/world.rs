//! What a worker of the tests runs, and the log that its tasks write.

use std::fmt;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Duration;

use async_orch::bus::from_fn;
use async_orch::{Breaker, Context, Event, TaskState, pipeline, task};
use orch_restate::Worker;
use serde::{Deserialize, Serialize};

/// The variables by which a worker is told what it is.
pub(crate) const ADDRESS: &str = "ORCH_TEST_WORKER";
pub(crate) const INGRESS: &str = "ORCH_TEST_INGRESS";
pub(crate) const LOG: &str = "ORCH_TEST_LOG";
/// `changed` for a pipeline that is another one, `nothing` for a worker without them.
pub(crate) const WHICH: &str = "ORCH_TEST_WHICH";
pub(crate) const INACTIVITY: Duration = Duration::from_secs(123);

fn log(line: fmt::Arguments<'_>) {
    static PATH: LazyLock<PathBuf> =
        LazyLock::new(|| std::env::var_os(LOG).expect("a worker has a log").into());
    // One write, and so one line, whoever else writes.
    let line = format!("{line}\n");
    let mut file = OpenOptions::new().create(true).append(true).open(&*PATH).expect("the log can be opened");
    file.write_all(line.as_bytes()).expect("the log can be written");
}

/// That a task was begun, and has ended or was dropped.
struct Logged(String, bool);

impl Logged {
    fn new(cx: &Context<'_>) -> Self {
        let position = cx.position().expect("a run has positions");
        let step = format!("{} {position}", position.key().unwrap_or("-").replace(" ", "_"));
        log(format_args!("begin {step} {}", std::process::id()));
        Logged(step, false)
    }

    fn end(mut self) {
        self.1 = true;
        log(format_args!("end {} {}", self.0, std::process::id()));
    }
}

impl Drop for Logged {
    fn drop(&mut self) {
        if !self.1 {
            log(format_args!("drop {} {}", self.0, std::process::id()));
        }
    }
}

/// That a task has given something is told for the first time, or again.
fn tell(event: &Event<'_>) {
    if event.task_state() == Some(TaskState::Succeeded) {
        let (verb, key) = (if event.replayed { "again" } else { "new" }, event.key.unwrap_or("-"));
        log(format_args!("{verb} {key} {} {}", event.node.path(), std::process::id()));
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct No {
    pub(crate) of: u64,
}

impl fmt::Display for No {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no {}", self.of)
    }
}

impl std::error::Error for No {}

#[task(durable)]
async fn add(cx: &Context<'_>, millis: u64, n: u64) -> u64 {
    let logged = Logged::new(cx);
    tokio::time::sleep(Duration::from_millis(millis)).await;
    logged.end();
    n + 1
}

#[task(durable)]
async fn quick(n: u64) -> u64 {
    n + 1
}

/// Fails until its third attempt.
#[task(durable)]
fn third(cx: &Context<'_>, n: u64) -> Result<u64, No> {
    Logged::new(cx).end();
    if cx.attempt() < 3 { Err(No { of: n }) } else { Ok(n) }
}

#[task(durable)]
fn never(cx: &Context<'_>, n: u64) -> Result<u64, No> {
    Logged::new(cx).end();
    if n > 100 { Ok(n) } else { Err(No { of: n }) }
}

#[task(durable)]
fn sum(both: (u64, u64)) -> u64 {
    both.0 + both.1
}

#[task(durable)]
fn total(all: Vec<u64>) -> u64 {
    all.into_iter().sum()
}

macro_rules! ten {
    () => {
        pipeline! { |_: u64| seq < quick quick quick quick quick quick quick quick quick quick > }
    };
}

macro_rules! hundred {
    () => {
        pipeline! { |_: u64| seq < {ten!()} {ten!()} {ten!()} {ten!()} {ten!()} {ten!()} {ten!()} {ten!()} {ten!()} {ten!()} > }
    };
}

/// What a worker process does, until it is killed.
pub(crate) async fn work(address: &str) {
    let (ingress, which) =
        (std::env::var(INGRESS).expect("a server"), std::env::var(WHICH).unwrap_or_default());
    let shared = Breaker::builder().fail_max(1).build();
    let mut options =
        Worker::options(ingress, INACTIVITY).version(if which == "changed" { "2" } else { "1" });
    if which != "nothing" {
        options = options.pipeline_with_text_errors("seq", pipeline! { |_: u64| seq < add(300, _) as "a" add(300, _) as "b" add(300, _) as "c" add(300, _) as "d" add(300, _) as "e" > });
        options = if which == "changed" {
            options
                .pipeline_with_text_errors(
                    "order",
                    pipeline! { |_: u64| seq < add(200, _) as "reserve" add(600, _) as "bill" > },
                )
                .pipeline_with_text_errors(
                    "given",
                    pipeline! { |_: u64| seq < add(201, _) as "reserve" add(600, _) as "charge" > },
                )
        } else {
            options
                .pipeline_with_text_errors(
                    "order",
                    pipeline! { |_: u64| seq < add(200, _) as "reserve" add(600, _) as "charge" > },
                )
                .pipeline_with_text_errors(
                    "given",
                    pipeline! { |_: u64| seq < add(200, _) as "reserve" add(600, _) as "charge" > },
                )
        };
        options = options
            .pipeline_with_text_errors("par", pipeline! { |_: u64| seq <
                par <
                    seq < add(400, _) as "a1" add(400, _) as "a2" >
                    seq < add(200, _) as "b1" add(900, _) as "b2" >
                >
                sum
            > })
            .pipeline("backoff", pipeline! { error = No; |_: u64| seq < retry(max_attempts = 3, backoff = constant(1500ms), jitter = none) < third > quick > })
            .pipeline("fails", pipeline! { error = No; |_: u64| seq < retry(max_attempts = 2, backoff = constant(1ms)) < never > > })
            .pipeline("circuit", pipeline! { error = No; |_: u64| seq < circuit(fail_max = 2, reset_timeout = 60s) < never > > })
            .pipeline("probe", pipeline! { error = No; |_: u64| seq < circuit(fail_max = 1, reset_timeout = 500ms) < never > > })
            .pipeline("tries", pipeline! { error = No; |_: u64| retry(max_attempts = 5, backoff = constant(1ms)) < circuit(fail_max = 2, reset_timeout = 60s) < never > > })
            .pipeline_with_text_errors("timeout", pipeline! { |_: u64| seq < fallback < timeout(300ms) < add(60_000, _) as "slow" > add(10, _) as "quick" > add(600, _) as "after" > })
            .pipeline_with_text_errors("race", pipeline! { |_: u64| seq < race < add(60_000, _) as "slow" add(300, _) as "quick" > add(600, _) as "after" > })
            .pipeline_with_text_errors("long", pipeline! { |_: u64| seq < add(60_000, _) as "long" > })
            .pipeline_with_text_errors("sleepy", pipeline! { |_: u64| retry(max_attempts = 2, backoff = constant(60s), jitter = none) < add(10, _) as "nap" never > })
            .pipeline("slowly", pipeline! { error = No; |_: u64| seq < circuit(fail_max = 1, reset_timeout = 60s) < add(600, _) as "slow" never > > })
            .pipeline("this", pipeline! { error = No; |_: u64| seq < circuit(breaker = &shared) < never > > })
            .pipeline("that", pipeline! { error = No; |_: u64| seq < circuit(breaker = &shared) < never > > })
            .breaker("payments", &shared)
            .pipeline_with_text_errors("gates", pipeline! { |_: Vec<u64>| seq < each < bulkhead(max = 2, queue = unlimited) < throttle(rate = 1000, burst = 100) < quick > > > total > })
            .pipeline_with_text_errors("undo", pipeline! { |_: u64| saga < add(100, _) as "reserve" undo add(400, 0) as "release" add(100, _) as "charge" undo add(400, 0) as "refund" never > })
            .pipeline_with_text_errors("watched", pipeline! { |_: u64| seq < add(100, _) as "a" add(100, _) as "b" add(500, _) as "c" > }.with_bus(from_fn(tell)))
            .pipeline_with_text_errors("many", pipeline! { |_: u64| seq < { hundred!() } { hundred!() } > })
            .pipeline_with_text_errors("all", pipeline! { |_: Vec<u64>| seq < each < quick > total > });
    }
    let worker = options.bind(address).await.expect("a worker can listen");
    worker.serve().await;
}
