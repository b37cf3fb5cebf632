//! Any spacing closes blocks, and a comma between steps means nothing.

#![deny(warnings)]

use async_orch::{pipeline, task};

#[task]
async fn one() -> u32 {
    1
}

#[task]
fn inc(n: u32) -> u32 {
    n + 1
}

#[rustfmt::skip] // for the spacing
#[tokio::test]
async fn runs() {
    let p = pipeline! { seq<seq<seq<one>>> };
    assert_eq!(p.run(()).await.unwrap(), 1);
    let p = pipeline! { seq < seq<seq < one> >> };
    assert_eq!(p.run(()).await.unwrap(), 1);
    let p = pipeline!(seq<circuit<retry<timeout(1s)<catch<one>>>>>);
    assert_eq!(p.run(()).await.unwrap(), 1);
    let p = pipeline![seq<one,inc,inc,>];
    assert_eq!(p.run(()).await.unwrap(), 3);
    let p = pipeline! { par<one, seq<one inc>, seq<one, inc, inc>> };
    assert_eq!(p.run(()).await.unwrap(), (1, 2, 3));
    let p = pipeline! {
        seq <
            par <
                one
                one > |(a, b)| { a + b } inc
        >
    };
    assert_eq!(p.run(()).await.unwrap(), 3);
    let p = pipeline! { |_: Vec<Vec<u32>>| each<each<inc>> };
    assert_eq!(p.run(vec![vec![1], vec![2]]).await.unwrap(), [[2], [3]]);
}
