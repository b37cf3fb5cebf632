//! What a run costs, counted: allocations and polls of every shape of the benchmarks, sizes of futures, names of types.
//! Nothing here reads a clock, so nothing here depends on the machine.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};

use async_orch::{Run, pipeline};
use shapes::{hand, orch, tasks};

#[path = "../benches/shapes/mod.rs"]
mod shapes;

/// Counts the allocations of each thread apart, as tests run side by side.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call goes on to the system's allocator as it is; the count is a thread-local without a destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Polls to the end; every wake-up of the shapes comes from inside a poll.
fn finish<F: Future>(run: F) -> F::Output {
    let mut run = pin!(run);
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        if let std::task::Poll::Ready(output) = run.as_mut().poll(&mut cx) {
            return output;
        }
    }
}

/// The allocations of one run, its output's included. The first run is not counted: it may make what lasts.
fn allocations<P: Run>(pipeline: &P, input: impl Fn() -> P::In) -> usize {
    let _ = finish(pipeline.run(input()));
    let before = ALLOCATIONS.get();
    let output = finish(pipeline.run(input()));
    let after = ALLOCATIONS.get();
    drop(output);
    after - before
}

#[test]
fn the_allocator_counts() {
    let before = ALLOCATIONS.get();
    drop(std::hint::black_box(Box::new(1)));
    assert_eq!(ALLOCATIONS.get() - before, 1);
}

#[test]
fn most_shapes_allocate_nothing() {
    assert_eq!(allocations(&orch::seq10(), || 1), 0, "seq10");
    assert_eq!(allocations(&orch::par16(), || ()), 0, "par16");
    assert_eq!(allocations(&orch::par16_yield(), || ()), 0, "par16_yield");
    assert_eq!(allocations(&orch::nest(), || 1), 0, "nest");
    assert_eq!(allocations(&orch::circuit_closed(), || 1), 0, "circuit_closed");
    assert_eq!(allocations(&orch::circuit_open(), || 1), 0, "circuit_open");
    assert_eq!(allocations(&orch::retry_first_try(), || 1), 0, "retry_first_try");
    assert_eq!(allocations(&orch::timeout_ready(), || 1), 0, "timeout_ready");
}

#[test]
fn many_at_once_allocate_once_and_many_items_a_few_times() {
    assert_eq!(allocations(&orch::par64_wake(), || ()), 1, "par64_wake");
    assert_eq!(allocations(&orch::par64_baton(tasks::Ring::new()), || ()), 1, "par64_baton");
    let each10k = allocations(&orch::each10k(), || 0..10_000);
    assert!(each10k <= 20, "each10k: {each10k}");
}

#[test]
fn a_child_is_polled_when_it_was_woken() {
    let ring = tasks::Ring::new();
    assert_eq!(finish(orch::par64_baton(ring.clone()).run(())).unwrap(), 2 * tasks::Ring::TURNS as u64);
    for (player, (polls, wakes)) in ring.counts().into_iter().enumerate() {
        assert!(polls <= wakes + 8, "player {player}: {polls} polls, {wakes} wake-ups");
    }
}

#[test]
fn a_sequence_is_about_as_large_as_by_hand() {
    let by_hand = size_of_val(&hand::seq10(1));
    let pipeline = orch::seq10();
    let ours = size_of_val(&pipeline.run(1));
    assert!(ours <= by_hand + 16, "{ours} bytes, {by_hand} by hand");
}

#[test]
fn a_further_step_takes_no_place() {
    // The steps of a sequence take turns in one place, and what is piped is never kept. Twelve steps are one future, which
    // keeps its pipeline and its state.
    let four = pipeline! { |_: u64| seq < tasks::step tasks::step tasks::step tasks::step > };
    let eight = pipeline! {
        |_: u64|
        seq <
            tasks::step
            tasks::step
            tasks::step
            tasks::step
            tasks::step
            tasks::step
            tasks::step
            tasks::step
        >
    };
    let fifty = pipeline! {
        |_: u64|
        seq <
            tasks::step tasks::step tasks::step tasks::step tasks::step tasks::step tasks::step tasks::step
            tasks::step tasks::step tasks::step tasks::step tasks::step tasks::step tasks::step tasks::step
            tasks::step tasks::step tasks::step tasks::step tasks::step tasks::step tasks::step tasks::step
            tasks::step tasks::step tasks::step tasks::step tasks::step tasks::step tasks::step tasks::step
            tasks::step tasks::step tasks::step tasks::step tasks::step tasks::step tasks::step tasks::step
            tasks::step tasks::step tasks::step tasks::step tasks::step tasks::step tasks::step tasks::step
            tasks::step tasks::step
        >
    };
    let (four, eight, fifty) =
        (size_of_val(&four.run(1)), size_of_val(&eight.run(1)), size_of_val(&fifty.run(1)));
    assert!(eight == four, "{four} bytes for four steps, {eight} for eight");
    assert!(fifty <= eight + 4 * 8, "{eight} bytes for eight steps, {fifty} for fifty");
}

#[test]
fn a_retry_and_a_circuit_are_small() {
    let bare = size_of_val(&tasks::step(1));
    let (circuit, retry) = (orch::circuit_closed(), orch::retry_first_try());
    assert!(size_of_val(&circuit.run(1)) <= bare + 88, "{} bytes", size_of_val(&circuit.run(1)));
    // The timer of a retry lies where its body lay.
    let timer = size_of::<tokio::time::Sleep>();
    assert!(size_of_val(&retry.run(1)) <= bare.max(timer) + 88, "{} bytes", size_of_val(&retry.run(1)));
}

#[async_orch::task]
async fn step(x: u64) -> Result<u64, tasks::Failed> {
    tasks::step(x).await
}

#[test]
fn the_type_of_ten_steps_can_be_read() {
    let pipeline = pipeline! { |_: u64| seq < step step step step step step step step step step > };
    let name = std::any::type_name_of_val(&pipeline);
    assert!(name.len() < 2_000, "{} characters: {name}", name.len());
    // A task that others can name says in its arguments what it gives, which may be private where they are.
    let pipeline = pipeline! {
        |_: u64|
        seq <
            tasks::step tasks::step tasks::step tasks::step tasks::step
            tasks::step tasks::step tasks::step tasks::step tasks::step
        >
    };
    let name = std::any::type_name_of_val(&pipeline);
    assert!(name.len() < 3_100, "{} characters: {name}", name.len());
}
