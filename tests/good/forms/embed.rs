//! Pipelines as steps: by value, by reference, shared, of any kind.

#![deny(warnings)]

use std::sync::Arc;

use async_orch::{BoxError, Run, pipeline, task};

#[task]
fn inc(n: u32) -> u32 {
    n + 1
}

fn opaque() -> impl Run<In = u32, Out = u32, Error = BoxError> {
    pipeline! { |_: u32| inc }
}

#[tokio::test]
async fn runs() {
    let owned = pipeline! { |_: u32| seq < inc inc > };
    let shared = Arc::new(pipeline! { |_: u32| inc });
    let boxed = Box::new(opaque().with_bus(async_orch::NoBus));
    let borrowed = pipeline! { |_: u32| inc };
    let p = pipeline! {
        |_: u32|
        seq <
            { owned }
            { &borrowed }
            { Arc::clone(&shared) }
            { &boxed }
            { opaque() }
            circuit < { &*shared } >
            par < { &borrowed } { &borrowed } >
            |(a, b)| { a.max(b) }
            { pipeline! { |_: u32| seq < inc |n| { n * 2 } > } }
        >
    };
    assert_eq!(p.run(0).await.unwrap(), (2 + 4 + 1 + 1 + 1) * 2);
}
