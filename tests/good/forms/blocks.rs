//! Options of `par`, `each`, `circuit`, `retry`, `timeout` and `catch`.

#![deny(warnings)]

use std::time::Duration;

use async_orch::{Breaker, pipeline, task};

#[task]
fn inc(n: u32) -> Result<u32, std::num::TryFromIntError> {
    u32::try_from(u64::from(n) + 1)
}

#[tokio::test]
async fn runs() {
    let (limit, wait) = (2, Duration::from_secs(1));
    let p = pipeline! {
        |_: u32|
        seq(name = "all") <
            par(limit = limit, settle, name = "settled") < inc inc inc >
            |(a, b, c)| { [a, b, c].into_iter().flatten().sum::<u32>() }
            par(limit = 1) < inc >
            |(n,)| { vec![n, n] }
            each(limit = limit, name = "each") < inc >
            each(settle) < inc >
            |all| { all.into_iter().flatten().count() as u32 }
            circuit(
                fail_max = 3,
                reset_timeout = 1.5s,
                probes = 2,
                ignore = |e| e.task().is_none(),
                name = "guard"
            ) < inc >
            circuit(breaker = Breaker::builder().build()) < inc inc >
            circuit(reset_timeout = wait) < inc >
            retry < inc >
            retry(max_attempts = unlimited, backoff = exponential(10ms, 3), max_delay = 1s, jitter = none) <
                inc
            >
            retry(backoff = fibonacci(wait), jitter = full, when = |e| e.is_retryable(), name = "again") <
                inc
            >
            retry(backoff = constant(10ms), jitter = equal, max_attempts = 2) < inc inc >
            timeout(5m) < inc >
            timeout(wait * 2, name = "soon") < inc >
            catch < inc >
            catch(name = "caught") < inc >
        >
    };
    assert_eq!(p.run(1).await.unwrap(), 2 + 13);
}
