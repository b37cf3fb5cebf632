//! Tasks, and pipelines of them, inside of functions.

#![deny(warnings)]

use async_orch::{pipeline, task};

#[task]
fn outer(n: u32) -> u32 {
    n
}

#[tokio::test]
async fn runs() {
    #[task]
    async fn inner(n: u32) -> u32 {
        n + 1
    }

    let p = pipeline! { |_: u32| seq < outer inner > };
    assert_eq!(p.run(1).await.unwrap(), 2);

    {
        #[task]
        fn outer(n: u32) -> u32 {
            n + 10
        }

        let p = pipeline! { |_: u32| seq < outer inner > };
        assert_eq!(p.run(1).await.unwrap(), 12);
    }

    let call = async |n| pipeline! { |_: u32| seq < outer inner inner > }.run(n).await;
    assert_eq!(call(1).await.unwrap(), 3);
    // The functions are functions.
    assert_eq!(inner(outer(1)).await, 2);
}
