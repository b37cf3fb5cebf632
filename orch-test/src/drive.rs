//! Drives a run: polls it, gives a turn, polls it again.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use crate::chance::lines;
use crate::turns::{Idle, Turns};

/// So many turns no test needs.
const MOST_TURNS: u64 = 1_000_000;

/// Nor so many in which no task starts or ends, and no time passes.
const MOST_IDLE_TURNS: u64 = 50_000;

/// Time goes on by as much only if nothing else is waited for.
const FOR_EVER: Duration = Duration::from_secs(365 * 24 * 3_600);

/// Why a simulation stops before its run has ended.
///
/// ```
/// use async_orch::{pipeline, task};
/// use orch_test::{Simulation, Stopped};
///
/// #[task]
/// async fn fetch() -> u32 {
///     1
/// }
///
/// let sim = Simulation::new();
/// sim.at("fetch").hang();
/// let stopped = sim.try_run(&pipeline! { seq < fetch() > }, ()).unwrap_err();
/// let Stopped::Stalled { waiting, .. } = &stopped else { panic!("{stopped}") };
/// assert_eq!(*waiting, ["seq/fetch hangs"]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Stopped {
    /// The run waits, and nothing will ever wake it: neither a task nor time, of which a year has gone by until that was certain.
    #[error("the run stands still for ever{}", lines(waiting))]
    #[non_exhaustive]
    Stalled {
        /// The tasks under way, and what is with them. None are if an inline step or what is around the pipelines waits.
        waiting: Vec<String>,
    },
    /// The run goes on and on: a loop that waits for nothing, or one that nothing ends.
    #[error("the run comes to no end: {turns} turns were given{}", lines(waiting))]
    #[non_exhaustive]
    Endless {
        /// How many tasks were started, woken and waited for.
        turns: u64,
        /// The tasks under way.
        waiting: Vec<String>,
    },
}

/// That the run was woken.
#[derive(Default)]
struct Signal {
    is_set: AtomicBool,
    driver: Mutex<Option<Waker>>,
}

impl Signal {
    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Waker>> {
        self.driver.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.is_set.store(true, Ordering::Release);
        let driver = self.lock().clone();
        if let Some(driver) = driver {
            driver.wake();
        }
    }
}

/// # Panics
///
/// If the clock is not paused, if a rule does not fit the task that it is for, or if the run does.
pub(crate) async fn drive<F: Future>(turns: &Arc<Turns>, run: F) -> Result<F::Output, Stopped> {
    assert!(
        is_paused(),
        "a simulation needs a clock that stands still: `#[tokio::test(start_paused = true)]`, or `Simulation::run` in any test"
    );
    let mut run = pin!(run);
    let signal = Arc::new(Signal { is_set: AtomicBool::new(true), driver: Mutex::default() });
    let waker = Waker::from(signal.clone());
    let mut has_given_way = false;
    // How many there were, and how many when something last happened.
    let (mut given, mut then): (u64, u64) = (0, 0);
    let mut happened = None;
    // For the time that something is due, or for ever if nothing is.
    let mut wait: Option<(Pin<Box<Sleep>>, bool)> = None;
    poll_fn(|cx| {
        *signal.lock() = Some(cx.waker().clone());
        turns.begin(Instant::now().into_std(), cx.waker());
        loop {
            while signal.is_set.swap(false, Ordering::Acquire) {
                let polled = run.as_mut().poll(&mut Context::from_waker(&waker));
                if let Some(misuse) = turns.take_misuse() {
                    panic!("{misuse}");
                }
                if let Poll::Ready(output) = polled {
                    return Poll::Ready(Ok(output));
                }
                given += 1;
                let now = Some((turns.notes(), Instant::now()));
                if std::mem::replace(&mut happened, now) != now {
                    then = given;
                }
                if given > MOST_TURNS || given - then > MOST_IDLE_TURNS {
                    return Poll::Ready(Err(Stopped::Endless { turns: given, waiting: turns.unfinished() }));
                }
            }
            // What a task waits for may be about to happen: a `yield_now` is over when the runtime has had its turn.
            if !has_given_way && turns.waits_for_others() {
                has_given_way = true;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            has_given_way = false;
            let until = match turns.grant(Instant::now().into_std()) {
                Ok(()) => continue,
                Err(Idle::Until(due)) => Some(Instant::from_std(due)),
                Err(Idle::Unknown) => None,
            };
            match (&wait, until) {
                (Some((wait, known)), Some(until)) if *known && wait.deadline() == until => {}
                (Some((wait, false)), None) if wait.is_elapsed() => {
                    return Poll::Ready(Err(Stopped::Stalled { waiting: turns.unfinished() }));
                }
                (_, until) => {
                    let end = until.unwrap_or_else(|| Instant::now() + FOR_EVER);
                    wait = Some((Box::pin(sleep_until(end)), until.is_some()));
                }
            }
            if let Some((wait, _)) = &mut wait
                && wait.as_mut().poll(cx).is_pending()
            {
                return Poll::Pending;
            }
        }
    })
    .await
}

/// Whether the clock of the runtime here stands still. It says so to nobody, but one that does not has gone on when a real one has.
fn is_paused() -> bool {
    let (before, real) = (Instant::now(), std::time::Instant::now());
    while real.elapsed() < Duration::from_micros(20) {
        std::hint::spin_loop();
    }
    Instant::now() == before
}
