//! Options in which names stand.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_orch::bus::Recorder;
use async_orch::{Breaker, BreakerState, Error, ErrorKind, Run, TaskState, Wire, pipeline, retry, task};
use orch_syntax::blocks::Kind;
use tokio::time::Instant;

use common::{Census, Oops, at_once};

mod common;

#[task]
fn fails(n: u32) -> Result<u32, Oops> {
    if n == 0 { Ok(0) } else { Err(Oops("no")) }
}

#[task]
async fn wait(seconds: u64) -> u64 {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    seconds
}

#[tokio::test(start_paused = true)]
async fn options_1_a_name_in_a_head_is_of_each_run() {
    let p = pipeline! { |time: Duration| timeout(*time) < wait(5) > };
    assert_eq!(p.run(Duration::from_secs(6)).await.unwrap(), 5);
    let error = p.run(Duration::from_secs(4)).await.unwrap_err();
    assert_eq!(error.to_string(), "block `timeout` timed out after 4s");
}

#[tokio::test(start_paused = true)]
async fn options_1_in_each_option_that_is_the_runs_own() {
    let attempts = AtomicU32::new(0);
    let p = pipeline! {
        let most = 3_u32;
        |(delay, factor, cap): (Duration, u32, Duration)|
        retry(max_attempts = *most, backoff = exponential(*delay, *factor), max_delay = *cap, jitter = none) <
            |_| { attempts.fetch_add(1, Ordering::Relaxed); Err::<(), _>(Oops("no")) }
        >
    };
    let start = Instant::now();
    let seconds = Duration::from_secs;
    assert_eq!(p.run((seconds(1), 10, seconds(4))).await.unwrap_err().attempts(), 3);
    assert_eq!(start.elapsed(), seconds(1 + 4));
    assert_eq!(p.run((seconds(2), 1, seconds(9))).await.unwrap_err().attempts(), 3);
    assert_eq!(start.elapsed(), seconds(1 + 4 + 2 + 2));
    assert_eq!(attempts.into_inner(), 6);
}

#[tokio::test(start_paused = true)]
async fn options_1_a_limit_and_rounds() {
    let meter = Census::default();
    let p = pipeline! {
        |(limit, rounds): (usize, u32)|
        seq <
            |_| { vec![1_u64; 6] }
            each(limit = *limit) < async |n| { let _live = meter.enter(); wait(n).await } >
            |_| { 0 }
            repeat(max_rounds = *rounds, backoff = constant(1s)) <
                |n| { if n < 3 { Continue(n + 1) } else { Break(n) } }
            >
        >
    };
    use std::ops::ControlFlow::{Break, Continue};
    assert_eq!(p.run((2, 4)).await.unwrap(), 3);
    assert_eq!(meter.most(), 2);
    assert_eq!(p.run((5, 9)).await.unwrap(), 3);
    assert_eq!(meter.most(), 5);
    let error = p.run((1, 3)).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Exhausted { rounds: 3 }));

    let peers = pipeline! { |limit: usize| par(limit = *limit, settle) < wait(1) wait(1) wait(1) wait(1) > };
    let start = Instant::now();
    let _ = peers.run(4).await.unwrap();
    let _ = peers.run(1).await.unwrap();
    assert_eq!(start.elapsed(), Duration::from_secs(1 + 4));
}

#[test]
fn options_1_of_lets_and_of_patterns_too() {
    let p = pipeline! {
        |n: Option<u32>|
        choose(*n) <
            Some(k) => seq <
                let most = |_| { *k + 1 }
                retry(max_attempts = *most, backoff = constant(0s)) < fails(*k) >
            >
            None => |_| { 0 }
        >
    };
    assert_eq!(at_once(p.run(Some(0))).unwrap(), 0);
    assert_eq!(at_once(p.run(Some(2))).unwrap_err().attempts(), 3);
    assert_eq!(at_once(p.run(None)).unwrap(), 0);
}

#[test]
fn options_2_a_handle_is_chosen_for_each_run() {
    let breakers = [1, 2].map(|fail_max| Breaker::builder().fail_max(fail_max).build());
    let of = |host: &usize| breakers[*host].clone();
    let p = pipeline! { |(host, n): (usize, u32)| circuit(breaker = of(host)) < fails(*n) > };
    at_once(p.run((0, 1))).unwrap_err();
    at_once(p.run((1, 1))).unwrap_err();
    assert!(matches!(breakers[0].state(), BreakerState::Open { .. }));
    assert_eq!(breakers[1].state(), BreakerState::Closed);
    assert!(matches!(at_once(p.run((0, 0))).unwrap_err().kind(), ErrorKind::CircuitOpen { .. }));
    assert_eq!(at_once(p.run((1, 0))).unwrap(), 0);
}

#[test]
fn options_3_predicates_see_names_when_they_are_asked() {
    let p = pipeline! {
        |(most, word): (u32, &'static str)|
        fallback(when = |e| e.attempts() <= *most) <
            retry(
                max_attempts = 9,
                backoff = constant(0s),
                when = |e| e.task().is_some_and(|e| e.to_string() == *word)
            ) < fails(1) >
            |_| { 7 }
        >
    };
    assert_eq!(at_once(p.run((9, "no"))).unwrap(), 7);
    assert_eq!(at_once(p.run((8, "no"))).unwrap_err().attempts(), 9);
    assert_eq!(at_once(p.run((1, "yes"))).unwrap(), 7);

    let breaker = Breaker::builder().fail_max(1).build();
    let ignoring = pipeline! {
        |ignored: bool| circuit(breaker = &breaker, ignore = |e| *ignored && e.is::<Oops>()) < fails(1) >
    };
    at_once(ignoring.run(true)).unwrap_err();
    assert_eq!(breaker.state(), BreakerState::Closed);
    at_once(ignoring.run(false)).unwrap_err();
    assert!(matches!(breaker.state(), BreakerState::Open { .. }));
}

#[test]
fn options_4_with_names_they_are_evaluated_at_each_start_in_written_order() {
    let log = std::sync::Mutex::new(Vec::new());
    let say = |word: &'static str, value: u32| {
        log.lock().unwrap().push(word);
        value
    };
    let p = pipeline! {
        |n: u32|
        retry(max_attempts = 2, backoff = constant(0s)) <
            retry(
                max_delay = Duration::from_secs(say("delay", *n).into()),
                max_attempts = say("attempts", *n),
                backoff = constant(0s)
            ) < fails(1) >
        >
    };
    at_once(p.run(1)).unwrap_err();
    assert_eq!(log.into_inner().unwrap(), ["delay", "attempts", "delay", "attempts"]);
}

#[test]
fn options_5_without_names_they_are_evaluated_once_when_the_pipeline_is_built() {
    let (once, each) = (AtomicU32::new(0), AtomicU32::new(0));
    let count = |counter: &AtomicU32, value: u32| {
        counter.fetch_add(1, Ordering::Relaxed);
        value
    };
    // Neither the field nor the method is the name.
    struct Plan {
        n: u32,
    }
    let plan = Plan { n: 2 };
    let p = pipeline! {
        |n: u32|
        seq <
            settle < retry(max_attempts = count(&once, plan.n), backoff = constant(0s)) < fails(*n) > >
            |_| { 0 }
            retry(
                max_attempts = count(&each, *n + 1),
                backoff = retry::constant(Duration::from_millis(count(&once, 0).into()))
            ) < fails(0) >
        >
    };
    assert_eq!((once.load(Ordering::Relaxed), each.load(Ordering::Relaxed)), (2, 0));
    for _ in 0..3 {
        assert_eq!(at_once(p.run(1)).unwrap(), 0);
    }
    assert_eq!((once.into_inner(), each.into_inner()), (2, 3));
}

#[test]
fn options_6_a_value_that_cannot_be_is_an_error_at_its_block() {
    let recorder = Recorder::new();
    let p = pipeline! { |n: u32| seq(name = "s") < retry(max_attempts = *n) < fails(0) > > };
    assert_eq!(at_once(p.run(1)).unwrap(), 0);
    let error = at_once((&p).with_bus(recorder.clone()).run(0)).unwrap_err();
    let ErrorKind::InvalidOption(invalid) = error.kind() else { panic!("{error}") };
    assert_eq!((invalid.option(), invalid.problem()), ("max_attempts", "must be at least 1"));
    assert_eq!(error.path(), "s/retry");
    assert_eq!(
        error.to_string(),
        "block `s/retry` did not run: the option `max_attempts` must be at least 1"
    );
    assert!(error.place().to_string().starts_with("tests/options.rs:"));
    assert_eq!(recorder.states("s/retry"), [TaskState::Running, TaskState::Failed]);
    assert!(recorder.of("s/retry/fails").is_empty());
    recorder.assert_balanced();
}

#[test]
fn options_6_for_each_of_them_and_it_is_neither_retried_nor_a_rejection() {
    fn invalid<T>(result: Result<T, Error>) -> String {
        let error = result.map(drop).unwrap_err();
        assert!(!error.is_retryable() && !error.kind().is_rejection());
        error.kind().to_string()
    }
    let limit = "the option `limit` must be at least 1";
    let par = pipeline! { |n: usize| retry < par(limit = *n) < fails(0) > > };
    assert_eq!(invalid(at_once(par.run(0))), limit);
    let each = pipeline! { |n: usize| seq < |_| { vec![0] } each(limit = *n, settle) < fails > > };
    assert_eq!(invalid(at_once(each.run(0))), limit);
    let repeat = pipeline! {
        |n: u32| repeat(max_rounds = *n) < |()| { std::ops::ControlFlow::<(), ()>::Break(()) } >
    };
    assert_eq!(invalid(at_once(repeat.run(0))), "the option `max_rounds` must be at least 1");
    // A time of zero is one that a deadline may have left: over when the body waits, without a timer.
    let timeout = pipeline! { |time: Duration| timeout(*time) < fails(0) > };
    assert_eq!(at_once(timeout.run(Duration::ZERO)).unwrap(), 0);
    let timeout =
        pipeline! { |time: Duration| timeout(*time) < async |_| { std::future::pending::<()>().await } > };
    assert!(matches!(at_once(timeout.run(Duration::ZERO)).unwrap_err().kind(), ErrorKind::TimedOut));
}

/// Each option of the table that a zero makes no sense for, from a variable: the panic says the same of all, and where.
#[test]
fn options_6_zero_from_a_variable_panics_alike_for_all_of_them() {
    let (none, no_time, nothing): (u32, Duration, f64) = (0, Duration::ZERO, 0.0);
    let (no_limit, one) = (0_usize, 1_u32);
    macro_rules! built {
        ($($keyword:ident $option:literal $problem:literal { $($text:tt)* })*) => {
            vec![$({
                let built = std::panic::catch_unwind(|| drop(pipeline! { $($text)* })).unwrap_err();
                (stringify!($keyword), $option, $problem, built.downcast_ref::<String>().cloned().unwrap())
            }),*]
        };
    }
    let said = built! {
        par "limit" "must be at least 1" { par(limit = no_limit) < fails(0) fails(0) > }
        each "limit" "must be at least 1" { |_: Vec<u32>| each(limit = no_limit) < fails > }
        circuit "fail_max" "must be at least 1" { circuit(fail_max = none) < fails(0) > }
        circuit "failure_rate" "must be above 0 and at most 1" { circuit(failure_rate = nothing, window = 9) < fails(0) > }
        circuit "window" "must be at least 1" { circuit(failure_rate = 0.5, window = none) < fails(0) > }
        circuit "window" "must be longer than zero" { circuit(failure_rate = 0.5, window = no_time) < fails(0) > }
        circuit "min_calls" "must be at least 1" { circuit(failure_rate = 0.5, window = 9, min_calls = none) < fails(0) > }
        circuit "reset_timeout" "must be longer than zero" { circuit(reset_timeout = no_time) < fails(0) > }
        circuit "reset_timeout" "must be longer than zero" { circuit(reset_timeout = constant(no_time)) < fails(0) > }
        circuit "probes" "must be at least 1" { circuit(probes = none) < fails(0) > }
        circuit "close_after" "must be at least 1" { circuit(close_after = none) < fails(0) > }
        retry "max_attempts" "must be at least 1" { retry(max_attempts = none) < fails(0) > }
        retry "max_elapsed" "must be longer than zero" { retry(max_elapsed = no_time) < fails(0) > }
        hedge "delay" "must be longer than zero" { hedge(no_time) < fails(0) > }
        hedge "max_attempts" "must be at least 2" { hedge(1s, max_attempts = one) < fails(0) > }
        timeout "duration" "must be longer than zero" { timeout(no_time) < fails(0) > }
        bulkhead "max" "must be at least 1" { bulkhead(max = none) < fails(0) > }
        bulkhead "max_wait" "must be longer than zero" { bulkhead(max = 1, queue = 1, max_wait = no_time) < fails(0) > }
        throttle "rate" "must be at least 1" { throttle(rate = none) < fails(0) > }
        throttle "per" "must be longer than zero" { throttle(rate = 1, per = no_time) < fails(0) > }
        throttle "burst" "must be at least 1" { throttle(rate = 1, burst = none) < fails(0) > }
        throttle "cost" "must be at least 1" { throttle(rate = 1, cost = none) < fails(0) > }
        repeat "max_rounds" "must be at least 1" {
            repeat(max_rounds = none) < |()| { std::ops::ControlFlow::<(), ()>::Break(()) } >
        }
    };
    for (keyword, option, problem, said) in &said {
        let start = format!("block `{keyword}`: `{option}` {problem}, at {}:", file!());
        assert!(said.starts_with(&start), "{said}");
    }
    for spec in orch_syntax::blocks::BLOCKS {
        for option in spec.head.iter().chain(spec.options) {
            let makes_no_sense = matches!(
                option.kind,
                Kind::Count
                    | Kind::Several
                    | Kind::CountOrUnlimited
                    | Kind::Rate(_)
                    | Kind::Period
                    | Kind::Periods
                    | Kind::Fraction
                    | Kind::Window
            );
            let is_tried = said.iter().any(|said| (said.0, said.1) == (spec.keyword, option.name));
            assert_eq!(is_tried, makes_no_sense, "`{}` of `{}`", option.name, spec.keyword);
        }
    }
}

#[test]
fn options_6_the_kind_has_a_wire_form() {
    let kind: ErrorKind<Oops> = ErrorKind::invalid_option("limit", "must be at least 1");
    let wire: Wire = kind.to_wire().unwrap();
    assert_eq!(
        (wire.kind.as_str(), wire.text.as_deref()),
        ("invalid option", Some("limit must be at least 1"))
    );
    assert_eq!(ErrorKind::<Oops>::from_wire(&wire).unwrap().to_string(), kind.to_string());
}

#[test]
fn options_7_a_panic_is_the_blocks() {
    let recorder = Recorder::new();
    let p = pipeline! {
        |n: u32|
        seq(name = "s") < catch < retry(max_attempts = { assert!(*n > 0, "zero"); *n }) < fails(0) > > >
    };
    let error = at_once((&p).with_bus(recorder.clone()).run(0)).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Panicked(panicked) if panicked.message() == "zero"));
    assert_eq!(recorder.states("s/catch/retry"), [TaskState::Running, TaskState::Failed]);
    assert!(recorder.of("s/catch/retry/fails").is_empty());
    recorder.assert_balanced();
    assert_eq!(at_once(p.run(1)).unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn options_8_dropped_the_block_is_cancelled() {
    let recorder = Recorder::new();
    let breaker = Breaker::new();
    let give = |_: &u32| breaker.clone();
    let p = pipeline! { |n: u32| timeout(1s) < circuit(breaker = give(n)) < wait(5) > > };
    assert!((&p).with_bus(recorder.clone()).run(1).await.is_err());
    assert_eq!(recorder.states("timeout/circuit"), [TaskState::Running, TaskState::Cancelled]);
    recorder.assert_balanced();
}

#[test]
fn options_9_the_graph_shows_their_text() {
    let p = pipeline! {
        |n: u32| retry(max_attempts = *n + 1, backoff = exponential(Duration::from_secs(1), *n)) < fails(*n) >
    };
    let tree = "retry(max_attempts = *n + 1, backoff = exponential(Duration::from_secs(1), *n))\n└─ fails";
    assert_eq!(p.graph().to_string(), tree);
}

#[tokio::test(start_paused = true)]
async fn options_with_names_nest_and_stay_apart() {
    let p = pipeline! {
        |(a, b): (u64, u32)|
        timeout(Duration::from_secs(*a)) <
            let c = |_| { *b + 1 }
            retry(max_attempts = *c, backoff = constant(0s)) <
                timeout(Duration::from_secs(*a - 1)) <
                    let d = wait(1)
                    retry(max_attempts = *c, when = |e| e.attempts() < *c) < |_| { *d + *a } >
                >
            >
        >
    };
    assert_eq!(p.run((3, 1)).await.unwrap(), 4);
    assert!(p.run((1, 1)).await.is_err());
    thread_local!(static KEPT: RefCell<u32> = const { RefCell::new(0) });
    let boxed = pipeline! { let most = 2; move |_: u32| retry(max_attempts = *most, backoff = constant(0s)) < |n| { KEPT.with_borrow_mut(|kept| *kept += 1); fails(n) } > }.boxed();
    assert_eq!(boxed.run(1).await.unwrap_err().attempts(), 2);
    assert_eq!(KEPT.take(), 2);
}

#[tokio::test(start_paused = true)]
async fn options_1_a_cost_is_the_runs_own_and_the_limiter_the_blocks() {
    let p = pipeline! {
        |cost: u32|
        throttle(rate = 10, burst = 10, cost = *cost) < |_| { tokio::time::Instant::now() } >
    };
    let began = p.run(10).await.unwrap();
    // All runs take from one bucket, whatever each of them takes.
    assert_eq!(p.run(5).await.unwrap() - began, Duration::from_millis(500));
    assert_eq!(p.run(10).await.unwrap() - began, Duration::from_millis(1500));
    let error = p.run(11).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "block `throttle` did not run: the option `cost` is 11, more than the `burst` of the throttle, which is 10"
    );
    let zero = p.run(0).await.unwrap_err();
    assert!(matches!(zero.kind(), ErrorKind::InvalidOption(invalid) if invalid.option() == "cost"), "{zero}");
}

#[tokio::test]
async fn options_2_a_handle_may_be_the_runs_own() {
    let tenants = async_orch::Keyed::new(8, |_: &String| async_orch::Bulkhead::builder(1).build());
    let p = pipeline! {
        |tenant: String|
        bulkhead(bulkhead = tenants.get(tenant)) < |_| { tenants.get(tenant).in_use() } >
    };
    assert_eq!(p.run("a".to_owned()).await.unwrap(), 1);
    assert_eq!(tenants.get(&"a".to_owned()).in_use(), 0);
}

/// A function is given a reference to it, and a `let` of the header keeps that.
#[tokio::test(start_paused = true)]
async fn options_2_a_reference_to_a_reference_is_a_handle() {
    async fn through(
        breaker: &async_orch::Breaker,
        places: &async_orch::Bulkhead,
        budget: &async_orch::RetryBudget,
    ) -> Result<u32, Error> {
        let p = pipeline! {
            |_: u32|
            retry(backoff = constant(0s), budget = &budget) <
                circuit(breaker = &breaker) < bulkhead(bulkhead = &places) <
                    |n| { if places.in_use() == 1 && n > 0 { Ok(n) } else { Err(Oops("x")) } }
                > >
            >
        };
        p.run(1).await?;
        p.run(0).await
    }
    let (breaker, places) = (async_orch::Breaker::new(), async_orch::Bulkhead::builder(1).build());
    let budget = async_orch::RetryBudget::builder().ratio(0.0).min_per_second(0).capacity(1).build();
    let error = through(&breaker, &places, &budget).await.unwrap_err();
    assert_eq!((error.attempts(), breaker.failures(), budget.available()), (2, 2, 0));
}

#[tokio::test(start_paused = true)]
async fn options_1_the_limits_of_a_retry_and_a_hedge_are_the_runs_own() {
    let budgets = [
        async_orch::RetryBudget::new(),
        async_orch::RetryBudget::builder().capacity(1).min_per_second(0).build(),
    ];
    let p = pipeline! {
        |(elapsed, asked, budget): (Duration, Duration, usize)|
        retry(
            max_attempts = unlimited,
            backoff = constant(100ms),
            jitter = none,
            max_elapsed = *elapsed,
            retry_after = |_| Some(*asked),
            budget = &budgets[*budget],
        ) < fails(1) >
    };
    let attempts = |error: Error| error.attempts();
    let (second, tenth) = (Duration::from_secs(1), Duration::from_millis(100));
    assert_eq!(attempts(p.run((second, tenth, 0)).await.unwrap_err()), 11);
    assert_eq!(attempts(p.run((second, 5 * tenth, 0)).await.unwrap_err()), 3);
    assert_eq!(attempts(p.run((second, tenth, 1)).await.unwrap_err()), 2);
    let zero = p.run((Duration::ZERO, tenth, 0)).await.unwrap_err();
    assert_eq!(
        zero.to_string(),
        "block `retry` did not run: the option `max_elapsed` must be longer than zero"
    );

    let hedged = pipeline! {
        |(delay, most): (Duration, u32)|
        hedge(*delay, max_attempts = *most) <
            async |_, cx| { cx.sleep(Duration::from_secs(1)).await; cx.attempt() }
        >
    };
    let began = Instant::now();
    assert_eq!(hedged.run((tenth, 3)).await.unwrap(), 1);
    assert_eq!(began.elapsed(), second);
    let one = hedged.run((tenth, 1)).await.unwrap_err();
    assert_eq!(one.to_string(), "block `hedge` did not run: the option `max_attempts` must be at least 2");
}
