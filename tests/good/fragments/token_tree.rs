//! `$t:tt`: a pipeline passed on as tokens, its parts taken apart and put together.

use async_orch::{pipeline, task};

use crate::now;

#[task]
fn inc(n: u32, by: u32) -> u32 {
    n + by
}

macro_rules! whole {
    ($($text:tt)*) => { pipeline! { $($text)* } };
}

macro_rules! called {
    ($task:tt $arguments:tt $($rest:tt)*) => { pipeline! { |_: u32| seq < $task $arguments $($rest)* > } };
}

macro_rules! body {
    ($braces:tt) => {
        pipeline! { |_: u32| |_| $braces }
    };
}

macro_rules! placeholder {
    ($piped:tt) => {
        pipeline! { |_: u32| inc($piped, 5) }
    };
}

#[test]
fn tokens_are_what_they_were() {
    let p = whole! { |n: u32| seq(name = "all") < inc(*n, 1) |x| { vec![x; 2] } each < inc(_, 2) > > };
    assert_eq!(now(p.run(1)).unwrap(), [4, 4]);
    assert_eq!(now(called!(inc (_, 1) as "first" |n| { n + 1 }).run(1)).unwrap(), 3);
    assert_eq!(now(body!({ 9 }).run(1)).unwrap(), 9);
    assert_eq!(now(placeholder!(_).run(1)).unwrap(), 6);
}
