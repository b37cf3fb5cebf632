//! The rules of `race`, by scripts of what its children do.

use super::*;
use crate::build::builder::Builder;
use crate::build::feed::Ignores;
use crate::build::plan::Plan;
use crate::error::BoxError;
use crate::node::Meta;
use crate::testing::{Recorder, at_once, block, inline_async, inline_sync, step};

static RACE: Meta = block(0, None, "race");
static A: Meta = step(1, Some(&RACE), "a");
static B: Meta = step(2, Some(&RACE), "b");
static C: Meta = step(3, Some(&RACE), "c");

macro_rules! raced {
    ($builder:expr, $a:expr, $b:expr, $c:expr) => {{
        let builder = $builder;
        let children = fork(fork(child(Ignores, $a), child(Ignores, $b)), child(Ignores, $c));
        let race =
            race(&builder, &RACE, Options { error: builder.error() }, children, |((a, b), c)| [a, b, c]);
        Plan::of((), builder, race).pipeline()
    }};
}

fn builder() -> Builder<(), (), BoxError> {
    Builder::new()
}

#[test]
fn the_first_success_wins_and_later_children_never_start() {
    let recorder = Recorder::default();
    let pipeline = raced!(
        builder(),
        inline_sync!(builder(), &A, |(), ()| Err::<u32, _>("a")),
        inline_sync!(builder(), &B, |(), ()| 2_u32),
        inline_sync!(builder(), &C, |(), ()| -> u32 { unreachable!("it never starts") })
    )
    .with_bus(&recorder);
    assert_eq!(at_once(pipeline.run(())).unwrap(), 2);
    let told = [
        "race started",
        "race/a running",
        "race/a failed",
        "race/b running",
        "race/b succeeded",
        "race succeeded",
    ];
    assert_eq!(recorder.take(), told);
}

#[test]
fn losers_are_dropped_before_the_block_ends() {
    let recorder = Recorder::default();
    let pipeline = raced!(
        builder(),
        inline_async!(builder(), &A, |_, ()| std::future::pending::<u32>()),
        inline_async!(builder(), &B, |_, ()| std::future::pending::<u32>()),
        inline_sync!(builder(), &C, |(), ()| 3_u32)
    )
    .with_bus(&recorder);
    assert_eq!(at_once(pipeline.run(())).unwrap(), 3);
    let told = recorder.take();
    assert_eq!(told[4..], ["race/c succeeded", "race/a cancelled", "race/b cancelled", "race succeeded"]);
}

#[tokio::test(start_paused = true)]
async fn all_failed_is_the_last_error_in_time_with_the_others() {
    async fn fail(after: u64, text: &'static str) -> Result<u32, &'static str> {
        tokio::time::sleep(std::time::Duration::from_secs(after)).await;
        Err(text)
    }
    let pipeline = raced!(
        builder(),
        inline_async!(builder(), &A, |_, ()| fail(3, "a")),
        inline_async!(builder(), &B, |_, ()| fail(1, "b")),
        inline_async!(builder(), &C, |_, ()| fail(2, "c"))
    );
    let error = pipeline.run(()).await.unwrap_err();
    assert_eq!(error.to_string(), "step `race/a` failed: a");
    let others: Vec<String> = error.others().iter().map(ToString::to_string).collect();
    assert_eq!(others, ["step `race/b` failed: b", "step `race/c` failed: c"]);
}

#[test]
#[should_panic(expected = "oh")]
fn a_panic_of_one_unwinds() {
    let pipeline = raced!(
        builder(),
        inline_async!(builder(), &A, |_, ()| std::future::pending::<u32>()),
        inline_sync!(builder(), &B, |(), ()| -> u32 { panic!("oh") }),
        inline_sync!(builder(), &C, |(), ()| 3_u32)
    );
    let _ = at_once(pipeline.run(()));
}
