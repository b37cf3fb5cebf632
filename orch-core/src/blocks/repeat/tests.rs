//! Random answers and options against a model, the sizes, and that it is as good as nothing around a body of one round.

use std::ops::ControlFlow::{Break, Continue};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use proptest::prelude::*;

use super::{Options, Values, default, enter, given, repeat};
use crate::blocks::backoff::{Backoff, IntoBackoff, Jitter, exponential};
use crate::build::builder::Builder;
use crate::build::plan::Plan;
use crate::error::{BoxError, ErrorKind};
use crate::node::Meta;
use crate::testing::{Instantly, Recorder, at_once, block, inline_sync, step};

static REPEAT: Meta = block(0, None, "repeat");
static WORK: Meta = step(1, Some(&REPEAT), "work");

const MS: Duration = Duration::from_millis(1);

fn options<B: IntoBackoff<D>, D>(max_rounds: Option<u32>, backoff: B) -> Values<B, D> {
    Values {
        max_rounds,
        backoff: Backoff::new(backoff),
        max_delay: default::max_delay(),
        jitter: Jitter::None,
    }
}

/// `|_: u32| repeat(options) < |x| body >`
macro_rules! repeated {
    ($options:expr, $body:expr) => {{
        let builder = Builder::<(), u32, BoxError>::new();
        let (inner, feed) = enter(&builder, ());
        let body = inline_sync!(inner, &WORK, $body);
        let options = Options { error: builder.error(), values: builder.once($options, &REPEAT) };
        Plan::of((), builder, repeat(&builder, &REPEAT, options, feed, body)).pipeline()
    }};
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Answer {
    GoesOn,
    Ends,
    Fails,
}

#[derive(Debug, PartialEq)]
enum End {
    Output(u32),
    Failure,
    Exhausted(u32),
}

/// What is slept, how many rounds there are, and what comes of them.
fn model(
    answers: &[Answer],
    max_rounds: Option<u32>,
    delays: &[u32],
    max_delay: u32,
) -> (Vec<Duration>, u32, End) {
    let mut slept = Vec::new();
    for (round, answer) in (1..).zip(answers) {
        match answer {
            Answer::Ends => return (slept, round, End::Output(round)),
            Answer::Fails => return (slept, round, End::Failure),
            Answer::GoesOn => {}
        }
        match delays.get(round as usize - 1) {
            Some(delay) if max_rounds != Some(round) => {
                slept.extend((*delay > 0).then_some(MS * (*delay).min(max_delay)));
            }
            _ => return (slept, round, End::Exhausted(round)),
        }
    }
    unreachable!("the last answer goes on no more")
}

proptest! {
    #[test]
    fn rounds_are_as_in_the_model(
        goes_on in 0..12_usize,
        fails: bool,
        max_rounds in proptest::option::of(1..14_u32),
        delays in proptest::collection::vec(0..9_u32, 0..14),
        max_delay in 1..9_u32,
    ) {
        let mut answers = vec![Answer::GoesOn; goes_on];
        answers.push(if fails { Answer::Fails } else { Answer::Ends });
        let (slept, rounds, end) = model(&answers, max_rounds, &delays, max_delay);

        let made = AtomicUsize::new(0);
        let list: Vec<_> = delays.iter().map(|delay| MS * *delay).collect();
        let options = Values { max_delay: given::max_delay((MS * max_delay,)), ..options(max_rounds, Listed(list)) };
        let pipeline = repeated!(options, |(), n: u32| {
            let answer = answers[made.fetch_add(1, Ordering::Relaxed)];
            assert_eq!(n as usize + 1, made.load(Ordering::Relaxed), "a round begins with what the one before gave");
            match answer {
                Answer::GoesOn => Ok(Continue(n + 1)),
                Answer::Ends => Ok(Break(n + 1)),
                Answer::Fails => Err("failed"),
            }
        });
        let runtime = Instantly::default();
        let found = match at_once(pipeline.on(&runtime).run(0)) {
            Ok(output) => End::Output(output),
            Err(error) => match error.kind() {
                ErrorKind::Exhausted { rounds } => End::Exhausted(*rounds),
                _ => End::Failure,
            },
        };
        prop_assert_eq!((runtime.slept(), made.load(Ordering::Relaxed) as u32, found), (slept, rounds, end));
    }
}

/// Delays that end.
#[derive(Clone)]
struct Listed(Vec<Duration>);

impl backon::BackoffBuilder for Listed {
    type Backoff = std::vec::IntoIter<Duration>;

    fn build(self) -> Self::Backoff {
        self.0.into_iter()
    }
}

#[test]
fn an_exhausted_repeat_is_told_as_failed() {
    let recorder = Recorder::default();
    let pipeline =
        repeated!(options(Some(2), exponential(MS)), |(), n: u32| if n > 9 { Break(n) } else { Continue(n) });
    let runtime = Instantly::default();
    at_once(pipeline.with_bus(&recorder).on(&runtime).run(0)).unwrap_err();
    let told = [
        "repeat started",
        "repeat/work running",
        "repeat/work succeeded",
        "repeat goes on with round 2 in 1ms",
        "repeat/work running",
        "repeat/work succeeded",
        "repeat failed",
    ];
    assert_eq!(recorder.take(), told);
}

/// A timer for each wait is in the place of the body, and what is kept of the delays beside it.
#[test]
fn it_adds_little_to_its_body() {
    let builder = Builder::<(), u32, BoxError>::new();
    let alone = Plan::of((), builder, inline_sync!(builder, &WORK, |(), n: u32| n)).pipeline();
    let pipeline = repeated!(options(None, crate::blocks::backoff::constant(MS)), |(), n: u32| {
        if n > 9 { Break(n) } else { Continue(n) }
    });
    let (alone, repeated) = (size_of_val(&alone.run(1)), size_of_val(&pipeline.run(1)));
    let timer = size_of::<tokio::time::Sleep>();
    assert!(repeated <= alone + timer + 64, "{repeated} for {alone} and a timer of {timer}");
}
