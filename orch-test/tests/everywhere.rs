//! Under each of the usual harnesses: a plain `#[test]`, `#[tokio::test]` in its flavours, and a property test.

use async_orch::{pipeline, task};
use orch_test::{Simulation, simulate};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::sync::Mutex;

#[task]
async fn double(n: u64) -> Result<u64, &'static str> {
    tokio::task::yield_now().await;
    Ok(n * 2)
}

/// All that there is to a simulation, once: an order, a fault, a wait.
fn holds() {
    let traces = Mutex::new(BTreeSet::new());
    simulate(20, |sim| {
        sim.at("double").item(1).attempt(1).fail("busy");
        let p =
            pipeline! { |_: Vec<u64>| each < retry(max_attempts = 2, backoff = constant(1h)) < double > > };
        assert_eq!(sim.run(&p, vec![1, 2, 3]).unwrap(), [2, 4, 6]);
        assert!(sim.elapsed().as_secs() > 0);
        traces.lock().unwrap().insert(sim.trace());
    });
    assert!(traces.into_inner().unwrap().len() > 5);
}

#[test]
fn in_a_plain_test() {
    holds();
}

#[tokio::test]
async fn in_one_of_tokio() {
    holds();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_one_of_tokio_on_threads() {
    holds();
}

#[tokio::test(start_paused = true)]
async fn in_one_of_tokio_with_a_paused_clock() {
    let before = tokio::time::Instant::now();
    holds();
    assert_eq!(before.elapsed().as_nanos(), 0, "that clock is another");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_each_gives_its_outputs_in_order(items in prop::collection::vec(0_u64..100, 0..8), limit in 1_usize..4, seed: u64, broken in 0_u64..8) {
        let sim = Simulation::seed(seed);
        sim.at("double").item(broken).attempt(1).fail("busy");
        let p = pipeline! { |_: Vec<u64>| each(limit = limit) < retry(max_attempts = 2) < double > > };
        let expected: Vec<u64> = items.iter().map(|n| n * 2).collect();
        prop_assert_eq!(sim.run(&p, items).unwrap(), expected);
    }

    #[test]
    fn and_so_does_it_by_several_seeds_each(items in prop::collection::vec(0_u64..100, 0..4)) {
        simulate(5, |sim| {
            sim.at("double").rate(0.3).fail("busy");
            let p = pipeline! { |_: Vec<u64>| each < retry(max_attempts = unlimited) < double > > };
            let expected: Vec<u64> = items.iter().map(|n| n * 2).collect();
            assert_eq!(sim.run(&p, items.clone()).unwrap(), expected);
        });
    }
}

/// What `simulate` says of a seed is what proptest says of a case.
#[test]
fn a_failing_case_has_the_report() {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    let failed = proptest::test_runner::TestRunner::new(config).run(&(0_u64..50), |n| {
        simulate(5, |sim| {
            let p = pipeline! { |_: u64| seq < double > };
            assert!(sim.run(&p, n).unwrap() < 40, "too much");
        });
        Ok(())
    });
    let said = failed.unwrap_err().to_string();
    assert!(said.contains("too much") && said.contains("ORCH_SEED=0:none"), "{said}");
    assert!(said.contains("minimal failing input: 20"), "{said}");
}
