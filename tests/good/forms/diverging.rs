//! A body that only panics says nothing of its type, and need not.

#![deny(warnings)]
#![allow(clippy::todo, clippy::unimplemented)]

use async_orch::{pipeline, task};

#[task]
fn show(n: u32) -> String {
    n.to_string()
}

#[tokio::test]
async fn runs() {
    let todo = pipeline! { |_: u32| seq < |_| { todo!() } show > };
    let last = pipeline! { |_: u32| seq < show |_| { panic!("{}", 1) } > };
    let unit = pipeline! { |_: u32| seq < show |_| { unimplemented!(); } |_| { 1 } > };
    let caught = pipeline! { |_: u32| catch < async |_| { unreachable!("never") } > };
    drop((todo, last, unit));
    assert!(caught.run(1).await.is_err());
}
