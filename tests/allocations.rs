//! What a run allocates over `NoBus`, counted, and how large its future is.
//!
//! The counts are of the thread that makes the run; it is polled by hand or on a runtime of that thread.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::future::Future;
use std::ops::ControlFlow::{Break, Continue};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_orch::{Error, Failure, Next, Once, Policy, RetryBudget, Run, pipeline, task, tower};
use tokio::task::yield_now;

use common::{Oops, at_once};

mod common;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

/// The system's allocator, and a count for each thread.
struct Counting;

// SAFETY: everything is handed to the system's allocator as it is. The count is a `Cell` without a destructor in a
// `const` thread local, so counting neither allocates nor fails.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: as promised to us.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as promised to us.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: as promised to us.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// The allocations of a run from its making to its drop. It is made twice: what is made once per process or thread
/// is no part of it.
#[track_caller]
fn allocations<T>(run: impl Fn() -> T) -> usize {
    drop(run());
    let before = ALLOCATIONS.get();
    drop(run());
    ALLOCATIONS.get() - before
}

/// Polls until it is ready.
fn driven<T>(fut: impl Future<Output = T>) -> T {
    let mut fut = pin!(fut);
    loop {
        if let Poll::Ready(output) = fut.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
    }
}

#[task]
async fn step(n: u64) -> u64 {
    n + 1
}

#[task]
async fn yields(n: u64) -> u64 {
    Yield(false).await;
    n + 1
}

/// `Pending` once, and woken. (The one of tokio's may allocate in its runtime.)
struct Yield(bool);

impl Future for Yield {
    type Output = ();

    fn poll(mut self: std::pin::Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

#[task]
async fn fail(n: u64) -> Result<u64, Oops> {
    if n == 0 { Err(Oops("zero")) } else { Ok(n) }
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| Box::new(1_u64)), 1);
    assert_eq!(allocations(|| vec![Box::new(1_u64), Box::new(2)]), 3);
    assert_eq!(allocations(|| 1), 0);
}

#[test]
fn ten_tasks_in_seq_allocate_nothing() {
    let p = pipeline! { |_: u64| seq < step step step step step step step step step step > };
    assert_eq!(allocations(|| at_once(p.run(1)).unwrap()), 0);
    let p =
        pipeline! { |_: u64| seq < yields yields yields yields yields yields yields yields yields yields > };
    assert_eq!(allocations(|| driven(p.run(1)).unwrap()), 0);
}

#[test]
fn a_seq_with_names_and_inline_steps_allocates_nothing() {
    let k = 5;
    let p = pipeline! {
        |n: u64|
        seq <
            let a = step(*n)
            let (b, c) = par < step(*a) |()| { a + k } >
            async |()| { Yield(false).await; k }
            |d| { a + b + c + d }
        >
    };
    assert_eq!(allocations(|| driven(p.run(1)).unwrap()), 0);
}

#[test]
fn an_async_inline_step_that_uses_names_is_one_allocation() {
    let p = pipeline! { |n: u64| seq < async |()| { Yield(false).await; *n } > };
    assert_eq!(allocations(|| driven(p.run(1)).unwrap()), 1);
}

#[test]
fn a_par_of_sixteen_ready_children_allocates_nothing() {
    let p = pipeline! {
        |_: u64|
        par(limit = 4) < step step step step step step step step step step step step step step step step >
    };
    assert_eq!(allocations(|| at_once(p.run(1)).map(|all| all.15).unwrap()), 0);
}

#[test]
fn a_par_of_four_that_wait_allocates_nothing() {
    let p = pipeline! { |_: u64| par(limit = 4) < yields yields yields yields > };
    assert_eq!(allocations(|| driven(p.run(1)).unwrap()), 0);
}

#[test]
fn a_par_of_sixty_four_that_wait_is_one_allocation() {
    let p = pipeline! {
        |_: u64|
        par <
            yields yields yields yields yields yields yields yields yields yields yields yields yields yields
            yields yields yields yields yields yields yields yields yields yields yields yields yields yields
            yields yields yields yields yields yields yields yields yields yields yields yields yields yields
            yields yields yields yields yields yields yields yields yields yields yields yields yields yields
            yields yields yields yields yields yields yields yields
        >
    };
    assert_eq!(allocations(|| driven(p.run(1)).map(|all| all.63).unwrap()), 1);
}

#[test]
fn a_closed_circuit_allocates_nothing() {
    let p = pipeline! { |_: u64| circuit < step > };
    assert_eq!(allocations(|| at_once(p.run(1)).unwrap()), 0);
}

#[test]
fn a_circuit_with_a_window_allocates_nothing() {
    let p = pipeline! { |_: u64| circuit(failure_rate = 0.5, window = 100) < step > };
    assert_eq!(allocations(|| at_once(p.run(1)).unwrap()), 0);
    let p = pipeline! { |_: u64| circuit(failure_rate = 0.5, window = 10s) < step > };
    assert_eq!(allocations(|| at_once(p.run(1)).unwrap()), 0);
}

#[test]
fn a_bulkhead_with_a_free_place_allocates_nothing() {
    let p = pipeline! { |_: u64| bulkhead(max = 1) < step > };
    assert_eq!(allocations(|| at_once(p.run(1)).unwrap()), 0);
    let p = pipeline! { |_: u64| bulkhead(max = 1) < yields > };
    assert_eq!(allocations(|| driven(p.run(1)).unwrap()), 0);
}

#[test]
fn a_throttle_with_a_token_allocates_nothing() {
    let p = pipeline! { |_: u64| throttle(rate = 1, per = 1h, burst = 1_000) < step > };
    assert_eq!(allocations(|| at_once(p.run(1)).unwrap()), 0);
}

#[test]
fn an_open_circuit_rejects_without_allocating() {
    let p = pipeline! { |_: u64| circuit(fail_max = 1, reset_timeout = 1h) < fail > };
    at_once(p.run(0)).unwrap_err();
    assert_eq!(allocations(|| at_once(p.run(1)).unwrap_err()), 0);
}

#[test]
fn a_full_bulkhead_and_an_empty_bucket_reject_with_one_allocation() {
    let p = pipeline! { |_: u64| bulkhead(max = 1) < yields > };
    let mut inside = Box::pin(p.run(1));
    assert!(inside.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    assert_eq!(allocations(|| at_once(p.run(1)).unwrap_err()), 1, "why");
    let p = pipeline! { |_: u64| throttle(rate = 1, per = 1h, max_wait = 0s) < step > };
    at_once(p.run(1)).unwrap();
    assert_eq!(allocations(|| at_once(p.run(1)).unwrap_err()), 1, "why");
}

#[test]
fn a_failure_of_a_typed_pipeline_allocates_nothing() {
    let p = pipeline! { error = Oops; |_: u64| seq < par < step fail > > };
    assert_eq!(allocations(|| at_once(p.run(0)).unwrap_err()), 0);
    let p = pipeline! { |_: u64| seq < fail > };
    assert_eq!(allocations(|| at_once(p.run(0)).unwrap_err()), 1, "the box");
}

#[test]
fn a_retry_that_succeeds_first_allocates_nothing() {
    let p = pipeline! { |_: u64| retry < step > };
    assert_eq!(allocations(|| at_once(p.run(1)).unwrap()), 0);
}

#[test]
fn a_retry_that_succeeds_later_allocates_nothing_of_its_own() {
    let p = pipeline! {
        error = Oops;
        |_: u64|
        retry(max_attempts = 3, backoff = constant(0s)) < fail >
    };
    assert_eq!(allocations(|| at_once(p.run(0)).unwrap_err()), 0);
}

#[test]
fn a_when_allocates_nothing_whether_its_body_runs_or_not() {
    let most = 9;
    let p = pipeline! {
        |_: u64| seq < when(|n| *n > most) < step > let n = yields when(*n > most) < yields(*n) > |_| { *n } >
    };
    assert_eq!(allocations(|| driven(p.run(1)).unwrap()), 0);
    assert_eq!(allocations(|| driven(p.run(10)).unwrap()), 0);
}

#[test]
fn options_with_names_allocate_nothing() {
    let p = pipeline! {
        |(n, time): (u64, std::time::Duration)|
        timeout(*time) <
            retry(max_attempts = u32::try_from(*n).unwrap(), when = |e| e.attempts() < *n as u32) < step(*n) >
        >
    };
    assert_eq!(allocations(|| driven(p.run((2, std::time::Duration::from_secs(1)))).unwrap()), 0);
}

#[test]
fn a_choose_allocates_nothing_where_a_name_is_seen_and_where_it_is_kept() {
    let p = pipeline! {
        |n: u64|
        seq <
            let m = choose(*n) < 0 => step(1), n if (*n > 9) => yields(*n), _ => step(*n) >
            choose(m.checked_sub(1)) < Some(n) => yields(*n), None => step(0) >
            choose(|n| n % 2) < 0 => step, _ => yields >
        >
    };
    for n in [0, 1, 10] {
        assert_eq!(allocations(|| driven(p.run(n)).unwrap()), 0);
    }
}

#[test]
fn a_retry_with_all_its_limits_allocates_nothing_of_its_own() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let _entered = runtime.enter();
    let budget = RetryBudget::builder().capacity(1_000).build();
    let p = pipeline! {
        error = Oops;
        |_: u64|
        retry(
            backoff = constant(0s),
            max_elapsed = 1h,
            retry_after = |_| Some(Duration::ZERO),
            budget = &budget
        ) < fail >
    };
    assert_eq!(allocations(|| at_once(p.run(1)).unwrap()), 0);
    assert_eq!(allocations(|| at_once(p.run(0)).unwrap_err()), 0);
}

/// However many rounds there are.
#[test]
fn repeat_10_a_million_rounds_allocate_nothing() {
    let p = pipeline! {
        |_: u64|
        repeat(backoff = constant(0s)) < step |n| { if n >= 1_000_000 { Break(n) } else { Continue(n) } } >
    };
    assert_eq!(allocations(|| driven(p.run(0)).unwrap()), 0);
}

/// Whether the policy runs the body once or again, and whatever the body does.
#[test]
fn with_12_a_policy_that_hands_on_allocates_nothing() {
    struct Passes;
    impl<T: Send, E: Failure> Policy<T, E, Once> for Passes {
        async fn apply(&self, next: Next<'_, T, E, Once>) -> Result<T, Error<E>> {
            next.call_once().await
        }
    }
    struct Twice;
    impl<T: Send, E: Failure> Policy<T, E> for Twice {
        async fn apply(&self, mut next: Next<'_, T, E>) -> Result<T, Error<E>> {
            match next.call().await {
                Err(_) => next.call_once().await,
                result => result,
            }
        }
    }
    let p = pipeline! { |_: u64| with(Passes) < step yields with(Twice) < step > > };
    assert_eq!(allocations(|| driven(p.run(1)).unwrap()), 0);
    let p = pipeline! { error = Oops; |_: u64| with(Twice) < fail > };
    assert_eq!(allocations(|| at_once(p.run(0)).unwrap_err()), 0);
    let p = pipeline! { |n: u64| with(Attempt(*n)) < step(*n) > };
    struct Attempt(u64);
    impl<E: Failure> Policy<u64, E, Once> for Attempt {
        async fn apply(&self, next: Next<'_, u64, E, Once>) -> Result<u64, Error<E>> {
            Ok(next.call_once().await? + self.0)
        }
    }
    assert_eq!(allocations(|| at_once(p.run(1)).unwrap()), 0);
}

/// What it shares with its layer.
#[test]
fn a_layer_of_towers_is_one_allocation_a_run() {
    let limit = tower::tower(::tower::limit::ConcurrencyLimitLayer::new(2));
    let ready = pipeline! { |_: u64| with(&limit) < |n| { n + 1 } > };
    assert_eq!(allocations(|| at_once(ready.run(1)).unwrap()), 1);
    let waits = pipeline! { |_: u64| with(&limit) < async |n| { yield_now().await; n + 1 } > };
    assert_eq!(allocations(|| driven(waits.run(1)).unwrap()), 1);
}

/// A saga's log is a list, with a box for each step that can be undone.
#[test]
fn a_saga_allocates_for_what_can_be_undone() {
    let p = pipeline! { |_: u64| saga < step yields step > };
    assert_eq!(allocations(|| driven(p.run(1)).unwrap()), 0);
    let p = pipeline! { |_: u64| saga < step undo step step undo step > };
    assert_eq!(allocations(|| at_once(p.run(1)).unwrap()), 3);
    // Each undo that runs is a box, too.
    let p = pipeline! { |_: u64| saga < step finally step step finally step > };
    assert_eq!(allocations(|| at_once(p.run(1)).unwrap()), 5);
}

#[test]
fn a_fallback_allocates_nothing_for_an_answer_and_for_a_first_failure() {
    #[task]
    fn fails(_n: u64) -> Result<u64, Oops> {
        Err(Oops("no"))
    }
    let p = pipeline! { error = Oops; |_: u64| fallback < step fails > };
    assert_eq!(allocations(|| at_once(p.run(1)).unwrap()), 0);
    let p = pipeline! { error = Oops; |_: u64| fallback < fails yields step > };
    assert_eq!(allocations(|| driven(p.run(1)).unwrap()), 0);
    // What keeps the errors: a list for the second, and of a failed run the place of the others.
    let p = pipeline! { error = Oops; |_: u64| fallback < fails fails step > };
    assert_eq!(allocations(|| at_once(p.run(1)).unwrap()), 1);
    let p = pipeline! { error = Oops; |_: u64| fallback < fails fails > };
    assert_eq!(allocations(|| at_once(p.run(1)).unwrap_err()), 2);
}

#[test]
fn a_hedge_allocates_nothing_unless_a_second_attempt_starts() {
    let p = pipeline! { |_: u64| hedge(1h) < step > };
    assert_eq!(allocations(|| at_once(p.run(1)).unwrap()), 0);
    let p = pipeline! { |_: u64| hedge(1h) < yields > };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let _entered = runtime.enter();
    assert_eq!(allocations(|| driven(p.run(1)).unwrap()), 0, "it waits, and has a timer");
    // One that fires has a place for what it needs then, with a list of the further attempts, each in a box.
    let p = pipeline! { |_: u64| hedge(1ns, max_attempts = 4) < answers_in_the_second > };
    assert_eq!(allocations(|| runtime.block_on(p.run(1)).unwrap()), 3);
    let p = pipeline! { error = Oops; |_: u64| hedge(1h) < fail > };
    assert_eq!(
        allocations(|| at_once(p.run(0)).unwrap_err()),
        6,
        "a list of errors, and the place of the others"
    );
}

#[task]
async fn answers_in_the_second(cx: &async_orch::Context<'_>, n: u64) -> u64 {
    if cx.attempt() == 1 {
        std::future::pending::<()>().await;
    }
    n
}

#[test]
fn timeout_and_catch_around_what_is_ready_allocate_nothing() {
    let p = pipeline! { |_: u64| timeout(1s) < catch < step > > };
    assert_eq!(allocations(|| at_once(p.run(1)).unwrap()), 0);
}

#[test]
fn all_of_them_together_allocate_nothing() {
    let inner = pipeline! { |_: u64| seq < step yields > };
    let p = pipeline! {
        |_: u64|
        circuit <
            retry <
                catch < seq < step par(limit = 2) < step { &inner } yields > |(a, b, c)| { a + b + c } > >
            >
        >
    };
    assert_eq!(allocations(|| driven(p.run(1)).unwrap()), 0);
}

#[test]
fn an_each_of_ten_thousand_is_at_most_twenty_allocations() {
    let p = pipeline! { |_: std::ops::Range<u64>| each(limit = 64) < step > };
    let count = allocations(|| driven(p.run(0..10_000)).unwrap());
    assert!(count <= 20, "{count}");
    let p = pipeline! { |_: std::ops::Range<u64>| each(limit = 64) < yields > };
    let count = allocations(|| driven(p.run(0..10_000)).unwrap());
    assert!(count <= 20, "{count}");
}

#[test]
fn a_boxed_run_is_one_allocation() {
    let p = pipeline! { |_: u64| seq < step yields circuit < step > > }.boxed();
    assert_eq!(allocations(|| driven(p.run(1)).unwrap()), 1);
}

#[test]
fn a_run_dropped_before_its_first_poll_allocates_nothing() {
    let p = pipeline! { |_: std::ops::Range<u64>| each(limit = 64) < circuit < step > > };
    assert_eq!(allocations(|| drop(p.run(0..9))), 0);
}

#[test]
fn on_a_runtime_it_is_the_same() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let p = pipeline! {
        |_: u64|
        circuit < retry < timeout(1h) < seq <
            async |n| { n }
            par(limit = 2) < step async |n| { yield_now().await; n } >
            |(a, b)| { a + b }
        > > > >
    };
    runtime.block_on(async {
        p.run(1).await.unwrap();
        p.run(1).await.unwrap();
        let before = ALLOCATIONS.get();
        p.run(1).await.unwrap();
        // The timer, which tokio may keep on the heap, and its queue for what yields.
        assert!(ALLOCATIONS.get() - before <= 1, "{}", ALLOCATIONS.get() - before);
    });
}

mod sizes {
    use super::*;

    fn size<P: Run<In = u64>>(p: &P) -> usize {
        size_of_val(&p.run(1))
    }

    /// A task that keeps this much while it waits.
    #[task]
    async fn keeps(n: u64) -> u64 {
        let kept = [n; 16];
        Yield(false).await;
        kept[n as usize % 16] + 1
    }

    #[test]
    fn a_seq_of_ten_is_at_most_twice_as_large_as_by_hand_and_a_little() {
        async fn by_hand(mut n: u64) -> Result<u64, async_orch::Error> {
            for _ in 0..1 {
                n = keeps(n).await;
            }
            let n = keeps(n).await;
            let n = keeps(n).await;
            let n = keeps(n).await;
            let n = keeps(n).await;
            let n = keeps(n).await;
            let n = keeps(n).await;
            let n = keeps(n).await;
            let n = keeps(n).await;
            Ok(keeps(n).await)
        }
        let p = pipeline! { |_: u64| seq < keeps keeps keeps keeps keeps keeps keeps keeps keeps keeps > };
        let (ours, theirs) = (size_of_val(&p.run(1)), size_of_val(&by_hand(1)));
        assert!(ours <= 2 * theirs + 64, "{ours} against {theirs}");
    }

    #[test]
    fn a_further_step_does_not_make_it_larger() {
        let five = pipeline! { |_: u64| seq < keeps keeps keeps keeps keeps > };
        let ten = pipeline! { |_: u64| seq < keeps keeps keeps keeps keeps keeps keeps keeps keeps keeps > };
        let (five, ten) = (size(&five), size(&ten));
        assert!(ten <= five + 5 * 8, "{five}, then {ten}");
        let forty = pipeline! {
            |_: u64|
            seq <
                keeps keeps keeps keeps keeps keeps keeps keeps keeps keeps keeps keeps keeps keeps keeps
                keeps keeps keeps keeps keeps keeps keeps keeps keeps keeps keeps keeps keeps keeps keeps
                keeps keeps keeps keeps keeps keeps keeps keeps keeps keeps
            >
        };
        let forty = size(&forty);
        assert!(forty <= ten + 30 * 8, "{ten}, then {forty}");
    }

    #[test]
    fn a_block_adds_little_to_its_body() {
        let body = pipeline! { |_: u64| keeps };
        let body = size(&body);
        let circuit = size(&pipeline! { |_: u64| circuit < keeps > });
        let retry = size(&pipeline! { |_: u64| retry < keeps > });
        let catch = size(&pipeline! { |_: u64| catch < keeps > });
        let seq = size(&pipeline! { |_: u64| seq < keeps > });
        for (block, size) in [("circuit", circuit), ("retry", retry), ("catch", catch), ("seq", seq)] {
            assert!(size <= body + 160, "{block}: {size} around {body}");
        }
        // A timer of tokio's is as large as it is.
        let timer = size_of_val(&{
            let _context = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let _entered = _context.enter();
            tokio::time::sleep(Duration::from_secs(1))
        });
        let timeout = size(&pipeline! { |_: u64| timeout(1s) < keeps > });
        assert!(timeout <= body + timer + 160, "{timeout} around {body} and a timer of {timer}");
    }

    #[test]
    fn a_par_is_its_children_and_little_more() {
        let one = size(&pipeline! { |_: u64| keeps });
        let par = size(&pipeline! { |_: u64| par < keeps keeps keeps keeps keeps keeps keeps keeps > });
        assert!(par <= 8 * (one + 32) + 160, "{par} for eight of {one}");
    }

    #[test]
    fn no_bus_leaves_nothing_in_the_future() {
        let p =
            pipeline! { |_: u64| seq < par < keeps keeps > |(a, b)| { a + b } circuit < retry < keeps > > > };
        let silent = size(&p);
        let observed = size(&(&p).with_bus(async_orch::bus::from_fn(|_| {})));
        assert!(silent < observed, "{silent} against {observed}");
        assert_eq!(silent, size(&(&p).with_bus(async_orch::NoBus)));
    }
}
