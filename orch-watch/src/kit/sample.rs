//! Some of the runs.

use std::sync::Arc;

use orch_core::__private_0_1_0::Ambient;
use orch_core::bus::Bus;
use orch_core::{Event, RunId};

/// See [`sample`].
#[derive(Clone, Copy, Debug)]
pub struct Sample<B> {
    /// Runs whose bits are below it are handed on.
    below: u64,
    bus: B,
}

/// Hands on all the events of a share of the runs, and none of the others. Which runs these are follows from their numbers.
///
/// # Panics
///
/// If `share` is not between 0 and 1.
///
/// ```
/// use async_orch::bus::{Recorder, sample};
/// use async_orch::pipeline;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), async_orch::Error> {
/// let recorder = Recorder::new();
/// let p = pipeline! { |_: u32| |n| { n } }.with_bus(sample(0.1, &recorder));
/// for n in 0..1_000 {
///     p.run(n).await?;
/// }
/// let watched = recorder.events().len() / 2;
/// assert!((50..200).contains(&watched), "{watched}");
/// recorder.assert_balanced();
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn sample<B: Bus>(share: f64, bus: B) -> Sample<B> {
    assert!((0.0..=1.0).contains(&share), "a share is between 0 and 1, and not {share}");
    // The float nearest to the largest number is above it, and saturates.
    Sample { below: (share * u64::MAX as f64) as u64, bus }
}

#[diagnostic::do_not_recommend]
impl<B: Bus> Bus for Sample<B> {
    const ENABLED: bool = B::ENABLED;

    fn emit(&self, event: &Event<'_>) {
        if self.below == u64::MAX || mixed(event.run.number()) < self.below {
            self.bus.emit(event);
        }
    }

    fn needs_time(&self) -> bool {
        self.bus.needs_time()
    }

    #[doc(hidden)]
    fn has_ambients(&self) -> bool {
        self.bus.has_ambients()
    }

    #[doc(hidden)]
    fn ambient(&self, run: RunId, execution: u64) -> Option<Arc<dyn Ambient>> {
        self.bus.ambient(run, execution)
    }
}

/// SplitMix64: runs that follow each other have nothing in common.
fn mixed(number: u64) -> u64 {
    let bits = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ bits >> 31
}
