//! Traits for every type, whose methods are called as the helpers.

use std::convert::TryFrom;

use async_orch::{Run, pipeline, task};

use crate::now;

macro_rules! blanket {
    ($($by_value:ident)*; $($by_reference:ident)*; $($associated:ident)*) => {
        trait ByValue: Sized { $(fn $by_value(self) {})* }
        impl<T> ByValue for T {}
        trait ByReference { $(fn $by_reference(&self) {})* }
        impl<T: ?Sized> ByReference for T {}
        trait Associated { $(fn $associated() where Self: Sized {})* }
        impl<T> Associated for T {}
    };
}

blanket! {
    known settled how pass after leaf step call collect probe result reads inline inline_async inline_named input
    failure kept duplicate bound stored keep gives takes clones ignores embed items named_input kept_input
    duplicate_input takes_apart parameter no_input nothing item names error flow into_failure into_result given enter
    child pipeline judged output awaited one asked predicate closure meets keeps looks once undo undoing log inlined
    task each_time handed in_scope inside_saga made parted past kept_look saga value values pair single join fork get
    cloned control holds future inline_async_context inline_context inline_durable input_gives is_asked is_predicate
    named_asked named_predicate next_round same streamed takes_input_apart;
    printed debug convert describe queue read fmt_debug look slots;
    args slot new begin owned hole says plain
}

#[task]
fn fallible(n: u32) -> std::io::Result<u32> {
    Ok(n)
}

#[task(blocking)]
fn blocking(a: u32, b: u32) -> Option<u32> {
    a.checked_add(b)
}

#[task]
async fn opaque<T>(value: T) -> (T, fn()) {
    (value, || ())
}

#[test]
fn methods_of_the_users_traits_are_theirs() {
    let inner = pipeline! { |_: u32| fallible };
    let p = pipeline! {
        error = async_orch::BoxError;
        let header = 3;
        |n: u32|
        seq <
            fallible(*n)
            blocking(_, *header)
            |m| { m.ok_or("overflow") }
            { &inner }
            opaque
            |(m, _)| { Ok(u8::try_from(m)?) }
            async |m| { u32::from(m) + *header }
            let (a, b): (u32, u32) = par < fallible(1) |_| { 2 } >
            |_| { vec![*a, *b] }
            each(limit = 2, settle) <
                circuit < retry(max_attempts = 2) < timeout(1s) < catch < fallible > > > >
            >
            |all| { all.len() }
        >
    };
    assert_eq!(now(Run::run(&p, 4)).unwrap(), 2);
    let collected = pipeline! { seq(collect) < fallible(1) |m| { m + 1 } fallible(3) > };
    assert_eq!(now(Run::run(&collected, ())).unwrap(), (1, 2, 3));
}

#[test]
fn so_they_are_in_every_block() {
    let p = pipeline! {
        |n: u32|
        seq <
            fallible(*n)
            retry(
                max_attempts = 2,
                when = |e| e.task().is_some(),
                retry_after = |_| None,
                backoff = exponential(1ms, 2.0)
            ) < fallible >
            circuit(fail_max = 3, ignore = |_| false) < fallible >
            let m = race < fallible(1) |_| { 2_u32 } >
            fallback < fallible(*m) |_| { *m } >
            hedge(1s, max_attempts = 2) < fallible >
            retry(max_attempts = *m + 1, when = |_| *m > 0) < fallible >
            circuit(ignore = |_| *m > 0) < catch < fallible > >
            choose(|n| *n > 0) < true => fallible, false => |n| { n } >
            when(|n| *n > 0) < fallible >
            saga < fallible undo |_| {} fallible undo fallible(1) >
            repeat(max_rounds = 2) < |n| { std::ops::ControlFlow::<u32, u32>::Break(n + 1) } >
            |n, cx| { n + cx.attempt() }
            async |n, cx| { n + cx.attempt() + *m }
        >
    };
    assert_eq!(now(Run::run(&p, 4)).unwrap(), 5);
}
