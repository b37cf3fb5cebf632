//! `Result` under another name by an import.

use async_orch::{pipeline, task};
use std::fmt::Error as E;
use std::result::Result as R;

use crate::now;

#[task(fallible)]
fn renamed(n: u32) -> R<u32, E> {
    if n == 0 { Err(E) } else { Ok(n) }
}

macro_rules! renamed {
    ($name:ident, $ty:ty) => {
        #[task(fallible)]
        async fn $name(n: u32) -> $ty {
            Ok(n)
        }
    };
}

renamed!(from_a_fragment, R<u32, E>);

#[test]
fn an_import_is_no_other_type() {
    let p = pipeline! { |_: u32| seq < renamed from_a_fragment > };
    assert_eq!(now(p.run(1)).unwrap(), 1);
    assert!(now(p.run(0)).unwrap_err().is::<E>());
}
