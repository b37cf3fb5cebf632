//! On the generics of a task.

use async_orch::{pipeline, task};

use crate::now;

#[task]
fn types<#[cfg(any())] T: Missing, #[cfg(not(any()))] U: Into<u32>>(
    #[cfg(any())] t: T,
    #[cfg(not(any()))] u: U,
) -> u32 {
    u.into()
}

#[task]
fn constants<#[cfg(any())] const N: usize, const M: usize>() -> [u8; M] {
    [0; M]
}

#[task]
async fn lifetimes<#[cfg(any())] 'a, #[cfg(not(any()))] 'b>(
    #[cfg(any())] a: &'a Missing,
    b: &'b str,
) -> usize {
    b.len()
}

#[test]
fn a_generic_is_there_or_not() {
    let text = "ab".to_owned();
    assert_eq!(now(pipeline! { |_: u8| types }.run(3)).unwrap(), 3);
    assert_eq!(now(pipeline! { constants::<2> }.run(())).unwrap(), [0, 0]);
    assert_eq!(now(pipeline! { lifetimes(&text) }.run(())).unwrap(), 2);
}
