//! `$value:expr` in arguments, in the header, in options and as a whole step.

use async_orch::{Breaker, pipeline, task};
use std::time::Duration;

use crate::now;

#[task]
fn sum(a: u32, b: u32) -> u32 {
    a + b
}

macro_rules! given {
    ($argument:expr, $header:expr, $attempts:expr, $wait:expr, $breaker:expr, $limit:expr) => {
        pipeline! {
            let header = $header;
            |_: u32|
            seq <
                sum(_, $argument)
                sum(_, *header)
                retry(max_attempts = $attempts, backoff = constant($wait), when = |_| true) <
                    circuit(breaker = $breaker) < timeout($limit) < sum(_, 1) > >
                >
            >
        }
    };
}

macro_rules! step {
    ($step:expr) => {
        pipeline! { |_: u32| seq < $step > }
    };
}

macro_rules! closure {
    ($predicate:expr) => {
        pipeline! { |_: u32| retry(when = $predicate) < sum(_, 0) > }
    };
}

#[test]
fn an_expression_is_a_value() {
    let breaker = Breaker::new();
    let (wait, ten) = (Duration::from_secs(1), 10);
    let p = given!(ten * 2, ten + ten, 1 + 1, wait * 2, &breaker, wait + wait);
    assert_eq!(now(p.run(1)).unwrap(), 1 + 20 + 20 + 1);
}

#[test]
fn an_expression_is_a_step() {
    assert_eq!(now(step!(sum(_, 2)).run(1)).unwrap(), 3);
    let inner = step!(sum(_, 5));
    assert_eq!(now(step!({ &inner }).run(1)).unwrap(), 6);
    assert_eq!(now(step!(|n| { n + 3 }).run(1)).unwrap(), 4);
    assert_eq!(now(closure!(|e| e.attempts() > 1).run(1)).unwrap(), 1);
}
