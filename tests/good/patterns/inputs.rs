//! The input.

use async_orch::pipeline;

use crate::now;

#[test]
fn the_input_is_taken_apart() {
    let p = pipeline! { |(a, [b, ..]): (u32, [u32; 2])| |_| { a + b } };
    assert_eq!(now(p.run((1, [2, 3]))).unwrap(), 3);
    let p = pipeline! { |whole @ (a, _): (u32, u32)| seq < |_| { whole.1 + a } > };
    assert_eq!(now(p.run((1, 2))).unwrap(), 3);
    let p = pipeline! { |n: u32| |_| { n + 1 } };
    assert_eq!(now(p.run(1)).unwrap(), 2);
}
