//! `$text:literal` as a name, a number, a duration.

use async_orch::{ErrorKind, pipeline, task};

use crate::now;

macro_rules! named {
    ($name:literal, $function:ident, $value:literal) => {
        #[task(name = $name)]
        fn $function() -> Result<u32, std::num::ParseIntError> {
            $value.parse()
        }
    };
}

named!("the first", first, "1");
named!("the second", second, "x");

macro_rules! guarded {
    ($task:ident, $block:literal, $step:literal, $attempts:literal, $wait:literal, $limit:literal) => {
        pipeline! {
            seq(name = $block) <
                retry(max_attempts = $attempts, backoff = exponential($wait, 2), jitter = none) <
                    timeout($limit) < $task as $step >
                >
            >
        }
    };
}

#[task]
async fn endless() -> Result<u32, std::fmt::Error> {
    std::future::pending().await
}

#[test]
fn a_literal_is_a_name() {
    let p = pipeline! { par < first second > };
    assert_eq!(p.graph().to_string(), "par\n├─ the first\n└─ the second");
    assert_eq!(now(p.run(())).unwrap_err().path(), "par/the second");
    let p = guarded!(second, "all", "number", 2, 1s, 10s);
    let error = now(p.run(())).unwrap_err();
    assert_eq!((error.path().as_str(), error.attempts()), ("all/retry/timeout/number", 2));
}

#[test]
fn a_literal_is_a_duration() {
    let p = guarded!(endless, "all", "number", 1, 10ms, 1.5s);
    assert!(matches!(now(p.run(())).unwrap_err().kind(), ErrorKind::TimedOut));
}
