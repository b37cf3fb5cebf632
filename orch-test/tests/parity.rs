//! With nothing left to chance, a run gives what it gives on tokio, and takes as long.

use std::fmt::Debug;
use std::ops::ControlFlow::{Break, Continue};
use std::time::Duration;

use async_orch::{Error, Failure, Next, Policy, Run, pipeline, task};
use orch_test::Simulation;
use tokio::time::{Instant, sleep};

#[task]
async fn work(n: u64) -> u64 {
    sleep(Duration::from_millis(n * 10)).await;
    n + 1
}

#[task]
async fn even(n: u64) -> Result<u64, String> {
    tokio::task::yield_now().await;
    if n.is_multiple_of(2) { Ok(n) } else { Err(format!("{n} is odd")) }
}

#[task]
fn third(cx: &async_orch::Context<'_>, n: u64) -> Result<u64, String> {
    if cx.attempt() < 3 { Err(format!("attempt {}", cx.attempt())) } else { Ok(n) }
}

#[task]
async fn hangs(_n: u64) -> u64 {
    std::future::pending().await
}

#[task]
fn panics(_n: u64) -> u64 {
    std::panic::resume_unwind(Box::new("of the task"))
}

/// Tries once more, after a while.
struct Again;

impl<T: Send, E: Failure> Policy<T, E> for Again {
    async fn apply(&self, mut next: Next<'_, T, E>) -> Result<T, Error<E>> {
        match next.call().await {
            Ok(value) => Ok(value),
            Err(_) => {
                next.sleep(Duration::from_millis(40)).await;
                next.call().await
            }
        }
    }
}

fn said<T: Debug>(result: Result<T, Error>) -> String {
    match result {
        Ok(output) => format!("{output:?}"),
        Err(error) => error.to_string(),
    }
}

/// The same pipeline, made twice, since circuits and bulkheads live in it.
fn same<P: Run<In = u64, Out: Debug, Error = async_orch::BoxError>>(
    pipeline: impl Fn() -> P,
) -> (String, Duration) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let p = pipeline();
    let on_tokio = runtime.block_on(async {
        let began = Instant::now();
        (said(p.run(3).await), began.elapsed())
    });
    let (sim, p) = (Simulation::new(), pipeline());
    let simulated = (said(sim.run(&p, 3)), sim.elapsed());
    assert_eq!(simulated, on_tokio, "{}", p.graph());
    on_tokio
}

macro_rules! same {
    ($($name:ident: $p:expr => $out:expr, $millis:expr;)*) => {
        $(
            #[test]
            fn $name() {
                assert_eq!(same(|| $p), ($out.to_owned(), Duration::from_millis($millis)));
            }
        )*
    };
}

same! {
    seq: pipeline! { |_: u64| seq < work work even > } => "step `seq/even` failed: 5 is odd", 70;
    par: pipeline! { |_: u64| par < work work(7) seq < work(1) work > > } => "(4, 8, 3)", 70;
    par_settle: pipeline! { |_: u64| seq < par(limit = 2, settle) < work work(7) even(1) > |(a, b, c)| { (a.is_ok(), b.is_ok(), c.is_ok()) } > } => "(true, true, false)", 70;
    each: pipeline! { |_: u64| seq < |n| { (0..n).collect::<Vec<_>>() } each(limit = 2) < work > > } => "[1, 2, 3]", 20;
    retry: pipeline! { |_: u64| retry(backoff = exponential(1s), jitter = none) < third > } => "3", 3_000;
    timeout_lost: pipeline! { |_: u64| timeout(1s) < hangs > } => "block `timeout` timed out after 1s", 1_000;
    timeout_won: pipeline! { |_: u64| timeout(1s) < work > } => "4", 30;
    race: pipeline! { |_: u64| race < work hangs even work(1) > } => "2", 10;
    fallback: pipeline! { |_: u64| fallback < even work > } => "4", 30;
    hedge: pipeline! { |_: u64| hedge(5ms, max_attempts = 2) < work > } => "4", 30;
    when: pipeline! { |_: u64| when(|n| *n > 2) < work > } => "4", 30;
    choose: pipeline! { |n: u64| choose(*n) < 3 => work(*n), _ => even(*n) > } => "4", 30;
    repeat: pipeline! { |_: u64| repeat(max_rounds = 9, backoff = constant(1s), jitter = none) < seq < work |n| { if n < 6 { Continue(n) } else { Break(n) } } > > } => "6", 2_120;
    settle: pipeline! { |_: u64| seq < settle < even > |done| { done.is_err() } > } => "true", 0;
    catch: pipeline! { |_: u64| catch < panics > } => "block `catch` panicked: of the task", 0;
    saga: pipeline! { |_: u64| saga < work undo work even(2) undo work(9) even(3) > } => "step `saga/even` failed: 3 is odd", 160;
    with: pipeline! { |_: u64| with(Again) < seq < work even > > } => "4", 30;
    with_again: pipeline! { |_: u64| with(Again) < seq < work(2) even > > } => "step `with/seq/even` failed after 2 attempts: 3 is odd", 80;
    circuit: pipeline! { |_: u64| retry(max_attempts = 3, backoff = constant(50ms), jitter = none, rejections) < circuit(fail_max = 1, reset_timeout = 80ms) < third > > } => "3", 100;
    bulkhead: pipeline! { |_: u64| seq < |n| { vec![n; 3] } each < bulkhead(max = 1, queue = 9) < work > > > } => "[4, 4, 4]", 90;
    throttle: pipeline! { |_: u64| seq < |n| { vec![n; 3] } each < throttle(rate = 10, burst = 1) < work > > > } => "[4, 4, 4]", 230;
}
