//! Runs that are dropped at every possible point.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use async_orch::{BoxError, Breaker, BreakerState, Run, TaskState, pipeline, task};
use tokio::sync::Semaphore;
use tokio::task::yield_now;
use tokio::time::sleep;

use futures::FutureExt;

use common::{Census, Live, Oops, Trace, What, every_execution_ends_once, poll_once, polled};

mod blocks;
#[path = "../common/mod.rs"]
mod common;

/// What a run uses, and has to leave as it was.
#[derive(Clone)]
struct World {
    census: Census,
    permits: Arc<Semaphore>,
    calls: Arc<AtomicU32>,
}

const PERMITS: usize = 3;

impl World {
    fn new() -> Self {
        World { census: Census::default(), permits: Arc::new(Semaphore::new(PERMITS)), calls: Arc::default() }
    }

    #[track_caller]
    fn is_as_it_was(&self, when: &str) {
        assert_eq!(self.census.alive(), 0, "something lives on {when}");
        assert_eq!(self.permits.available_permits(), PERMITS, "permits are missing {when}");
    }
}

/// Holds a permit over several awaits.
#[task]
async fn work(world: World, n: u32) -> u32 {
    let _live = world.census.enter();
    yield_now().await;
    let _permit = world.permits.acquire().await.expect("it stays open");
    sleep(Duration::from_millis(u64::from(n))).await;
    yield_now().await;
    n
}

/// Fails two times out of three.
#[task]
async fn flaky(world: World, n: u32) -> Result<u32, Oops> {
    let _live = world.census.enter();
    yield_now().await;
    if world.calls.fetch_add(1, SeqCst) % 3 < 2 { Err(Oops("again")) } else { Ok(n) }
}

#[task(spawn)]
async fn apart(world: World, n: u32) -> u32 {
    let _live = world.census.enter();
    sleep(Duration::from_millis(2)).await;
    n
}

#[task]
fn sum(all: Vec<u32>) -> u32 {
    all.into_iter().sum()
}

/// Drops a run after `k` polls, for all `k` until it finishes by itself; after each, it has to work as ever.
async fn at_every_point<P>(world: &World, p: P, input: impl Fn() -> P::In, output: P::Out)
where
    P: Run<Out: PartialEq + std::fmt::Debug, Error = BoxError>,
{
    let trace = Trace::default();
    let observed = (&p).with_bus(&trace);
    let mut points = 0;
    for polls in 0.. {
        let given_up = polled(observed.run(input()), polls).await;
        // Permits and values return in the drop itself; of spawned tasks at their next await.
        if p.graph().nodes().iter().all(|node| node.name() != "apart") {
            world.is_as_it_was(&format!("after {polls} polls"));
        }
        yield_now().await;
        yield_now().await;
        world.is_as_it_was(&format!("some time after {polls} polls"));
        let events = trace.take();
        every_execution_ends_once(&events);
        assert!(polls > 0 || events.is_empty(), "nothing happens before the first poll");
        match given_up {
            Some(finished) => {
                assert_eq!(finished.unwrap(), output);
                break;
            }
            None if polls > 0 => {
                let cancelled = [What::Task(TaskState::Cancelled), What::Cancelled];
                assert!(cancelled.contains(&events.last().unwrap().what), "{events:?}");
                points += 1;
            }
            None => {}
        }
        // Unobserved as well, and it is usable.
        assert!(polled(p.run(input()), polls).await.is_none_or(|result| result.is_ok()));
        yield_now().await;
        world.is_as_it_was("after an unobserved run");
        assert_eq!(p.run(input()).await.unwrap(), output, "after {polls} polls");
        world.is_as_it_was("after a whole run");
        world.calls.store(0, SeqCst);
        trace.take();
    }
    assert!(points > 3, "it was dropped at {points} points only");
}

#[tokio::test(start_paused = true)]
async fn running_1_a_sequence() {
    let world = World::new();
    let p = pipeline! {
        let world = world.clone();
        |_: u32|
        seq(collect) <
            work(world.clone(), _)
            let n = work(world.clone(), 2)
            async |()| { yield_now().await; *n }
            circuit < work(world.clone(), _) |m| { m + n } >
        >
    };
    at_every_point(&world, p, || 1, (1, 2, 4)).await;
}

#[tokio::test(start_paused = true)]
async fn running_1_a_par_with_a_limit() {
    let world = World::new();
    let p = pipeline! {
        let world = world.clone();
        par(limit = 2) <
            work(world.clone(), 5)
            work(world.clone(), 1)
            seq < work(world.clone(), 1) work(world.clone(), 2) >
            par(limit = 1) < work(world.clone(), 1) work(world.clone(), 1) >
            work(world.clone(), 3)
        >
    };
    at_every_point(&world, p, || (), (5, 1, 2, (1, 1), 3)).await;
}

#[tokio::test(start_paused = true)]
async fn running_1_a_par_of_many() {
    let world = World::new();
    let p = pipeline! {
        let world = world.clone();
        seq <
            par <
                work(world.clone(), 1) work(world.clone(), 9) work(world.clone(), 2) work(world.clone(), 8)
                work(world.clone(), 3) work(world.clone(), 7) work(world.clone(), 4) work(world.clone(), 6)
                work(world.clone(), 5) work(world.clone(), 1) work(world.clone(), 1) work(world.clone(), 1)
            >
            |(a, b, c, d, e, f, g, h, i, j, k, l)| { vec![a, b, c, d, e, f, g, h, i, j, k, l] }
            sum
        >
    };
    at_every_point(&world, p, || (), 48).await;
}

#[tokio::test(start_paused = true)]
async fn running_1_an_each() {
    for limit in [1, 2, 5, 100] {
        let world = World::new();
        let p = pipeline! {
            let world = world.clone();
            |_: Vec<u32>|
            seq < each(limit = limit) < work(world.clone(), _) circuit < work(world.clone(), _) > > sum >
        };
        at_every_point(&world, p, || (0..12).collect(), 66).await;
    }
}

#[tokio::test(start_paused = true)]
async fn running_1_a_retry_in_its_attempts_and_between_them() {
    let world = World::new();
    let p = pipeline! {
        let world = world.clone();
        |_: u32|
        retry(max_attempts = 3, backoff = constant(10ms), jitter = none) <
            work(world.clone(), _)
            timeout(1s) < flaky(world.clone(), _) >
        >
    };
    at_every_point(&world, p, || 7, 7).await;
}

#[tokio::test(start_paused = true)]
async fn running_1_spawned_tasks() {
    let world = World::new();
    let p = pipeline! {
        let world = world.clone();
        par(limit = 2) <
            apart(world.clone(), 1)
            seq < work(world.clone(), 1) apart(world.clone(), _) >
            apart(world.clone(), 3)
        >
    };
    at_every_point(&world, p, || (), (1, 1, 3)).await;
}

#[tokio::test(start_paused = true)]
async fn running_1_every_block_in_every_other() {
    let world = World::new();
    let inner = pipeline! {
        let world = world.clone();
        |_: u32| catch < circuit(fail_max = 3) < work(world.clone(), _) > >
    };
    let p = pipeline! {
        let world = world.clone();
        |n: u32|
        circuit(fail_max = 9) < seq <
            let (a, b) = par(limit = 1) < work(world.clone(), *n) retry < work(world.clone(), 2) > >
            timeout(1m) <
                |()| { vec![*a, *b, *n] }
                each(limit = 2) <
                    retry(max_attempts = 5, backoff = constant(1ms)) < circuit(fail_max = 100) < catch < seq <
                        par(settle, limit = 2) < flaky(world.clone(), _) { &inner } |_| { 1 } >
                        |(flaky, m, one)| { flaky.map(|f| f + m.unwrap_or(0) + one.unwrap_or(0)) }
                    > > > >
                >
            >
            each(settle) < work(world.clone(), _) >
            |all| { all.into_iter().map(|one| one.unwrap_or(0)).collect::<Vec<_>>() }
            sum
        > >
    };
    at_every_point(&world, p, || 1, 11).await;
}

#[tokio::test(start_paused = true)]
async fn circuit_5_a_probe_dropped_at_every_point_frees_its_slot() {
    let world = World::new();
    let breaker = Breaker::builder().reset_timeout(Duration::from_secs(5)).build();
    let p = pipeline! {
        let world = world.clone();
        |_: u32|
        circuit(breaker = &breaker) <
            par < work(world.clone(), _) seq < work(world.clone(), 2) work(world.clone(), _) > >
        >
    };
    let mut points = 0;
    for polls in 1.. {
        breaker.force_open();
        sleep(Duration::from_secs(5)).await;
        let probe = polled(p.run(1), polls).await;
        world.is_as_it_was("after a probe");
        if probe.is_some() {
            assert_eq!(breaker.state(), BreakerState::Closed);
            break;
        }
        points += 1;
        assert_eq!(breaker.state(), BreakerState::HalfOpen);
        assert!(poll_once(std::pin::pin!(p.run(1))).is_pending(), "the slot is free");
        assert_eq!(p.run(1).await.unwrap(), (1, 2));
        assert_eq!(breaker.state(), BreakerState::Closed);
    }
    assert!(points > 3, "it was dropped at {points} points only");
}

/// How a sequence ends, if not by its end.
#[derive(Clone, Copy, Debug)]
enum Ends {
    Never,
    Fails(u32),
    Panics(u32),
}

#[task]
async fn hand_on(calls: Arc<AtomicU32>, ends: Ends, live: Live) -> Result<Live, Oops> {
    let call = calls.fetch_add(1, SeqCst);
    yield_now().await;
    match ends {
        Ends::Fails(at) if at == call => Err(Oops("this one")),
        Ends::Panics(at) if at == call => panic!("this one"),
        _ => Ok(live),
    }
}

/// Values on their way from step to step, named and collected ones, in a sequence of more than one part.
#[tokio::test]
async fn what_a_sequence_holds_is_dropped_once_however_it_ends() {
    const CALLS: u32 = 19;
    let ends = (0..CALLS).flat_map(|at| [Ends::Fails(at), Ends::Panics(at)]).chain([Ends::Never]);
    for ends in ends {
        for polls in 0..=CALLS as usize + 2 {
            let (census, calls) = (Census::default(), Arc::new(AtomicU32::new(0)));
            let p = pipeline! {
                |_: Live|
                seq <
                    hand_on(calls.clone(), ends, _)
                    hand_on(calls.clone(), ends, _)
                    let first = hand_on(calls.clone(), ends, _)
                    |()| { let _named = &first; census.enter() }
                    hand_on(calls.clone(), ends, _)
                    hand_on(calls.clone(), ends, _)
                    hand_on(calls.clone(), ends, _)
                    hand_on(calls.clone(), ends, _)
                    hand_on(calls.clone(), ends, _)
                    hand_on(calls.clone(), ends, _)
                    hand_on(calls.clone(), ends, _)
                    hand_on(calls.clone(), ends, _)
                    hand_on(calls.clone(), ends, _)
                    hand_on(calls.clone(), ends, _)
                    hand_on(calls.clone(), ends, _)
                    let second = hand_on(calls.clone(), ends, _)
                    seq(collect) <
                        |()| { let _named = &second; census.enter() }
                        hand_on(calls.clone(), ends, census.enter())
                        hand_on(calls.clone(), ends, census.enter())
                    >
                    |(one, other, third)| { drop((one, other)); third }
                    hand_on(calls.clone(), ends, _)
                    hand_on(calls.clone(), ends, _)
                >
            };
            let run = AssertUnwindSafe(polled(p.run(census.enter()), polls)).catch_unwind();
            drop(run.await);
            assert_eq!(census.alive(), 0, "{ends:?}, dropped after {polls} polls");
        }
    }
}
