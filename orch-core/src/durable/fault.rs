//! Why a durable run stops before its end.

use std::fmt;
use std::sync::Arc;

use crate::error::BoxError;
use crate::node::Place;

/// Why a durable run stops where it is. It is kept as it was, and can be gone through once more when the cause is gone.
///
/// This is no error of the run's, which a task gives: that is a result as any other.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Fault {
    /// What a step gives cannot be written down: a task that is not `#[task(durable)]`, an `async` inline step without `#[durable]`, or
    /// an `each(stream)`.
    #[non_exhaustive]
    NotDurable {
        /// The paths of all such steps, and where they are written.
        steps: Vec<(String, Place)>,
    },
    /// The run asks for something else than it had before: the pipeline has changed, or is not deterministic.
    #[non_exhaustive]
    Changed {
        /// What it had asked for.
        was: String,
        /// What it asks for.
        is: String,
    },
    /// The run went on without having been given anything: a step awaits what is no part of the run.
    #[non_exhaustive]
    Foreign {
        /// What it then did.
        then: String,
    },
    /// The run waits for something that is no part of it.
    Stalled,
    /// A value could not be written down or read.
    #[non_exhaustive]
    Coding {
        /// The step that gave it.
        step: String,
        /// Why not.
        error: Arc<BoxError>,
    },
    /// The engine could not do its part.
    Engine(Arc<BoxError>),
}

impl Fault {
    /// Of an engine.
    pub fn engine(error: impl Into<BoxError>) -> Self {
        Fault::Engine(Arc::new(error.into()))
    }

    /// That the run asks for `is` where it had asked for `was`.
    pub fn changed(was: impl fmt::Display, is: impl fmt::Display) -> Self {
        Fault::Changed { was: was.to_string(), is: is.to_string() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::NotDurable { steps } => {
                let several = steps.len() > 1;
                for (at, (step, place)) in steps.iter().enumerate() {
                    let before = if at > 0 {
                        ", "
                    } else if several {
                        "steps "
                    } else {
                        "step "
                    };
                    write!(f, "{before}`{step}` ({place})")?;
                }
                f.write_str(if several { " are" } else { " is" })?;
                f.write_str(" not durable: write `#[task(durable)]` on a task's function, `#[durable]` before an `async` step")
            }
            Fault::Changed { was, is } => write!(
                f,
                "the pipeline is not the one that this run was begun with: it asks to {is}, where it had asked to {was}"
            ),
            Fault::Foreign { then } => write!(
                f,
                "the run went on by itself, to {then}: a step awaits something that is neither a task nor a wait of the run"
            ),
            Fault::Stalled => {
                f.write_str("the run waits for something that is neither a task nor a wait of its own")
            }
            Fault::Coding { step, error } => write!(f, "what step `{step}` gives cannot be kept: {error}"),
            Fault::Engine(error) => write!(f, "the run cannot be kept: {error}"),
        }
    }
}

impl std::error::Error for Fault {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Fault::Coding { error, .. } | Fault::Engine(error) => Some(&***error),
            _ => None,
        }
    }
}
