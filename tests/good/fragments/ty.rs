//! `$t:ty`: parameters, outputs, results, turbofish, annotations.

use async_orch::{pipeline, task};
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::now;

static SAVED: AtomicU32 = AtomicU32::new(0);

macro_rules! step {
    ($name:ident, $result:ty, $body:block) => {
        #[task]
        async fn $name() -> $result $body
    };
    ($name:ident($ty:ty)) => {
        #[task]
        fn $name(value: $ty, all: Vec<$ty>, by: fn($ty) -> $ty) -> ($ty, [$ty; 1]) {
            let _ = all;
            (by(value.clone()), [value])
        }
    };
    (borrow $name:ident(&$ty:ty)) => {
        #[task]
        fn $name(value: &$ty) -> String {
            value.to_string()
        }
    };
}

step!(save, Result<(), io::Error>, {
    SAVED.fetch_add(1, Ordering::Relaxed);
    Err(io::Error::other("not yet"))
});
step!(saved, io::Result<u32>, { Ok(7) });
step!(again, std::io::Result<u32>, { Ok(7) });
step!(pair(String));
step!(borrow shown(&(dyn std::fmt::Display + Sync + 'static)));
step!(borrow displayed(&(dyn std::fmt::Display + Sync)));

#[task]
fn parse<T: std::str::FromStr>(text: String) -> Option<T> {
    text.parse().ok()
}

macro_rules! typed {
    ($ty:ty, $out:ty) => {
        pipeline! { |_: $ty| seq < parse::<$out> |n: Option<$out>| { n.unwrap_or_default() } let n: $out = |n| { n } |_| { *n } > }
    };
}

#[test]
fn a_result_is_one_from_a_fragment_too() {
    let p = pipeline! { retry(max_attempts = 5, jitter = none) < save > };
    assert_eq!(now(p.run(())).unwrap_err().attempts(), 5);
    assert_eq!(SAVED.load(Ordering::Relaxed), 5);
    assert_eq!(now(pipeline! { par < saved again > }.run(())).unwrap(), (7, 7));
}

#[test]
fn a_type_is_a_parameter() {
    let p = pipeline! { |_: String| pair(_, vec![], |text| text + "!") };
    assert_eq!(now(p.run("a".to_owned())).unwrap(), ("a!".to_owned(), ["a".to_owned()]));
    assert_eq!(now(pipeline! { displayed(&1.5) }.run(())).unwrap(), "1.5");
    assert_eq!(shown(&3), "3");
    assert_eq!(now(typed!(String, u64).run("12".to_owned())).unwrap(), 12);
}
