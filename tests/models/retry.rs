//! `retry` with all its options, against a model: runs one after another, on a clock that only waits and work move.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use async_orch::retry::{Attempts, IntoAttempts as _, Jitter, exponential_by, unlimited};
use async_orch::{
    Attempt, BoxFuture, BudgetSpent, Done, Error, ErrorKind, Event, RetryBudget, Runtime, bus, pipeline, task,
};
use proptest::prelude::*;

use crate::common::at_once;
use crate::compare::compare;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    HasOneMoreAttempt,
    ForgetsMaxDelay,
    /// Looks at it when an attempt ends, and not at the wait that would follow.
    WaitsPastMaxElapsed,
    /// What is asked for is what the jitter is of, as a delay of the backoff is.
    JittersWhatIsAskedFor,
    /// What is asked for leaves the delay to the next attempt.
    KeepsTheDelay,
    ForgetsTheRatio,
    AddsNothingInTime,
    KeepsWhatARejectionTook,
}

const FLAWS: [Flaw; 8] = [
    Flaw::HasOneMoreAttempt,
    Flaw::ForgetsMaxDelay,
    Flaw::WaitsPastMaxElapsed,
    Flaw::JittersWhatIsAskedFor,
    Flaw::KeepsTheDelay,
    Flaw::ForgetsTheRatio,
    Flaw::AddsNothingInTime,
    Flaw::KeepsWhatARejectionTook,
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Outcome {
    Succeeds,
    /// With a wait that it asks for.
    Fails(Option<Duration>),
    /// And `when` lets it.
    IsFatal,
    IsTurnedAway,
}

/// An attempt: what comes of it, after how long.
type Script = Vec<(Duration, Outcome)>;

#[derive(Debug)]
struct Failure(Outcome);

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl std::error::Error for Failure {}

#[derive(Clone, Copy, Debug)]
struct Options {
    max_attempts: Option<u32>,
    max_elapsed: Duration,
    base: Duration,
    factor: u32,
    max_delay: Duration,
    jitter: Jitter,
    rejections: bool,
    random: u64,
    /// In billionths of a token.
    ratio: u64,
    min_per_second: u32,
    capacity: u32,
}

/// What came of a run: when its attempts began, in nanoseconds, whether it succeeded, whether the budget was spent, and when it
/// ended.
#[derive(Debug, PartialEq)]
struct Seen {
    began: Vec<u128>,
    succeeded: bool,
    spent: bool,
    ended: u128,
}

// ----- the model -----

const TOKEN: u128 = 1_000_000_000;

struct Model {
    options: Options,
    flaw: Option<Flaw>,
    now: u128,
    tokens: u128,
    /// When time has added to the tokens last.
    counted: Option<u128>,
}

impl Model {
    fn is(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }

    fn run(&mut self, script: &Script) -> Seen {
        let options = self.options;
        let (mut began, start, mut backoff, mut reached) =
            (Vec::new(), self.now, options.base.as_nanos(), false);
        let longest = if self.is(Flaw::ForgetsMaxDelay) { u128::MAX } else { options.max_delay.as_nanos() };
        let last = options.max_attempts.map(|last| last + u32::from(self.is(Flaw::HasOneMoreAttempt)));
        for (attempt, (time, outcome)) in (1..).zip(script) {
            began.push(self.now);
            self.now += time.as_nanos();
            let is_rejection = *outcome == Outcome::IsTurnedAway;
            match (reached, is_rejection) {
                (false, false) if !self.is(Flaw::ForgetsTheRatio) => self.add(options.ratio.into()),
                (true, true) if !self.is(Flaw::KeepsWhatARejectionTook) => self.add(TOKEN),
                _ => {}
            }
            reached |= !is_rejection;
            let ask = match outcome {
                Outcome::Succeeds | Outcome::IsFatal => None,
                Outcome::IsTurnedAway => options.rejections.then_some(None),
                Outcome::Fails(asked) => Some(*asked),
            };
            let delay = ask.filter(|_| last != Some(attempt)).map(|ask| {
                let delay = backoff.min(longest);
                let spread = match ask {
                    Some(asked) if self.is(Flaw::JittersWhatIsAskedFor) => asked.as_nanos(),
                    _ => delay,
                };
                if ask.is_none() || !self.is(Flaw::KeepsTheDelay) {
                    backoff *= u128::from(options.factor);
                }
                let least = match options.jitter {
                    Jitter::Full => 0,
                    Jitter::Equal => spread / 2,
                    _ => spread,
                };
                // Of so many nanoseconds and none, as the random bits say.
                let random = ((spread - least + 1) * u128::from(options.random)) >> 64;
                ask.map_or(least + random, |asked| (asked.as_nanos() + random).min(longest))
            });
            let passed = self.now - start;
            let waited = |delay: &u128| if self.is(Flaw::WaitsPastMaxElapsed) { 0 } else { *delay };
            let in_time = |delay: &u128| passed + waited(delay) <= options.max_elapsed.as_nanos();
            let delay = delay.filter(in_time);
            let spent = delay.is_some() && reached && !self.take();
            let Some(delay) = delay.filter(|_| !spent) else {
                return Seen { began, succeeded: *outcome == Outcome::Succeeds, spent, ended: self.now };
            };
            self.now += delay;
        }
        unreachable!("the last one ends it")
    }

    fn add(&mut self, more: u128) {
        self.tokens = (self.tokens + more).min(u128::from(self.options.capacity) * TOKEN);
    }

    fn take(&mut self) -> bool {
        let passed = self.counted.map_or(0, |counted| self.now - counted);
        self.counted = Some(self.now);
        if !self.is(Flaw::AddsNothingInTime) {
            self.add(passed * u128::from(self.options.min_per_second));
        }
        let there_is = self.tokens >= TOKEN;
        self.tokens -= if there_is { TOKEN } else { 0 };
        there_is
    }

    fn of((options, scripts): &(Options, Vec<Script>), flaw: Option<Flaw>) -> Vec<Seen> {
        let tokens = u128::from(options.capacity) * TOKEN;
        let mut model = Model { options: *options, flaw, now: 0, tokens, counted: None };
        scripts.iter().map(|script| model.run(script)).collect()
    }
}

// ----- the same with the library -----

/// A clock that sleeping and working move, and the script of the attempts.
struct World {
    epoch: Instant,
    random: u64,
    now: Mutex<Duration>,
    began: Mutex<Vec<u128>>,
    script: Mutex<std::vec::IntoIter<(Duration, Outcome)>>,
}

#[task]
async fn work() -> Result<(), Failure> {
    unreachable!("the world answers for it")
}

impl Runtime for World {
    fn execute<'a>(&'a self, attempt: Attempt<'a>) -> BoxFuture<'a, Done<'a>> {
        Box::pin(async move {
            let (time, outcome) = self.script.lock().unwrap().next().expect("no further attempt");
            let mut now = self.now.lock().unwrap();
            self.began.lock().unwrap().push(now.as_nanos());
            *now += time;
            match outcome {
                Outcome::Succeeds => attempt.answer(Ok::<(), Failure>(())).unwrap(),
                Outcome::IsTurnedAway => attempt.fail(ErrorKind::CircuitHalfOpen),
                failure => attempt.answer(Err::<(), Failure>(Failure(failure))).unwrap(),
            }
        })
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        *self.now.lock().unwrap() += duration;
        Box::pin(std::future::ready(()))
    }

    fn now(&self) -> Instant {
        self.epoch + *self.now.lock().unwrap()
    }

    fn random(&self) -> u64 {
        self.random
    }
}

fn failure(error: &Error) -> Option<Outcome> {
    error.downcast_ref::<Failure>().map(|failure| failure.0)
}

fn asked(error: &Error) -> Option<Duration> {
    match failure(error)? {
        Outcome::Fails(asked) => asked,
        _ => None,
    }
}

/// The runs of two pipelines in turn, which share a budget.
fn seen(options: Options, scripts: &[Script]) -> Vec<Seen> {
    let budget = RetryBudget::builder()
        .ratio(options.ratio as f64 / TOKEN as f64)
        .min_per_second(options.min_per_second)
        .capacity(options.capacity)
        .build();
    let attempts: Attempts = options.max_attempts.map_or(unlimited(), |attempts| attempts.into_attempts());
    let world = World {
        epoch: Instant::now(),
        random: options.random,
        now: Mutex::default(),
        began: Mutex::default(),
        script: Mutex::default(),
    };
    let spent = Mutex::new(false);
    let bus = bus::from_fn(|event: &Event<'_>| {
        *spent.lock().unwrap() |= event.told::<BudgetSpent>().is_some();
    });
    let is_transient = |error: &Error| failure(error) != Some(Outcome::IsFatal);
    macro_rules! pipeline_with {
        ($($flag:ident)?) => {
            pipeline! {
                retry(
                    max_attempts = attempts,
                    max_elapsed = options.max_elapsed,
                    backoff = exponential_by(options.base, options.factor),
                    max_delay = options.max_delay,
                    jitter = options.jitter,
                    retry_after = asked,
                    $($flag,)?
                    when = is_transient,
                    budget = &budget,
                ) < work >
            }
            .with_bus(&bus)
            .boxed()
        };
    }
    let pair = if options.rejections {
        [pipeline_with!(rejections), pipeline_with!(rejections)]
    } else {
        [pipeline_with!(), pipeline_with!()]
    };
    let run = |(run, script): (usize, &Script)| {
        *world.script.lock().unwrap() = script.clone().into_iter();
        let result = at_once(pair[run % 2].on(&world).run(()));
        let began = std::mem::take(&mut *world.began.lock().unwrap());
        if let Err(error) = &result {
            assert_eq!(error.attempts() as usize, began.len());
        }
        Seen {
            began,
            succeeded: result.is_ok(),
            spent: std::mem::take(&mut *spent.lock().unwrap()),
            ended: world.now.lock().unwrap().as_nanos(),
        }
    };
    scripts.iter().enumerate().map(run).collect()
}

fn any_time() -> impl Strategy<Value = Duration> {
    prop_oneof![Just(0), 0..3_000_000_u64, 0..60_000_000_u64].prop_map(Duration::from_micros)
}

/// So long that it is no limit, or not.
fn any_limit() -> impl Strategy<Value = Duration> {
    prop_oneof![Just(Duration::from_secs(1 << 40)), (1..30_000_000_u64).prop_map(Duration::from_micros)]
}

fn any_script() -> impl Strategy<Value = Script> {
    let outcome = prop_oneof![
        6 => proptest::option::weighted(0.3, any_time()).prop_map(Outcome::Fails),
        2 => Just(Outcome::IsTurnedAway),
        1 => Just(Outcome::Succeeds),
        1 => Just(Outcome::IsFatal),
    ];
    let last = prop_oneof![Just(Outcome::Succeeds), Just(Outcome::IsFatal)];
    let attempts = proptest::collection::vec((any_time(), outcome), 0..8);
    (attempts, any_time(), last).prop_map(|(mut script, time, last)| {
        script.push((time, last));
        script
    })
}

prop_compose! {
    fn any_options()(
        max_attempts in proptest::option::of(1..6_u32),
        (max_elapsed, max_delay) in (any_limit(), any_limit()),
        base in any_time(),
        factor in 0..4_u32,
        jitter in prop_oneof![Just(Jitter::None), Just(Jitter::Full), Just(Jitter::Equal)],
        rejections: bool,
        random: u64,
        ratio in prop_oneof![Just(0), Just(100_000_000), Just(1_000_000_000), 0..1_500_000_000_u64],
        min_per_second in 0..3_u32,
        capacity in prop_oneof![1..4_u32, Just(1_000)],
    ) -> Options {
        Options {
            max_attempts, max_elapsed, base, factor, max_delay, jitter, rejections, random, ratio, min_per_second, capacity,
        }
    }
}

#[test]
fn retry_is_as_a_model_of_it() {
    let cases = (any_options(), proptest::collection::vec(any_script(), 1..5));
    compare(cases, &FLAWS, async |(options, scripts)| seen(*options, scripts), Model::of);
}
