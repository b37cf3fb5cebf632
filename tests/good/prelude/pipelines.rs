//! Pipelines without a prelude.
#![no_implicit_prelude]

use ::async_orch::{pipeline, task};
use ::std::assert_eq;
use ::std::vec;

#[task]
fn inc(n: u32) -> u32 {
    n + 1
}

#[test]
fn a_pipeline_needs_no_prelude() {
    let inner = pipeline! { |_: u32| inc };
    let p = pipeline! {
        let by = 2;
        |n: u32|
        seq(name = "all") <
            inc(*n)
            par(limit = 1) < inc |m| { m } async |m| { m + *by } { &inner } >
            |(a, b, c, d)| { vec![a, b, c, d] }
            each(limit = 2) <
                retry(max_attempts = 2, backoff = exponential(100ms), when = |e| e.attempts() < 2) <
                    circuit(fail_max = 2, ignore = |_| false) < timeout(1s) < catch < inc > > >
                >
            >
            |all| { all.len() }
            |length| { ::std::result::Result::<u8, _>::Ok(::std::convert::TryFrom::try_from(length)?) }
        >
    };
    assert_eq!(crate::now(p.run(1)).unwrap(), 4);
    let collected = pipeline! { seq(collect) < inc(1) inc let _ = inc inc(4) > };
    assert_eq!(crate::now(collected.run(())).unwrap(), (2, 3, 5));
}
