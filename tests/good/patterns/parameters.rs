//! The parameters of a task.

use async_orch::{pipeline, task};

use crate::now;

struct Point {
    x: u32,
    y: u32,
}

struct Pair<T>(T, T);

#[task]
fn apart(Point { x, y: renamed }: Point, [first, ..]: [u32; 3], (a, mut b): (u32, u32)) -> u32 {
    b += a;
    x + renamed + first + b
}

#[task]
async fn generic<T: std::ops::Add<Output = T>>(Pair(a, b): Pair<T>, _: String, ref c: u8) -> (T, u8) {
    (a + b, *c)
}

#[task]
fn either((Ok(n) | Err(n)): Result<u32, u32>, &m: &u32, all @ [_, _]: [u32; 2]) -> u32 {
    n + m + all[0]
}

#[test]
fn a_parameter_may_be_a_pattern() {
    let p = pipeline! { |_: Point| apart(_, [1, 2, 3], (4, 5)) };
    assert_eq!(now(p.run(Point { x: 1, y: 2 })).unwrap(), 13);
    assert_eq!(now(pipeline! { generic(Pair(1, 2), String::new(), 3) }.run(())).unwrap(), (3, 3));
    assert_eq!(now(pipeline! { either(Err(1), &2, [3, 4]) }.run(())).unwrap(), 6);
}
