//! A task that nobody uses is dead code, at the function; one that is used in either way is not.
#![deny(dead_code)]

use async_orch::{Run, pipeline, task};

use crate::now;

#[task]
fn only_called(n: u32) -> u32 {
    n
}

#[task]
fn only_a_step(n: u32) -> u32 {
    n
}

#[task]
fn only_with_arguments<T>(n: T) -> T {
    n
}

#[task]
fn only_mentioned() {}

#[task]
#[expect(dead_code)]
fn nobody_uses(n: u32) -> u32 {
    n
}

#[task]
#[expect(dead_code)]
async fn nobody_uses_this<T>(value: T, n: impl Into<u32>) -> Result<T, std::io::Error> {
    let _ = n.into();
    Ok(value)
}

mod inner {
    #[async_orch::task]
    #[expect(dead_code)]
    pub(crate) fn nor_this(n: u32) -> super::Given {
        super::Given(n)
    }
}

pub(crate) struct Given(#[expect(dead_code)] u32);

#[test]
fn use_is_use() {
    fn mention<T>(_: T) {}
    mention(only_mentioned);
    let p = pipeline! { |_: u32| seq < only_a_step only_with_arguments(_) > };
    assert_eq!(now(Run::run(&p, only_called(3))).unwrap(), 3);
}
