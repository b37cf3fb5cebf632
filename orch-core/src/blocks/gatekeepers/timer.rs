//! A wait in a queue that has an end.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use crate::node::Origin;
use crate::run::Cx;

/// Until a gatekeeper is to be asked again though nothing has changed.
pub(crate) struct Timer<'a> {
    due: Option<Instant>,
    sleep: Pin<Box<dyn Future<Output = ()> + Send + 'a>>,
}

impl<'a> Timer<'a> {
    /// Whether `time` has gone by since `now`, on the clock of the run, of a step that waits or of a call. A timer that is set already for that moment goes on.
    pub(crate) fn poll<R: Cx + 'a>(
        timer: &mut Option<Self>,
        run: R,
        now: Instant,
        time: Duration,
        of: Option<Origin>,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        // None is too far away to be told apart from other such times, and to matter.
        let due = now.checked_add(time);
        if timer.as_ref().is_none_or(|timer| timer.due != due) {
            *timer = Some(Timer { due, sleep: Box::pin(run.sleep(time, of)) });
        }
        if let Some(timer) = timer {
            ready!(timer.sleep.as_mut().poll(cx));
        }
        *timer = None;
        Poll::Ready(())
    }
}
