//! What a circuit is told once: its options.

use std::time::Duration;

use super::rate::Rate;

/// The options of a circuit. Every number is at least one, every time above zero; the builder sees to it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Config {
    /// How many failures in a row open it; [`NO_COUNT`](Self::NO_COUNT) if none do.
    pub(crate) fail_max: u32,
    /// The share of failures that opens it too.
    pub(crate) rate: Option<Rate>,
    /// In a state machine, of the present or the next time that the circuit is open.
    pub(crate) reset_timeout: Duration,
    pub(crate) probes: u32,
    pub(crate) close_after: u32,
    /// Whether runs wait for the probes of a half-open circuit, and not only after some have been [lost](super::probing::Lost).
    pub(crate) wait: bool,
}

impl Config {
    /// No number of failures in a row opens the circuit, as a rate does.
    pub(crate) const NO_COUNT: u32 = u32::MAX;

    /// What is not said, in a block or with a builder: aiobreaker's defaults.
    pub(crate) const DEFAULT: Config = Config {
        fail_max: 5,
        rate: None,
        reset_timeout: Duration::from_secs(60),
        probes: 1,
        close_after: 1,
        wait: false,
    };
}
