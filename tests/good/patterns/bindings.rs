//! Names and inline steps.

use async_orch::{pipeline, task};

use crate::now;

#[derive(Clone, Debug)]
struct Point {
    x: u32,
    y: u32,
}

struct Pair(u32, u32);

enum Either {
    Left(u32),
    Right(u32),
}

#[task]
fn point(n: u32) -> Point {
    Point { x: n, y: n + 1 }
}

#[test]
fn any_pattern_that_always_matches() {
    let p = pipeline! {
        |_: u32|
        seq <
            let whole @ Point { x, y: renamed } = point
            let ((a, _), [b, .., c]) = |_| { ((1, 2), [3, 4, 5]) }
            let Pair(first, ref second) = |_| { Pair(6, 7) }
            let (Either::Left(sure) | Either::Right(sure)) = |_| { if *a > 0 { Either::Left(8) } else { Either::Right(9) } }
            |_| { (whole.x + x + renamed, a + b + c, first + second, *sure) }
            |(a, mut b, ..)| { b += a; b }
            |n @ _| { n }
            |_unused| { 1 }
        >
    };
    assert_eq!(now(p.run(1)).unwrap(), 1);
}
