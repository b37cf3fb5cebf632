//! The rules of `fallback`, by scripts of what its alternatives do.

use super::*;
use crate::build::builder::Builder;
use crate::build::feed::Ignores;
use crate::build::plan::Plan;
use crate::error::{BoxError, Error};
use crate::node::Meta;
use crate::testing::{Recorder, at_once, block, inline_async, inline_sync, step};

static FALLBACK: Meta = block(0, None, "fallback");
static A: Meta = step(1, Some(&FALLBACK), "a");
static B: Meta = step(2, Some(&FALLBACK), "b");
static C: Meta = step(3, Some(&FALLBACK), "c");

macro_rules! falling {
    ($when:expr, $a:expr, $b:expr, $c:expr) => {{
        let builder = builder();
        let children = fork(fork(child(Ignores, $a), child(Ignores, $b)), child(Ignores, $c));
        let step = fallback(
            &builder,
            &FALLBACK,
            Options { error: builder.error(), when: builder.predicate($when) },
            children,
        );
        Plan::of((), builder, step).pipeline()
    }};
}

fn builder() -> Builder<(), (), BoxError> {
    Builder::new()
}

#[test]
fn the_first_success_ends_it_and_later_alternatives_have_no_event() {
    let recorder = Recorder::default();
    let pipeline = falling!(
        default::when(),
        inline_sync!(builder(), &A, |(), ()| Err::<u32, _>("a")),
        inline_sync!(builder(), &B, |(), ()| 2_u32),
        inline_sync!(builder(), &C, |(), ()| -> u32 { unreachable!("it never starts") })
    )
    .with_bus(&recorder);
    assert_eq!(at_once(pipeline.run(())).unwrap(), 2);
    let told = [
        "fallback started",
        "fallback/a running",
        "fallback/a failed",
        "fallback falling back from `a` to `b`",
        "fallback/b running",
        "fallback/b succeeded",
        "fallback succeeded",
    ];
    assert_eq!(recorder.take(), told);
}

#[test]
fn all_failed_is_the_last_error_with_those_before_it() {
    let pipeline = falling!(
        default::when(),
        inline_sync!(builder(), &A, |(), ()| Err::<u32, _>("a")),
        inline_sync!(builder(), &B, |(), ()| Err::<u32, _>("b")),
        inline_sync!(builder(), &C, |(), ()| Err::<u32, _>("c"))
    );
    let error = at_once(pipeline.run(())).unwrap_err();
    assert_eq!(error.to_string(), "step `fallback/c` failed: c");
    let others: Vec<String> = error.others().iter().map(ToString::to_string).collect();
    assert_eq!(others, ["step `fallback/a` failed: a", "step `fallback/b` failed: b"]);
}

#[test]
fn when_false_ends_it_and_it_is_not_asked_about_the_last() {
    let asked = std::sync::Mutex::new(Vec::new());
    let when = |error: &Error<BoxError>| {
        asked.lock().unwrap().push(error.step());
        error.step() == "a"
    };
    let pipeline = falling!(
        when,
        inline_sync!(builder(), &A, |(), ()| Err::<u32, _>("a")),
        inline_sync!(builder(), &B, |(), ()| Err::<u32, _>("b")),
        inline_sync!(builder(), &C, |(), ()| Err::<u32, _>("c"))
    );
    let error = at_once(pipeline.run(())).unwrap_err();
    assert_eq!((error.step(), error.others().len()), ("b", 1));
    assert_eq!(*asked.lock().unwrap(), ["a", "b"]);
}

#[test]
fn it_has_room_for_the_largest_alternative_alone() {
    macro_rules! sized {
        ($bytes:expr, $meta:expr) => {
            inline_async!(builder(), $meta, |(), ()| async {
                let held = [1_u8; $bytes];
                std::future::pending::<()>().await;
                u32::from(held[0])
            })
        };
    }
    let pipeline = falling!(default::when(), sized!(1000, &A), sized!(2000, &B), sized!(3000, &C));
    let size = size_of_val(&pipeline.run(()));
    assert!((3000..3200).contains(&size), "{size}");
}
