//! Blocks that start something again, beside, instead or later: dropped at every point, failing and panicking in every step.

use std::ops::ControlFlow;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use async_orch::{Bulkhead, Limiter, Run, pipeline, task};
use futures::{FutureExt, StreamExt};
use tokio::task::yield_now;
use tokio::time::sleep;

use super::common::{Oops, Trace, every_execution_ends_once, polled};
use super::{World, at_every_point, flaky, sum, work};

#[tokio::test(start_paused = true)]
async fn running_1_a_race() {
    let world = World::new();
    let p = pipeline! {
        let world = world.clone();
        |_: u32|
        race <
            seq < work(world.clone(), 9) work(world.clone(), _) >
            timeout(1ms) < work(world.clone(), 7) >
            work(world.clone(), _)
        >
    };
    at_every_point(&world, p, || 3, 3).await;
}

#[tokio::test(start_paused = true)]
async fn running_1_a_fallback() {
    let world = World::new();
    let p = pipeline! {
        let world = world.clone();
        |_: u32|
        fallback < timeout(1ms) < work(world.clone(), 5) > flaky(world.clone(), _) work(world.clone(), _) >
    };
    at_every_point(&world, p, || 3, 3).await;
}

#[tokio::test(start_paused = true)]
async fn running_1_a_hedge() {
    let world = World::new();
    let p = pipeline! {
        let world = world.clone();
        |_: u32|
        hedge(2ms, max_attempts = 3) < work(world.clone(), _) circuit < work(world.clone(), _) > >
    };
    at_every_point(&world, p, || 5, 5).await;
}

#[tokio::test(start_paused = true)]
async fn running_1_rounds() {
    let world = World::new();
    let p = pipeline! {
        let world = world.clone();
        |_: u32|
        repeat(max_rounds = 5, backoff = constant(1ms)) <
            work(world.clone(), _)
            |n| { if n < 3 { ControlFlow::Continue(n + 1) } else { ControlFlow::Break(n) } }
        >
    };
    at_every_point(&world, p, || 1, 3).await;
}

#[tokio::test(start_paused = true)]
async fn running_1_failures_as_values() {
    let world = World::new();
    let p = pipeline! {
        let world = world.clone();
        |_: Vec<u32>|
        seq <
            each(settle, limit = 2) < work(world.clone(), _) flaky(world.clone(), _) >
            |all| { all.into_iter().map(|one| one.unwrap_or(100)).collect::<Vec<_>>() }
            sum
            settle < work(world.clone(), 1) timeout(1ms) < work(world.clone(), 9) > >
            |result| { u32::from(result.is_err()) }
        >
    };
    at_every_point(&world, p, || vec![1, 2, 3, 1], 1).await;
}

#[tokio::test(start_paused = true)]
async fn running_1_a_condition_and_arms() {
    let world = World::new();
    let p = pipeline! {
        let world = world.clone();
        |_: u32|
        seq <
            work(world.clone(), _)
            when(|n| *n > 1) < work(world.clone(), _) |n| { n + 1 } >
            let n = work(world.clone(), _)
            choose(Some((*n, "text".to_owned()))) <
                Some((0..=2, _)) => work(world.clone(), 1),
                Some((n, text)) if (text.len() > 3) => seq < work(world.clone(), *n) work(world.clone(), _) >,
                _ => work(world.clone(), 9),
            >
        >
    };
    at_every_point(&world, p, || 2, 3).await;
}

/// Two of three wait for the only place.
#[tokio::test(start_paused = true)]
async fn running_1_a_bulkhead_and_a_throttle() {
    let world = World::new();
    let places = Bulkhead::builder(1).queue(9).build();
    let limiter = Limiter::builder(100).burst(2).build();
    let p = pipeline! {
        let world = world.clone();
        let (places, limiter) = (places.clone(), limiter.clone());
        |_: Vec<u32>|
        seq <
            each <
                throttle(limiter = &limiter) <
                    bulkhead(bulkhead = &places) < work(world.clone(), _) |n| { n } >
                >
            >
            sum
        >
    };
    let (in_use, waiting) = (|| places.in_use(), || (places.waiting(), limiter.waiting()));
    assert!(polled(p.run(vec![1, 2, 3]), 3).await.is_none());
    assert_eq!((in_use(), waiting()), (0, (0, 0)), "given back in the drop itself");
    at_every_point(&world, p, || vec![1, 2, 3], 6).await;
    assert_eq!((in_use(), waiting()), (0, (0, 0)));
}

#[tokio::test(start_paused = true)]
async fn running_1_items_of_a_stream() {
    let world = World::new();
    let p = pipeline! {
        let world = world.clone();
        |_: Vec<u32>|
        seq <
            |items| { futures::stream::iter(items).then(async |n| { yield_now().await; n }) }
            each(stream, limit = 2) < work(world.clone(), _) >
            sum
        >
    };
    at_every_point(&world, p, || vec![1, 2, 3], 6).await;
}

#[tokio::test(start_paused = true)]
async fn saga_10_dropped_at_every_point_it_leaves_nothing() {
    let world = World::new();
    let p = pipeline! {
        let world = world.clone();
        |_: u32|
        saga <
            let first = work(world.clone(), _) undo work(world.clone(), *first)
            par <
                work(world.clone(), *first) undo work(world.clone(), _)
                saga < work(world.clone(), 1) work(world.clone(), _) finally work(world.clone(), 2) >
            >
            |(a, b)| { a + b }
        >
    };
    at_every_point(&world, p, || 3, 4).await;
}

/// How a step ends.
#[derive(Clone, Copy, Debug)]
enum Ends {
    Failing,
    Panicking,
}

/// The step of this number ends so, the others well.
#[derive(Clone)]
struct Plan {
    world: World,
    steps: Arc<AtomicU32>,
    at: u32,
    ends: Ends,
}

#[task]
async fn step(plan: Plan, n: u32) -> Result<u32, Oops> {
    let _live = plan.world.census.enter();
    let number = plan.steps.fetch_add(1, SeqCst);
    yield_now().await;
    sleep(Duration::from_millis(u64::from(n))).await;
    match plan.ends {
        Ends::Failing if number == plan.at => Err(Oops("this one")),
        Ends::Panicking if number == plan.at => panic!("this one"),
        _ => Ok(n),
    }
}

/// In every step a failure and a panic, and the run is dropped after `k` polls, for all `k` until it ends by itself.
async fn in_every_step<P: Run>(
    pipeline: impl Fn(Plan) -> P,
    input: impl Fn() -> P::In,
    is_as_it_was: impl Fn() -> bool,
) {
    let (mut runs, mut ended_badly) = (0, 0);
    for at in 0.. {
        let mut reached = false;
        for ends in [Ends::Failing, Ends::Panicking] {
            for polls in 0.. {
                let world = World::new();
                let plan = Plan { world: world.clone(), steps: Arc::default(), at, ends };
                let (steps, trace) = (plan.steps.clone(), Trace::default());
                let observed = pipeline(plan).with_bus(&trace);
                let ended = AssertUnwindSafe(polled(observed.run(input()), polls)).catch_unwind().await;
                let when = format!("{ends:?} in step {at}, dropped after {polls} polls");
                world.is_as_it_was(&when);
                assert!(is_as_it_was(), "{when}");
                every_execution_ends_once(&trace.take());
                runs += 1;
                ended_badly += u32::from(!matches!(ended, Ok(None | Some(Ok(_)))));
                reached |= steps.load(SeqCst) > at;
                if !matches!(ended, Ok(None)) {
                    break;
                }
                assert!(polls < 500, "it ends: {when}");
            }
        }
        if !reached {
            break;
        }
    }
    assert!(runs > 20 && ended_badly >= 2, "{runs} runs, of which {ended_badly} failed or panicked");
}

#[tokio::test(start_paused = true)]
async fn running_1_beside_each_other_with_a_step_that_fails() {
    let pipeline = |plan: Plan| {
        pipeline! {
            let plan = plan;
            |_: u32|
            seq <
                race < seq < step(plan.clone(), 2) step(plan.clone(), _) > step(plan.clone(), 3) >
                hedge(2ms, max_attempts = 3) < step(plan.clone(), _) step(plan.clone(), 1) >
                retry(max_attempts = 2, backoff = constant(1ms)) < step(plan.clone(), _) >
                step(plan.clone(), _)
            >
        }
    };
    in_every_step(pipeline, || 1, || true).await;
}

#[tokio::test(start_paused = true)]
async fn running_1_one_after_another_with_a_step_that_fails() {
    let pipeline = |plan: Plan| {
        pipeline! {
            let plan = plan;
            |_: u32|
            seq <
                repeat(backoff = constant(1ms)) <
                    fallback < step(plan.clone(), _) |n| { n } >
                    step(plan.clone(), _)
                    |n| { if n < 3 { ControlFlow::Continue(n + 1) } else { ControlFlow::Break(n) } }
                >
                when(|n| *n > 1) < step(plan.clone(), _) >
                let n = settle < step(plan.clone(), _) >
                choose(n.is_ok()) <
                    true => step(plan.clone(), 1),
                    false => seq < step(plan.clone(), 2) |n| { n } >
                >
            >
        }
    };
    in_every_step(pipeline, || 1, || true).await;
}

#[tokio::test(start_paused = true)]
async fn running_1_behind_limits_with_a_step_that_fails() {
    let (places, limiter) = (Bulkhead::builder(1).queue(9).build(), Limiter::builder(100).burst(2).build());
    let pipeline = |plan: Plan| {
        let (places, limiter) = (places.clone(), limiter.clone());
        pipeline! {
            let plan = plan;
            let places = places;
            let limiter = limiter;
            |_: Vec<u32>|
            each <
                throttle(limiter = &limiter) <
                    bulkhead(bulkhead = places) < step(plan.clone(), _) step(plan.clone(), _) >
                >
            >
        }
    };
    let is_free = || (places.in_use(), places.waiting(), limiter.waiting()) == (0, 0, 0);
    in_every_step(pipeline, || vec![1, 2, 3], is_free).await;
}

#[tokio::test(start_paused = true)]
async fn saga_10_with_a_step_or_an_undo_that_fails() {
    let pipeline = |plan: Plan| {
        pipeline! {
            let plan = plan;
            saga <
                let first = step(plan.clone(), 1) undo step(plan.clone(), _)
                |()| { vec![*first; 3] }
                each(limit = 2) <
                    saga <
                        step(plan.clone(), _) undo step(plan.clone(), *first)
                        step(plan.clone(), _) finally seq < step(plan.clone(), 1) step(plan.clone(), _) >
                    >
                >
                |_| { 1 }
                step(plan.clone(), _) undo step(plan.clone(), 2)
                step(plan.clone(), *first)
            >
        }
    };
    in_every_step(pipeline, || (), || true).await;
}

/// What is left behind is seen, wherever the run was dropped.
#[tokio::test(start_paused = true)]
#[should_panic(expected = "something lives on Failing in step 0, dropped after 1 polls")]
async fn a_step_that_leaks_is_found() {
    let pipeline = |plan: Plan| {
        pipeline! {
            let plan = plan;
            |n: u32|
            seq < |()| { std::mem::forget(plan.world.census.enter()); } step(plan.clone(), *n) >
        }
    };
    in_every_step(pipeline, || 1, || true).await;
}
