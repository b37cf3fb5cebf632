//! What a run asks of an engine, and what it is given.

use std::fmt;
use std::task::{Context, Poll};
use std::time::Duration;

use super::Fault;

/// The number of a command in its run: by order of issue, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(pub u64);

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a run asks for.
///
/// A run that is gone through once more asks for the same, in the same order: that is what an [`Engine`] compares.
///
/// What it displays as is made to be written down and compared: `run seq/charge[3]#2 of 00f067aa0ba902b7`, `wait 2s`, `ask seq/circuit`,
/// `give up 7`. It stays the same from version to version of this crate, as a changed word would be a changed pipeline to every run that
/// is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command {
    /// To run one attempt at a task.
    #[non_exhaustive]
    Run {
        /// Its number.
        id: Id,
        /// Which step, for which item, in which attempt: a [`Position`](crate::Position) as text.
        step: String,
        /// A number that is the same for the same arguments, where those can be written down.
        fingerprint: Option<u64>,
    },
    /// To wait.
    #[non_exhaustive]
    Sleep {
        /// Its number.
        id: Id,
        /// For how long: whole milliseconds.
        duration: Duration,
    },
    /// To ask a gatekeeper, such as a circuit.
    #[non_exhaustive]
    Admit {
        /// Its number.
        id: Id,
        /// The block, as of a task.
        step: String,
    },
    /// That the answer to an earlier command is not waited for any more.
    #[non_exhaustive]
    Cancel {
        /// The number of that command. It has none of its own.
        id: Id,
    },
}

impl Command {
    /// The number of the command that it is, or is about.
    #[must_use]
    pub fn id(&self) -> Id {
        match *self {
            Command::Run { id, .. }
            | Command::Sleep { id, .. }
            | Command::Admit { id, .. }
            | Command::Cancel { id } => id,
        }
    }

    /// The step it is about, if it is about one.
    #[must_use]
    pub fn step(&self) -> Option<&str> {
        match self {
            Command::Run { step, .. } | Command::Admit { step, .. } => Some(step),
            Command::Sleep { .. } | Command::Cancel { .. } => None,
        }
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Command::Run { step, fingerprint: None, .. } => write!(f, "run {step}"),
            Command::Run { step, fingerprint: Some(fingerprint), .. } => {
                write!(f, "run {step} of {fingerprint:016x}")
            }
            Command::Sleep { duration, .. } => write!(f, "wait {duration:?}"),
            Command::Admit { step, .. } => write!(f, "ask {step}"),
            Command::Cancel { id } => write!(f, "give up {id}"),
        }
    }
}

/// What an engine gives to a run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Delivery {
    /// The order to do what [`Command::Run`] or [`Command::Admit`] asked for, in place. Its result comes back by
    /// [`Engine::finished`].
    Run(Id),
    /// What came of a command.
    Done {
        /// The command.
        id: Id,
        /// As [`Engine::finished`] was given it, or nothing for a wait.
        bytes: Vec<u8>,
        /// When, since the run's start.
        at: Duration,
    },
}

/// What carries one durable run: it writes down what the run asks for and what comes of that, and gives it back in the order in
/// which it was.
///
/// [`drive`](super::drive) goes between it and the run. All that the engine owes the run is:
///
/// - What a command gives is delivered once, unless that is given up before.
/// - What was delivered, and whatever was delivered before it, is written down for good before anything else is ordered to be done in
///   place ([`Delivery::Run`]), and before anybody is told that the run has ended. Until then it may be lost with the process.
/// - A run that is gone through once more is given the same deliveries in the same order, as long as there are any.
/// - Commands that it asks for meanwhile are those that were written down. One that differs is [`Fault::Changed`].
pub trait Engine: Send {
    /// The run asks for something.
    ///
    /// # Errors
    ///
    /// If it had asked for something else before, or cannot have it. The run then stops where it is.
    fn command(&mut self, command: Command) -> Result<(), Fault>;

    /// What came of a task or a question that was ordered to be done in place.
    ///
    /// # Errors
    ///
    /// If it cannot be written down.
    fn finished(&mut self, id: Id, bytes: Vec<u8>) -> Result<(), Fault>;

    /// The next delivery; `None` if nothing is outstanding, so that there will be none.
    ///
    /// # Errors
    ///
    /// If there can be none. The run then stops where it is.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Delivery>, Fault>>;

    /// Whether all that was written down has been delivered: what happens from here on happens for the first time.
    fn is_live(&self) -> bool;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Journals hold it, and later versions read them.
    #[test]
    fn a_command_is_written_the_same_for_ever() {
        let (id, step) = (Id(7), "each/retry/pay~2[3]#2".to_owned());
        for (command, text) in [
            (Command::Run { id, step: step.clone(), fingerprint: None }, "run each/retry/pay~2[3]#2"),
            (
                Command::Run { id, step: step.clone(), fingerprint: Some(0x00f0_67aa_0ba9_02b7) },
                "run each/retry/pay~2[3]#2 of 00f067aa0ba902b7",
            ),
            (Command::Sleep { id, duration: Duration::from_millis(1) }, "wait 1ms"),
            (Command::Sleep { id, duration: Duration::from_millis(61_500) }, "wait 61.5s"),
            (Command::Admit { id, step }, "ask each/retry/pay~2[3]#2"),
            (Command::Cancel { id }, "give up 7"),
        ] {
            assert_eq!(command.to_string(), text);
        }
    }
}
