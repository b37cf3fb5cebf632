//! Steps that do as a script says, what is seen of them, and of the block around them.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::{Mutex, Once};
use std::time::Duration;

use async_orch::{BoxError, Error, ErrorKind, Run, pipeline, task};
use futures::FutureExt as _;
use proptest::prelude::*;
use tokio::time::{Instant, sleep, timeout};

use crate::common::{Trace, every_execution_ends_once};

/// All that takes time takes some of these, in milliseconds, and a bit of its own. So sums of different times differ, and no two
/// things happen at one time but those that belong together: what the rules leave open is not asked.
pub(crate) const UNIT: u64 = 1 << 13;
/// Later than everything, but what never comes.
pub(crate) const HORIZON: u64 = UNIT << 10;
pub(crate) const NEVER: u64 = u64::MAX / 4;

/// What one call of a step does: it takes so many units, none or no end of them, and ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Script {
    pub(crate) units: Option<u64>,
    pub(crate) end: End,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum End {
    Succeeds,
    Fails,
    /// With an error that a `when` lets through.
    FailsForGood,
    Panics,
}

impl Script {
    pub(crate) fn takes(&self, call: usize) -> u64 {
        match self.units {
            None => NEVER,
            Some(0) => 0,
            Some(units) => units * UNIT + (1 << call),
        }
    }

    /// From when on until when and how it would run, if it were left alone.
    pub(crate) fn span(&self, call: usize, from: u64) -> Span {
        let how = match self.end {
            End::Succeeds => How::Succeeded,
            End::Fails | End::FailsForGood => How::Failed,
            End::Panics => How::Panicked,
        };
        Span { call, from, until: (from + self.takes(call)).min(NEVER), how }
    }
}

/// Scripts of which so many in 16 succeed.
pub(crate) fn scripts(
    calls: impl Into<prop::collection::SizeRange>,
    succeed: u32,
) -> BoxedStrategy<Vec<Script>> {
    let units = prop_oneof![2 => Just(Some(0)), 13 => (1..4_u64).prop_map(Some), 1 => Just(None)];
    let end = prop_oneof![
        succeed => Just(End::Succeeds),
        14 - succeed => Just(End::Fails),
        1 => Just(End::FailsForGood),
        1 => Just(End::Panics),
    ];
    prop::collection::vec((units, end).prop_map(|(units, end)| Script { units, end }), calls).boxed()
}

/// When the run is given up, and by whom. It is no time at which anything else happens.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Patience {
    /// It is dropped.
    Outside(u64),
    /// By a `timeout` around the block, in a run that is observed.
    Timeout(u64),
}

impl Patience {
    pub(crate) fn at(self) -> u64 {
        match self {
            Patience::Outside(at) | Patience::Timeout(at) => at,
        }
    }
}

pub(crate) fn patience() -> impl Strategy<Value = Patience> {
    let at = prop_oneof![2 => Just(HORIZON), 1 => (0..10_u64).prop_map(|units| units * UNIT + UNIT / 2)];
    (at, any::<bool>())
        .prop_map(|(at, outside)| if outside { Patience::Outside(at) } else { Patience::Timeout(at) })
}

/// One call of a step, and its time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Span {
    pub(crate) call: usize,
    pub(crate) from: u64,
    pub(crate) until: u64,
    pub(crate) how: How,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum How {
    Running,
    Succeeded,
    Failed,
    Panicked,
    Cancelled,
}

/// What comes of a block.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Outcome {
    /// The numbers of the calls whose outputs, or errors as values, are its output.
    Gives(Vec<Result<usize, usize>>),
    /// The numbers of the calls that failed, in the order in which the error has them, of which the last one is the block's; and how
    /// many attempts it says there were.
    Fails(Vec<usize>, u32),
    Exhausted(u32),
    Panics(usize),
    TimesOut,
    IsDropped,
}

/// All that is seen of a run: the calls in the order in which they began, the most at once, what came of it, and when.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Seen {
    pub(crate) spans: Vec<Span>,
    pub(crate) peak: usize,
    pub(crate) outcome: Outcome,
    pub(crate) at: u64,
}

// ----- with the library -----

/// Where the steps of one run play.
#[derive(Debug)]
pub(crate) struct Stage {
    scripts: Vec<Script>,
    start: Instant,
    /// The calls, how many of them there are now, and were at most.
    seen: Mutex<(Vec<Span>, usize, usize)>,
}

#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) call: usize,
    pub(crate) for_good: bool,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "call {}", self.call)
    }
}

impl std::error::Error for Failure {}

/// A call that is under way: cancelled, if it does not come to its end.
pub(crate) struct Scene<'s> {
    stage: &'s Stage,
    index: usize,
}

impl Scene<'_> {
    pub(crate) fn end(&self, how: How) {
        let now = self.stage.now();
        let (spans, alive, _) = &mut *self.stage.seen.lock().unwrap();
        let span = &mut spans[self.index];
        if span.how == How::Running {
            (span.until, span.how) = (now, how);
            *alive -= 1;
        }
    }
}

impl Drop for Scene<'_> {
    fn drop(&mut self) {
        self.end(How::Cancelled);
    }
}

impl Stage {
    pub(crate) fn new(scripts: &[Script]) -> Self {
        Stage { scripts: scripts.to_vec(), start: Instant::now(), seen: Mutex::default() }
    }

    pub(crate) fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap()
    }

    /// The calls in the order in which they began.
    pub(crate) fn spans(&self) -> Vec<Span> {
        self.seen.lock().unwrap().0.clone()
    }

    /// How many there were.
    pub(crate) fn calls(&self) -> usize {
        self.seen.lock().unwrap().0.len()
    }

    pub(crate) fn enter(&self, call: usize) -> Scene<'_> {
        let now = self.now();
        let (spans, alive, most) = &mut *self.seen.lock().unwrap();
        spans.push(Span { call, from: now, until: NEVER, how: How::Running });
        *alive += 1;
        *most = (*most).max(*alive);
        Scene { stage: self, index: spans.len() - 1 }
    }

    /// What the script of this call says.
    pub(crate) async fn play(&self, call: usize) -> Result<usize, Failure> {
        let scene = self.enter(call);
        let script = self.scripts[call];
        match script.takes(call) {
            NEVER => std::future::pending().await,
            0 => {}
            time => sleep(Duration::from_millis(time)).await,
        }
        match script.end {
            End::Succeeds => scene.end(How::Succeeded),
            End::Fails | End::FailsForGood => {
                scene.end(How::Failed);
                return Err(Failure { call, for_good: script.end == End::FailsForGood });
            }
            End::Panics => {
                scene.end(How::Panicked);
                panic!("call {call}");
            }
        }
        Ok(call)
    }

    /// Runs a pipeline whose steps play here.
    pub(crate) async fn run<P: Run<In = (), Error = BoxError>>(
        &self,
        p: &P,
        patience: Patience,
        gives: impl Fn(P::Out) -> Vec<Result<usize, usize>>,
    ) -> Seen {
        deliberate_panics_are_silent();
        let time = Duration::from_millis(patience.at());
        let in_time = match patience {
            Patience::Outside(_) => timeout(time, AssertUnwindSafe(p.run(())).catch_unwind()).await,
            Patience::Timeout(_) => {
                let trace = Trace::default();
                let hurried = pipeline! { timeout(time) < { p } > }.with_bus(&trace);
                let end = AssertUnwindSafe(hurried.run(())).catch_unwind().await;
                every_execution_ends_once(&trace.take());
                Ok(end)
            }
        };
        let outcome = match in_time {
            Ok(Ok(Ok(output))) => Outcome::Gives(gives(output)),
            Ok(Ok(Err(error))) => match error.kind() {
                ErrorKind::TimedOut => Outcome::TimesOut,
                ErrorKind::Exhausted { rounds } => Outcome::Exhausted(*rounds),
                _ => {
                    assert!(error.item().is_none_or(|item| item == call_of(&error) as u64), "{error}");
                    let failed = error.others().iter().chain([&error]).map(call_of).collect();
                    Outcome::Fails(failed, error.attempts())
                }
            },
            Ok(Err(panic)) => Outcome::Panics(number(panic.downcast_ref::<String>().unwrap())),
            Err(_) => Outcome::IsDropped,
        };
        let at = self.now();
        let (spans, alive, peak) = std::mem::take(&mut *self.seen.lock().unwrap());
        assert_eq!(alive, 0, "nobody outlives the block");
        Seen { spans, peak, outcome, at }
    }
}

/// The call that a text names.
pub(crate) fn number(text: &str) -> usize {
    text.strip_prefix("call ").expect(text).parse().unwrap()
}

/// The call that gave an error.
pub(crate) fn call_of(error: &Error) -> usize {
    error.downcast_ref::<Failure>().expect("it is of a step").call
}

/// Whether another call may make up for it.
pub(crate) fn is_not_for_good(error: &Error) -> bool {
    !error.downcast_ref::<Failure>().is_some_and(|failure| failure.for_good)
}

/// The step with this number.
#[task]
pub(crate) async fn act(stage: &Stage, call: usize) -> Result<usize, Failure> {
    stage.play(call).await
}

/// The next one, where one step is called again and again.
#[task]
pub(crate) async fn again(stage: &Stage) -> Result<usize, Failure> {
    stage.play(stage.calls()).await
}

/// Those of steps that say which call they are.
pub(crate) fn deliberate_panics_are_silent() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !panic.payload().downcast_ref::<String>().is_some_and(|text| text.starts_with("call ")) {
                before(panic);
            }
        }));
    });
}

// ----- for models -----

impl Seen {
    /// Of calls in the order in which they begin, each as if it were left alone, and of what comes of them: at that time all that
    /// runs is cancelled, and none begins any more but those that had to before it, which are the first `begun`.
    pub(crate) fn of(
        mut spans: Vec<Span>,
        begun: usize,
        outcome: Outcome,
        at: u64,
        patience: Patience,
    ) -> Seen {
        spans.truncate(spans.iter().take_while(|span| span.from < at).count().max(begun));
        for span in &mut spans {
            if span.until > at {
                (span.until, span.how) = (at, How::Cancelled);
            }
        }
        if at > patience.at() {
            let outcome = match patience {
                Patience::Outside(_) => Outcome::IsDropped,
                Patience::Timeout(_) => Outcome::TimesOut,
            };
            return Seen::of(spans, 0, outcome, patience.at(), Patience::Outside(NEVER));
        }
        // Whoever is cancelled is there until the last moment; whoever ends is not.
        let is_there =
            |other: &&Span, from| other.until > from || other.until == from && other.how == How::Cancelled;
        let with = |(index, span): (usize, &Span)| {
            1 + spans[..index].iter().filter(|other| is_there(other, span.from)).count()
        };
        let peak = spans.iter().enumerate().map(with).max().unwrap_or(0);
        Seen { spans, peak, outcome, at }
    }
}
