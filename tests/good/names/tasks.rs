//! Tasks that are called as helpers, words and types.

#![allow(non_snake_case)]

use async_orch::task;

use crate::now;

macro_rules! tasks {
    ($($name:ident)*) => {$(
        #[task]
        fn $name(n: ::core::primitive::u32) -> ::core::primitive::u32 {
            n + 1
        }
    )*};
}

tasks! {
    args slot call debug convert new known settled step input header root scope tok pipeline task run error name
    constant exponential full none unlimited r#settle collect limit main drop String Vec Option Result u32 str
}

#[task]
fn r#type(n: ::core::primitive::u32) -> ::core::primitive::u32 {
    n + 1
}

#[task]
fn r#seq(n: ::core::primitive::u32) -> ::core::primitive::u32 {
    n + 1
}

#[test]
fn a_task_may_have_any_name() {
    let p = ::async_orch::pipeline! {
        |_: ::core::primitive::u32|
        seq <
            args slot call debug convert new known settled step input
            header root scope tok pipeline task run error name constant
            exponential full none unlimited r#settle collect limit main drop String
            Vec Option Result u32 str r#type r#seq
        >
    };
    assert_eq!(now(p.run(0)).unwrap_or_default(), 37);
    assert!(p.graph().find("seq/type").is_some());
}
