//! What a step does to the load of a run, as plain data.

use std::time::Duration;

use super::Bound;

/// What a step does to the load of a run: what [`Graph::bounds`](super::Graph::bounds) reads of it, and all that it reads.
///
/// It is filled in in two ways. A pipeline that was built says what its blocks were given, so that a variable counts as the
/// value that it had: `Block::load`. Who has nothing but text, as a tool does that reads a source, asks
/// `blocks::written::load` for what the literals say, and hands that to `Describe::block`; what is no literal is unbounded
/// there. A leaf is a [`Load::Leaf`], of no time if it is an inline step without `async`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Load {
    /// A task or an inline step.
    Leaf {
        /// How long it takes.
        time: Bound<Duration>,
    },
    /// The steps inside run one after another, or one instead of the one before.
    Row,
    /// As a row, of a block that goes on after a failure: a saga inside is over when it succeeds.
    Apart,
    /// As a row, and then what undoes them.
    Saga,
    /// One of the steps inside runs, or none.
    One,
    /// The steps inside run beside each other.
    Peers {
        /// How many at once, at most.
        limit: Bound<usize>,
        /// How many the block lets run at once in any case. Fewer take longer.
        lets: usize,
    },
    /// The body runs for each item, and it is not known how many there are.
    Items {
        /// How many at once.
        limit: Bound<usize>,
        /// Whether the items are waited for.
        waits: bool,
    },
    /// The body runs again after it has failed.
    Attempts {
        /// How often, the first time included.
        attempts: Bound<u32>,
        /// All waits between them together.
        waits: Bound<Duration>,
        /// How long after the start the last of them may begin.
        within: Bound<Duration>,
    },
    /// The body runs again with what it gave.
    Rounds {
        /// How often.
        rounds: Bound<u32>,
        /// All waits between them together.
        waits: Bound<Duration>,
    },
    /// The body runs again beside itself.
    Beside {
        /// How often, the first time included.
        attempts: Bound<u32>,
        /// How long after the start of one the next starts.
        delay: Bound<Duration>,
    },
    /// The body is dropped when its time is over.
    Within {
        /// The time.
        time: Bound<Duration>,
    },
    /// A run may have to wait before the body, of which not all may be in it at once.
    Gate {
        /// How many may.
        places: Bound<usize>,
        /// How long one waits.
        wait: Bound<Duration>,
    },
    /// Code of the user's runs the body, one run after another, and takes as long as it likes.
    Policy {
        /// How often.
        runs: Bound<u32>,
    },
    /// Nothing is known.
    Unknown,
}

impl Load {
    /// What takes as long as it takes: a task, an `async` inline step.
    pub const WAITS: Load = Load::Leaf { time: Bound::NONE };

    /// What is over at once, since it cannot wait.
    pub const AT_ONCE: Load = Load::Leaf { time: Bound::of(Duration::ZERO) };

    /// The steps inside beside each other, with this limit or without one.
    #[must_use]
    pub fn peers(limit: Bound<usize>) -> Load {
        Load::Peers { limit, lets: limit.unwrap_or(usize::MAX) }
    }
}
