//! `$p:pat` for parameters, names and inline steps.

use async_orch::{pipeline, task};

use crate::now;

macro_rules! takes {
    ($name:ident($p:pat => $ty:ty) $body:expr) => {
        #[task]
        fn $name($p: $ty) -> u32 {
            $body
        }
    };
}

takes!(first((a, _) => (u32, u32)) a);
takes!(grown(mut n => u32) { n += 1; n });
takes!(ignored(_ => String) 3);

macro_rules! apart {
    ($p:pat, $value:expr, $out:expr) => {
        pipeline! { |_: (u32, u32)| seq < |$p| { $value } let $p = |n| { (n, n) } |_| { $out } > }
    };
}

macro_rules! whole {
    ($input:pat, $out:expr) => {
        pipeline! { |$input: (u32, u32)| |_| { $out } }
    };
}

#[test]
fn a_pattern_may_be_a_fragment() {
    assert_eq!(now(pipeline! { |_: (u32, u32)| seq < first grown > }.run((1, 2))).unwrap(), 2);
    assert_eq!(now(pipeline! { |_: String| ignored }.run(String::new())).unwrap(), 3);
    assert_eq!(now(apart!((a, b), a + b, a + b).run((1, 2))).unwrap(), 6);
    assert_eq!(now(whole!((_, b), *b).run((1, 2))).unwrap(), 2);
}
