//! Ten thousand cases of a block and of its model.

use std::cell::Cell;
use std::fmt::Debug;

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRunner};

/// A runtime whose clock only waits move.
pub(crate) fn paused() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}

/// Ten thousand cases. Without optimisation the generator that proptest uses otherwise takes longer than all the rest.
pub(crate) fn config() -> ProptestConfig {
    let rng_algorithm = RngAlgorithm::XorShift;
    ProptestConfig { failure_persistence: None, rng_algorithm, ..ProptestConfig::with_cases(10_000) }
}

/// In every case the model says what is seen; and there are cases in which it does not, with each of the flaws.
#[track_caller]
pub(crate) fn compare<C: Debug, S: Debug + PartialEq, F: Copy + Debug>(
    cases: impl Strategy<Value = C>,
    flaws: &[F],
    seen: impl AsyncFn(&C) -> S,
    model: impl Fn(&C, Option<F>) -> S,
) {
    let runtime = paused();
    let found_out: Vec<Cell<u32>> = flaws.iter().map(|_| Cell::new(0)).collect();
    let compared = TestRunner::new(config()).run(&cases, |case| {
        let seen = runtime.block_on(seen(&case));
        prop_assert_eq!(&seen, &model(&case, None), "the block, and what the model says");
        for (flaw, found_out) in flaws.iter().zip(&found_out) {
            found_out.set(found_out.get() + u32::from(model(&case, Some(*flaw)) != seen));
        }
        Ok(())
    });
    if let Err(difference) = compared {
        panic!("{difference}");
    }
    for (flaw, found_out) in flaws.iter().zip(found_out) {
        assert!(found_out.get() >= 10, "hardly a case finds out a model that {flaw:?}");
    }
}
