//! Pipelines with every block, to be gone through once more.

use std::ops::ControlFlow::{Break, Continue};
use std::time::Duration;

use async_orch::{Breaker, Bulkhead, Failure, Keyed, Limiter, Next, Once, Policy, RetryBudget, pipeline};

use super::world::{World, blocks, boxed, elsewhere, even, hangs, page, panics, same, third, work};

/// Hands on, and tries once more.
struct Twice;

impl<T: Send, E: Failure> Policy<T, E> for Twice {
    async fn apply(&self, mut next: Next<'_, T, E>) -> Result<T, async_orch::Error<E>> {
        match next.call().await {
            Ok(value) => Ok(value),
            Err(_) => {
                next.sleep(Duration::from_millis(3)).await;
                next.call().await
            }
        }
    }
}

struct Hands;

impl<T: Send, E: Failure> Policy<T, E, Once> for Hands {
    async fn apply(&self, next: Next<'_, T, E, Once>) -> Result<T, async_orch::Error<E>> {
        next.call_once().await
    }
}

macro_rules! cases {
    ($how:ident: $($name:ident: $input:expr => |$world:ident| $made:expr;)*) => {
        $(
            #[test]
            fn $name() {
                let world = World::default();
                let $world = &world;
                super::prove(super::Results::$how, $world, || $made, $input);
            }
        )*
    };
}

cases! {
    TheSame:
    seq: 1 => |w| pipeline! { |_: u64| seq < work(w, _) work(w, _) work(w, _) > };
    names: 1 => |w| pipeline! { |_: u64| seq < let a = work(w, _) let b = work(w, *a) |_| { a + b } work(w, _) > };
    collect: 1 => |w| pipeline! { |_: u64| seq(collect) < work(w, _) work(w, _) work(w, 7) > };
    par: 1 => |w| pipeline! { |_: u64| par < work(w, _) work(w, 2) work(w, 3) > };
    par_limit: 1 => |w| pipeline! { |_: u64| par(limit = 2) < work(w, _) seq < work(w, 2) work(w, _) > work(w, 4) work(w, 2) > };
    par_twelve: 1 => |w| pipeline! { |_: u64| par < work(w, 1) work(w, 2) work(w, 3) work(w, 4) work(w, 5) work(w, 6) work(w, 7) work(w, 8) work(w, 9) work(w, 10) work(w, 11) work(w, 12) > };
    par_settle: 1 => |w| pipeline! { |_: u64| par(settle) < even(w, _) even(w, 2) even(w, 3) > };
    par_fails: 1 => |w| pipeline! { |_: u64| par < work(w, _) even(w, 3) seq < work(w, 2) work(w, _) > > };
    each: (0..6).collect() => |w| pipeline! { |_: Vec<u64>| each < work(w, _) > };
    each_limit: (0..9).collect() => |w| pipeline! { |_: Vec<u64>| each(limit = 4) < seq < work(w, _) work(w, _) > > };
    each_settle: (0..5).collect() => |w| pipeline! { |_: Vec<u64>| each(limit = 3, settle) < even(w, _) > };
    each_forty: (0..40).collect() => |w| pipeline! { |_: Vec<u64>| each(limit = 8) < work(w, _) > };
    nested: 1 => |w| pipeline! { |_: u64| par < seq < work(w, _) par < work(w, 3) work(w, 4) > > seq < |n| { vec![n; 3] } each < work(w, _) > > > };
    retry: 1 => |w| pipeline! { |_: u64| retry(max_attempts = 4, backoff = exponential(10ms)) < third(w, _) > };
    retry_fails: 1 => |w| pipeline! { |_: u64| par(settle) < retry(max_attempts = 3, backoff = constant(5ms), jitter = none) < even(w, _) > work(w, 2) > };
    retry_when: 1 => |w| pipeline! { |_: u64| retry(max_attempts = 4, when = |e| e.attempts() < 3, retry_after = |_| Some(Duration::from_millis(7))) < even(w, _) > };
    timeout_won: 3 => |w| pipeline! { |_: u64| timeout(1h) < work(w, _) > };
    timeout_either: 2 => |w| pipeline! { |_: u64| timeout(1h) < seq < work(w, _) work(w, _) > > };
    timeout_lost: () => |w| pipeline! { seq < settle < timeout(5ms) < hangs(w) > > |done| { done.is_err() } work(w, 1) > };
    race: 1 => |w| pipeline! { |_: u64| race < work(w, _) work(w, 2) seq < work(w, 3) work(w, 4) > > };
    race_fails: 1 => |w| pipeline! { |_: u64| race < even(w, _) even(w, 3) > };
    fallback: 1 => |w| pipeline! { |_: u64| fallback < even(w, _) even(w, 3) work(w, 5) > };
    hedge: 1 => |w| pipeline! { |_: u64| hedge(5ms, max_attempts = 3) < work(w, _) > };
    hedge_hangs: () => |w| pipeline! { timeout(30ms) < hedge(5ms, max_attempts = 3) < hangs(w) > > };
    when_yes: 1 => |w| pipeline! { |_: u64| seq < when(|n| *n == 1) < work(w, _) > when(|n| *n == 1) < work(w, _) > > };
    choose: 2 => |w| pipeline! { |n: u64| choose(*n) < 1 => work(w, 10), 2 => even(w, *n), _ => work(w, 30) > };
    repeat: 0 => |w| pipeline! { |_: u64| repeat(max_rounds = 9, backoff = constant(3ms)) < seq < work(w, _) |n| { if n < 4 { Continue(n) } else { Break(n) } } > > };
    repeat_task: 0 => |w| pipeline! { |_: u64| repeat(max_rounds = 9) < page(w, _) > };
    settle: 1 => |w| pipeline! { |_: u64| seq < settle < even(w, _) > |done| { done.is_err() } > };
    catch: () => |w| pipeline! { seq < settle < catch < panics(w) > > |done| { matches!(done.unwrap_err().kind(), async_orch::ErrorKind::Panicked(_)) } > };
    saga: 1 => |w| pipeline! { |_: u64| saga < work(w, _) undo work(w, _) work(w, _) undo seq < work(w, 5) work(w, _) > even(w, 3) > };
    saga_finally: 1 => |w| pipeline! { |_: u64| saga < work(w, _) undo work(w, _) work(w, 2) finally work(w, 9) > };
    with_twice: 3 => |w| pipeline! { |_: u64| with(Twice) < even(w, _) > };
    with_once: 3 => |w| pipeline! { |_: u64| with(Hands) < work(w, _) > };
    embedded: 1 => |w| { let inner = pipeline! { |_: u64| seq < work(w, _) work(w, _) > }; pipeline! { move |_: u64| seq < { inner } work(w, _) > } };
    outside: 1 => |_w| pipeline! { |_: u64| seq < elsewhere blocks par < elsewhere blocks > > };
    outside_fails: 1_001 => |_w| pipeline! { |_: u64| seq < blocks > };
    text: 0 => |_w| pipeline! { |_: u64| seq < boxed > };
    awaits: 1 => |w| {
        pipeline! {
            |_: u64|
            par <
                work(w, _)
                seq <
                    #[durable]
                    async |n, cx| {
                        cx.sleep(Duration::from_millis(2)).await;
                        cx.run(&pipeline! { |_: u64| retry(backoff = constant(3ms)) < third(w, _) > }, n).await
                    }
                    work(w, _)
                >
            >
        }
    };
    generic: "a".to_owned() => |_w| pipeline! { |_: String| seq < same |text| { (text, 1_u8) } same > };
    circuit: 1 => |w| pipeline! { |_: u64| circuit(fail_max = 2) < work(w, _) > };
    circuit_waits: (0..4).collect() => |w| pipeline! { |_: Vec<u64>| each(settle) < circuit(fail_max = 1, reset_timeout = 1ms, wait) < even(w, _) > > };
    bulkhead: (0..5).collect() => |w| pipeline! { |_: Vec<u64>| each < bulkhead(max = 2) < work(w, _) > > };
    throttle: (0..5).collect() => |w| pipeline! { |_: Vec<u64>| each < throttle(rate = 100, burst = 2) < work(w, _) > > };
    handles: (0..4).collect() => |w| {
        let (places, rate) = (Bulkhead::new(1), Limiter::new(1_000));
        pipeline! { let places = places; let rate = rate; move |_: Vec<u64>| each < bulkhead(bulkhead = &places) < throttle(limiter = &rate) < work(w, _) > > > }
    };
}

// A process has its own circuits and bulkheads, which begin anew; and how long steps take differs from order to order.
cases! {
    Others:
    retry_elapsed: 1 => |w| pipeline! { |_: u64| retry(max_attempts = 9, backoff = constant(20ms), max_elapsed = 50ms) < even(w, _) > };
    circuit_opens: (0..6).collect() => |w| pipeline! { |_: Vec<u64>| each(limit = 1, settle) < circuit(fail_max = 1) < even(w, _) > > };
    circuit_recovers: 1 => |w| pipeline! { |_: u64| retry(max_attempts = 4, backoff = constant(50ms), jitter = none, rejections) < circuit(fail_max = 1, reset_timeout = 80ms) < third(w, _) > > };
    bulkhead_full: (0..5).collect() => |w| pipeline! { |_: Vec<u64>| each(settle) < bulkhead(max = 2, queue = 0) < work(w, _) > > };
    retry_budget: (0..4).collect() => |w| {
        let budget = RetryBudget::builder().ratio(0.0).min_per_second(0).capacity(3).build();
        pipeline! { let budget = budget; move |_: Vec<u64>| each(settle) < retry(budget = &budget, backoff = constant(5ms)) < even(w, _) > > }
    };
    keyed: (0..6).collect() => |w| {
        let breakers: Keyed<u64, Breaker> = Keyed::new(16, |_: &u64| Breaker::builder().fail_max(1).build());
        pipeline! { let breakers = breakers; move |_: Vec<u64>| each(limit = 1, settle) < seq < let n = |n| { n } circuit(breaker = breakers.get(&(n % 2))) < even(w, *n) > > > }
    };
}
