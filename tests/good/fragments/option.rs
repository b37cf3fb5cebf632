//! Fragments as options, with their names and without.

use async_orch::{pipeline, task};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::now;

#[task]
fn fail(calls: &AtomicU32) -> Result<u32, std::fmt::Error> {
    calls.fetch_add(1, Ordering::Relaxed);
    Err(std::fmt::Error)
}

macro_rules! options {
    ($calls:expr; $($option:ident = $value:expr),*; $backoff:expr) => {
        pipeline! { retry($($option = $value),*, backoff = $backoff, jitter = none) < fail($calls) > }
    };
    ($calls:expr; $word:ident; $flag:ident) => {
        pipeline! {
            par($flag) < retry(max_attempts = 2, jitter = $word, backoff = constant(1ms)) < fail($calls) > >
        }
    };
    ($calls:expr; $tokens:tt) => {
        pipeline! { retry $tokens < fail($calls) > }
    };
}

#[test]
fn an_option_may_be_a_fragment() {
    let calls = AtomicU32::new(0);
    assert!(
        now(options!(&calls; max_attempts = 1 + 2; async_orch::retry::constant(std::time::Duration::ZERO))
            .run(()))
        .is_err()
    );
    assert_eq!(calls.load(Ordering::Relaxed), 3);
    assert!(now(options!(&calls; full; settle).run(())).unwrap().0.is_err());
    assert_eq!(calls.load(Ordering::Relaxed), 5);
    assert!(now(options!(&calls; (max_attempts = 4, backoff = fibonacci(1s))).run(())).is_err());
    assert_eq!(calls.load(Ordering::Relaxed), 9);
}

macro_rules! asked {
    ($calls:expr, $when:expr) => {
        pipeline! { retry(max_attempts = 2, backoff = constant(0s), when = $when) < fail($calls) > }
    };
}

macro_rules! never {
    () => {
        |_| false
    };
}

fn never(_error: &async_orch::Error) -> bool {
    false
}

#[test]
fn so_may_what_is_asked_of_an_error() {
    let (calls, no) = (AtomicU32::new(0), false);
    let boxed: Box<dyn Fn(&async_orch::Error) -> bool + Send + Sync> = Box::new(move |_| no);
    let by_reference = |_: &async_orch::Error| no;
    let runs = [
        asked!(&calls, |_| false).boxed(),
        asked!(&calls, move |e| e.is_retryable() && no).boxed(),
        asked!(&calls, { |_| false }).boxed(),
        asked!(&calls, never).boxed(),
        asked!(&calls, never!()).boxed(),
        asked!(&calls, &by_reference).boxed(),
        asked!(&calls, boxed).boxed(),
        asked!(&calls, if no { never } else { never as fn(&async_orch::Error) -> bool }).boxed(),
    ];
    for run in &runs {
        assert!(now(run.run(())).is_err());
    }
    assert_eq!(calls.load(Ordering::Relaxed), 8, "one attempt each");
}
