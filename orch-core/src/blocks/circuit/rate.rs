//! The share of failures that opens a circuit.

use std::time::Duration;

use super::window::Tally;
use crate::blocks::values::Invalid;

/// The options `failure_rate`, `window` and `min_calls`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rate {
    /// Above zero, and one at most.
    pub(crate) failure_rate: f64,
    pub(crate) window: Window,
    /// From so many runs in the window on it is judged.
    pub(crate) min_calls: u32,
}

impl Rate {
    /// What is not said of `min_calls`: resilience4j's is 100, and a service that is called less often would not be judged.
    const MIN_CALLS: u32 = 20;

    /// What the options come to.
    pub(super) fn of(
        failure_rate: Option<f64>,
        window: Option<Window>,
        min_calls: Option<u32>,
    ) -> Result<Option<Self>, Invalid> {
        if let Some(rate) = failure_rate {
            Invalid::unless(rate > 0.0 && rate <= 1.0, "failure_rate", "must be above 0 and at most 1")?;
            Invalid::unless(window.is_some(), "failure_rate", "needs a `window` beside it")?;
        }
        match window {
            Some(Window::Calls(calls)) => Invalid::unless_at_least_one(calls as usize, "window")?,
            Some(Window::Time(time)) => Invalid::unless_longer_than_zero(time, "window")?,
            None => {}
        }
        if let Some(calls) = min_calls {
            Invalid::unless_at_least_one(calls as usize, "min_calls")?;
            Invalid::unless(failure_rate.is_some(), "min_calls", "needs a `failure_rate` beside it")?;
        }
        let Some(window) = window else { return Ok(None) };
        let Some(failure_rate) = failure_rate else {
            return Err(Invalid::of("window", "needs a `failure_rate` beside it"));
        };
        let most = match window {
            Window::Calls(calls) => calls,
            Window::Time(_) => u32::MAX,
        };
        let min_calls = min_calls.unwrap_or(Self::MIN_CALLS.min(most));
        Invalid::unless(min_calls <= most, "min_calls", "must be at most the `window`")?;
        Ok(Some(Self { failure_rate, window, min_calls }))
    }

    /// Whether a window that holds this opens the circuit.
    pub(super) fn is_reached(&self, tally: Tally) -> bool {
        tally.runs >= u64::from(self.min_calls) && tally.rate().is_some_and(|rate| rate >= self.failure_rate)
    }
}

/// Which runs of a closed circuit count: the latest so many, or those of the latest time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// So many.
    Calls(u32),
    /// So long.
    Time(Duration),
}

/// What can be given as `window`: a `u32`, a number of runs, or a [`Duration`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the `window` of a circuit",
    label = "expected a number of calls, which is a `u32`, or a `Duration`"
)]
pub trait IntoWindow {
    /// The window.
    fn into_window(self) -> Window;
}

/// As [`IntoWindow`], of which the compiler would list the implementations.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the `window` of a circuit",
    label = "expected a number of calls, which is a `u32`, or a `Duration`"
)]
#[doc(hidden)]
pub trait CanBeAWindow: Sized {
    /// What it is as the option.
    fn given(value: Self) -> Window;
}

#[diagnostic::do_not_recommend]
impl<T: IntoWindow> CanBeAWindow for T {
    #[inline(always)]
    fn given(value: T) -> Window {
        value.into_window()
    }
}

impl IntoWindow for u32 {
    fn into_window(self) -> Window {
        Window::Calls(self)
    }
}

impl IntoWindow for Duration {
    fn into_window(self) -> Window {
        Window::Time(self)
    }
}
