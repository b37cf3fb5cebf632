//! Constants whose type has another name.

use async_orch::{pipeline, task};

use crate::now;

type Size = u8;

mod types {
    pub(super) type Flag = bool;
}

#[task]
fn sized<const N: Size, const F: types::Flag>(n: u8) -> u8 {
    if F { n + N } else { n }
}

#[test]
fn an_alias_is_its_type() {
    assert_eq!(now(pipeline! { |_: u8| seq < sized::<1, true> sized::<2, false>(_) > }.run(5)).unwrap(), 6);
}
