//! In a property test.

use async_orch::{pipeline, task};
use orch_test::Simulation;
use proptest::prelude::*;

#[task]
async fn double(n: u64) -> Result<u64, &'static str> {
    tokio::task::yield_now().await;
    Ok(n * 2)
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
}
