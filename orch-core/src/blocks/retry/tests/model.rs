//! Random outcomes and options against a model in a dozen lines.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use proptest::prelude::*;

use super::{MS, made, retrying, values};
use crate::blocks::backoff::{Jitter, constant, exponential_by, fibonacci};
use crate::blocks::retry::{Attempts, IntoAttempts, Values, unlimited};
use crate::build::feed::Ignores;
use crate::testing::{Instantly, at_once};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Outcome {
    Success,
    Transient,
    Fatal,
}

#[derive(Clone, Debug)]
enum Backoff {
    Constant(u32),
    Exponential(u32, u32),
    Fibonacci(u32),
    List(Vec<u32>),
}

impl Backoff {
    fn build(&self) -> Delays {
        match *self {
            Backoff::Constant(delay) => Delays(Box::new(move || Box::new(constant(MS * delay)))),
            Backoff::Exponential(base, factor) => {
                Delays(Box::new(move || Box::new(exponential_by(MS * base, factor))))
            }
            Backoff::Fibonacci(base) => Delays(Box::new(move || Box::new(fibonacci(MS * base)))),
            Backoff::List(ref list) => {
                let list: Vec<_> = list.iter().map(|delay| MS * *delay).collect();
                Delays(Box::new(move || Box::new(list.clone().into_iter())))
            }
        }
    }

    /// The k-th delay, from 0.
    fn delay(&self, k: u32) -> Option<Duration> {
        let times = match *self {
            Backoff::Constant(delay) => delay,
            Backoff::Exponential(base, factor) => base * factor.pow(k),
            Backoff::Fibonacci(base) => base * (0..k).fold((1, 1), |(one, other), _| (other, one + other)).0,
            Backoff::List(ref list) => *list.get(k as usize)?,
        };
        Some(MS * times)
    }
}

/// A builder of the user's own, made anew for each run.
struct Delays(Box<dyn Fn() -> Box<dyn Iterator<Item = Duration> + Send + Sync> + Send + Sync>);

/// As a builder has to be `Clone`, it is a reference.
#[derive(Clone, Copy)]
struct Shared<'d>(&'d Delays);

impl backon::BackoffBuilder for Shared<'_> {
    type Backoff = Box<dyn Iterator<Item = Duration> + Send + Sync>;

    fn build(self) -> Self::Backoff {
        (self.0.0)()
    }
}

/// What is slept, how many attempts are made, and what comes of it.
fn model(
    outcomes: &[Outcome],
    max_attempts: Option<u32>,
    backoff: &Backoff,
    max_delay: Option<Duration>,
) -> (Vec<Duration>, usize, Outcome) {
    let mut slept = Vec::new();
    for (made, outcome) in (1..).zip(outcomes) {
        let next = backoff.delay(made - 1);
        if *outcome != Outcome::Transient || Some(made) == max_attempts || next.is_none() {
            return (slept, made as usize, *outcome);
        }
        slept
            .extend(next.map(|delay| delay.min(max_delay.unwrap_or(Duration::MAX))).filter(|d| !d.is_zero()));
    }
    unreachable!("the last outcome is no transient failure")
}

fn any_backoff() -> impl Strategy<Value = Backoff> {
    prop_oneof![
        (0..5_u32).prop_map(Backoff::Constant),
        (0..5_u32, 0..4_u32).prop_map(|(base, factor)| Backoff::Exponential(base, factor)),
        (0..5_u32).prop_map(Backoff::Fibonacci),
        proptest::collection::vec(0..5_u32, 0..8).prop_map(Backoff::List),
    ]
}

fn any_outcomes() -> impl Strategy<Value = Vec<Outcome>> {
    let outcome = prop_oneof![
        6 => Just(Outcome::Transient),
        1 => Just(Outcome::Success),
        1 => Just(Outcome::Fatal),
    ];
    let last = prop_oneof![Just(Outcome::Success), Just(Outcome::Fatal)];
    (proptest::collection::vec(outcome, 0..9), last).prop_map(|(mut outcomes, last)| {
        outcomes.push(last);
        outcomes
    })
}

proptest! {
    #[test]
    fn retry_1_does_as_the_model(
        outcomes in any_outcomes(),
        max_attempts in proptest::option::of(1..10_u32),
        backoff in any_backoff(),
        max_delay in proptest::option::of((0..20_u64).prop_map(Duration::from_millis)),
        jitter in prop_oneof![Just(Jitter::None), Just(Jitter::Full), Just(Jitter::Equal)],
    ) {
        let calls = AtomicUsize::new(0);
        let delays = backoff.build();
        let attempts: Attempts = max_attempts.map_or(unlimited(), IntoAttempts::into_attempts);
        let values = Values {
            max_delay,
            // With all random bits set, every jitter gives the whole delay.
            jitter,
            ..values(attempts, Shared(&delays))
        };
        let options = made(values, |error| error.to_string().ends_with("Transient"));
        let pipeline = retrying!((), Ignores, options, |(), ()| {
            match outcomes[calls.fetch_add(1, Ordering::Relaxed)] {
                Outcome::Success => Ok(()),
                failure => Err(format!("{failure:?}")),
            }
        });
        let runtime = Instantly { random: u64::MAX, ..Instantly::default() };
        let result = at_once(pipeline.on(&runtime).run(()));

        let (slept, made, outcome) = model(&outcomes, max_attempts, &backoff, max_delay);
        prop_assert_eq!(runtime.slept(), slept);
        prop_assert_eq!(calls.load(Ordering::Relaxed), made);
        match result {
            Ok(()) => prop_assert_eq!(outcome, Outcome::Success),
            Err(error) => {
                prop_assert_eq!(error.attempts() as usize, made);
                prop_assert_eq!(error.task().unwrap().to_string(), format!("{outcome:?}"));
            }
        }
    }
}
