//! What is said to the state machine of a circuit, and what it answers.

use std::time::Duration;

use super::permit::Permit;
use super::status::CircuitState;
use crate::error::LastFailure;
use crate::runtime::Report;

/// The answer to a run that arrives, or that waits and looks again.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// The runtime turned the run away, and the circuit was not asked.
    Rejected,
    /// Run the body and report how it ended.
    Admitted(Permit),
    /// Run the body as a part of the probe around it, and report nothing.
    Joined,
    /// The circuit is open.
    Open(Rejection),
    /// The circuit is open, and no time lifts that.
    Isolated,
    /// The circuit is half-open and every probe's slot is taken.
    HalfOpen,
    /// The same, but wait for a change; if there is none for so long, look again.
    Waits(Duration),
}

/// What is said of an open circuit to a run that is turned away.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rejection {
    /// The time until a probe is admitted.
    pub(crate) retry_after: Duration,
    /// Nothing when the circuit was opened by its handle.
    pub(crate) last_failure: Option<LastFailure>,
}

/// How an admitted run ended, its failure described by `F: FnOnce() -> String` if someone wants to know.
#[derive(Debug)]
pub(crate) enum Outcome<F> {
    Success,
    /// An error that is none of the circuit's business; counts as a success.
    Ignored,
    Failure(F),
    /// The run was dropped before it ended; counts as nothing.
    Cancelled,
}

impl<F> Outcome<F> {
    pub(crate) fn report(&self) -> Report {
        match self {
            Outcome::Success => Report::Succeeded,
            Outcome::Ignored => Report::Ignored,
            Outcome::Failure(_) => Report::Failed,
            Outcome::Cancelled => Report::Cancelled,
        }
    }
}

/// A change of state to tell the bus about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Transition {
    pub(crate) old_state: CircuitState,
    pub(crate) new_state: CircuitState,
    /// The count as [the state](super::state::State::failures) has it after the change.
    pub(crate) failures: u32,
    /// A run opened the circuit by how it ended, as opposed to its handle.
    pub(crate) tripped: bool,
    /// It was by the share of failures, and not by their count.
    pub(crate) by_rate: bool,
}

/// The changes an arriving run sees, in order: one made by the handle before, and the one it causes itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Transitions {
    pub(crate) by_handle: Option<Transition>,
    pub(crate) by_run: Option<Transition>,
}

impl IntoIterator for Transitions {
    type Item = Transition;
    type IntoIter = std::iter::Flatten<std::array::IntoIter<Option<Transition>, 2>>;

    fn into_iter(self) -> Self::IntoIter {
        [self.by_handle, self.by_run].into_iter().flatten()
    }
}

/// What the first look at a run that ended says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// Nothing more to do.
    Settled(Option<Transition>),
    /// The time is needed, and of a failure the text: it may open the circuit.
    /// [`succeed_at`](super::state::State::succeed_at) or [`fail_at`](super::state::State::fail_at).
    Decides,
}
