//! Virtual time, and what there is besides a run.

use std::sync::Mutex;
use std::time::Duration;

use async_orch::{Breaker, BreakerState, ErrorKind, pipeline, task};
use orch_test::{Simulation, Stopped};
use tokio::time::{Instant, sleep};

const SECOND: Duration = Duration::from_secs(1);

#[task]
async fn sleeps(seconds: u64) -> u64 {
    sleep(SECOND * seconds as u32).await;
    seconds
}

#[task]
async fn down() -> Result<u32, &'static str> {
    Err("down")
}

#[test]
fn the_waits_of_blocks_and_those_of_tasks_are_on_one_clock() {
    let sim = Simulation::seed(2);
    let p =
        pipeline! { par < sleeps(3) seq < sleeps(1) sleeps(1) > settle < timeout(10s) < sleeps(11) > > > };
    let (three, one, cut) = sim.run(&p, ()).unwrap();
    assert_eq!((three, one, cut.is_err()), (3, 1, true));
    assert_eq!(sim.elapsed(), SECOND * 10);
}

/// Now the one clock is waited for and then the other, and in the end neither is.
#[test]
fn a_wait_of_a_block_and_one_of_a_task_follow_each_other() {
    let sim = Simulation::new();
    sim.at("sleeps").delay(SECOND * 5);
    sim.at("last").hang();
    let p = pipeline! {
        seq < sleeps(1) sleeps(2) settle < timeout(3s) < sleeps(4) > > |_| { 1 } sleeps as "last" >
    };
    assert!(
        matches!(sim.try_run(&p, ()), Err(Stopped::Stalled { waiting, .. }) if waiting == ["seq/last hangs"])
    );
    let trace = sim.trace();
    assert!(trace.iter().any(|line| line.trim() == "16s  seq/last hangs"), "{trace:#?}");
}

#[test]
fn backoff_takes_no_time_and_is_exact() {
    let before = std::time::Instant::now();
    let sim = Simulation::new();
    let p = pipeline! { retry(max_attempts = 5, backoff = exponential(1h), jitter = none) < down() > };
    assert_eq!(sim.run(&p, ()).unwrap_err().attempts(), 5);
    assert_eq!(sim.elapsed(), SECOND * 3_600 * 15);
    assert!(before.elapsed() < SECOND * 30);
}

#[test]
fn jitter_is_by_the_seed() {
    let p = pipeline! { retry(max_attempts = 3, backoff = constant(1h), jitter = full) < down() > };
    let took = |seed: u64| {
        let sim = Simulation::seed(seed);
        sim.run(&p, ()).unwrap_err();
        sim.elapsed()
    };
    assert_eq!(took(1), took(1));
    assert_ne!(took(1), took(2));
}

#[test]
fn a_breaker_follows_the_clock_from_run_to_run() {
    let breaker = Breaker::builder().fail_max(1).reset_timeout(SECOND * 60).build();
    let p = pipeline! { circuit(breaker = &breaker) < down() > };
    let sim = Simulation::new();
    sim.at("down").nth(2).answer(5_u32);
    assert!(!sim.run(&p, ()).unwrap_err().kind().is_rejection());
    sim.advance(SECOND * 20);
    match sim.run(&p, ()).unwrap_err().kind() {
        ErrorKind::CircuitOpen { retry_after, .. } => assert_eq!(*retry_after, SECOND * 40),
        other => panic!("{other:?}"),
    }
    sim.advance(SECOND * 40);
    assert_eq!(sim.run(&p, ()).unwrap(), 5);
    assert_eq!(breaker.state(), BreakerState::Closed);
    assert_eq!(sim.elapsed(), SECOND * 60);
}

#[test]
fn latency_is_in_its_range_and_makes_either_end_of_a_timeout() {
    let calls = Mutex::new(0);
    #[task]
    async fn call(calls: &Mutex<u32>) {
        *calls.lock().unwrap() += 1;
    }
    let p = pipeline! { settle < timeout(1s) < call(&calls) > > };
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..100 {
        let sim = Simulation::seed(seed);
        sim.latency(SECOND / 2..=SECOND * 2);
        let in_time = sim.run(&p, ()).unwrap().is_ok();
        let elapsed = sim.elapsed();
        assert!((SECOND / 2..=SECOND + SECOND / 500).contains(&elapsed), "{elapsed:?}");
        seen.insert((in_time, std::mem::take(&mut *calls.lock().unwrap())));
    }
    // Answered; too late, and never done; too late, but done.
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), [(false, 0), (false, 1), (true, 1)]);
    let sim = Simulation::new();
    sim.latency(SECOND / 2..=SECOND * 2);
    sim.run(&p, ()).unwrap().unwrap();
    assert_eq!(sim.elapsed(), SECOND / 2, "the least, if nothing is left to chance");
}

#[test]
fn tasks_that_leave_their_run_are_done_in_it() {
    #[task(spawn)]
    async fn spawned(n: u32) -> u32 {
        sleep(SECOND).await;
        n + 1
    }
    #[task(blocking)]
    fn blocks(n: u32) -> u32 {
        n * 2
    }
    let sim = Simulation::seed(3);
    assert_eq!(sim.run(&pipeline! { |_: u32| seq < spawned blocks > }, 1).unwrap(), 4);
    assert_eq!(sim.elapsed(), SECOND);
}

#[test]
fn every_block_that_waits_comes_to_its_end() {
    #[task]
    async fn n(n: u64) -> u64 {
        n
    }
    let p = pipeline! {
        |_: Vec<u64>|
        each <
            bulkhead(max = 2, queue = 9) < throttle(rate = 10, burst = 1) < hedge(5ms, max_attempts = 2) <
                circuit(fail_max = 3, wait) < retry(max_attempts = 3) < n > >
            > > >
        >
    };
    for seed in 0..50 {
        let sim = Simulation::seed(seed);
        sim.latency(Duration::ZERO..=SECOND / 100);
        assert_eq!(sim.run(&p, (0..6).collect()).unwrap(), [0, 1, 2, 3, 4, 5]);
    }
}

/// Tokio has a task give way after so much that was ready. In a simulation that is no turn.
#[test]
fn a_task_that_is_always_ready_needs_one_turn() {
    #[task]
    async fn counts(up_to: u32) -> u32 {
        let (tx, mut rx) = tokio::sync::mpsc::unbounded_channel();
        (0..up_to).for_each(|n| tx.send(n).unwrap());
        drop(tx);
        let mut sum = 0;
        while rx.recv().await.is_some() {
            sum += 1;
        }
        sum
    }
    #[task]
    async fn looks(sim: &Simulation) -> usize {
        sim.trace().len()
    }
    let sim = Simulation::new();
    let p = pipeline! { par < counts(1_000) looks(&sim) > };
    assert_eq!(sim.run(&p, ()).unwrap(), (1_000, 3), "it starts, it ends, and the other starts");
}

#[test]
fn a_loop_without_an_end_is_told() {
    #[task]
    async fn spins() {
        loop {
            tokio::task::yield_now().await;
        }
    }
    let stopped = Simulation::new().try_run(&pipeline! { timeout(1h) < spins() > }, ()).unwrap_err();
    assert!(matches!(&stopped, Stopped::Endless { waiting, .. } if waiting.len() == 2), "{stopped}");
    // What goes on is none, however long it is.
    #[task]
    async fn counts_down(n: u32) -> std::ops::ControlFlow<u32, u32> {
        if n > 0 { std::ops::ControlFlow::Continue(n - 1) } else { std::ops::ControlFlow::Break(n) }
    }
    let p = pipeline! { |_: u32| repeat(max_rounds = 100_000) < counts_down > };
    assert_eq!(Simulation::new().run(&p, 60_000).unwrap(), 0);
}

#[tokio::test]
async fn it_runs_inside_of_tokio_with_a_clock_of_its_own() {
    let (sim, before) = (Simulation::seed(5), Instant::now());
    assert_eq!(sim.run(&pipeline! { seq < sleeps(3_600) > }, ()).unwrap(), 3_600);
    assert_eq!(sim.elapsed(), SECOND * 3_600);
    assert!(before.elapsed() < SECOND * 60);
    sim.advance(SECOND);
}

#[tokio::test(flavor = "multi_thread")]
async fn also_on_many_threads() {
    let sim = Simulation::seed(5);
    assert_eq!(sim.run(&pipeline! { seq < sleeps(3_600) > }, ()).unwrap(), 3_600);
}

#[tokio::test(start_paused = true)]
async fn it_is_driven_on_a_clock_that_is_there() {
    let sim = Simulation::seed(5);
    let (tx, rx) = tokio::sync::oneshot::channel::<u64>();
    tokio::spawn(async move {
        sleep(SECOND * 5).await;
        tx.send(7).unwrap();
    });
    let rx = Mutex::new(Some(rx));
    #[task]
    async fn receives(rx: &Mutex<Option<tokio::sync::oneshot::Receiver<u64>>>) -> u64 {
        let rx = rx.lock().unwrap().take().unwrap();
        rx.await.unwrap()
    }
    let p = pipeline! { par < receives(&rx) sleeps(3) > };
    let before = Instant::now();
    assert_eq!(sim.drive(p.on(&sim).run(())).await.unwrap().unwrap(), (7, 3));
    assert_eq!((before.elapsed(), sim.elapsed()), (SECOND * 5, SECOND * 5));
    tokio::time::advance(SECOND).await;
    assert_eq!(sim.elapsed(), SECOND * 6);
    let advanced = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| sim.advance(SECOND)));
    let said = *advanced.unwrap_err().downcast::<&str>().unwrap();
    assert!(said.contains("`tokio::time::advance` advances it"), "{said}");
}

#[tokio::test]
#[should_panic(expected = "a simulation needs a clock that stands still")]
async fn a_clock_that_goes_on_is_refused() {
    let sim = Simulation::new();
    let p = pipeline! { seq < sleeps(1) > };
    let _ = sim.drive(p.on(&sim).run(())).await;
}
