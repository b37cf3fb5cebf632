//! Macros that make macros that make tasks and pipelines.

use async_orch::{pipeline, task};

use crate::now;

macro_rules! family {
    ($make:ident, $run:ident, $ty:ty, $value:expr) => {
        macro_rules! $make {
            ($name:ident) => {
                #[task]
                fn $name(n: $ty) -> $ty {
                    n + $value
                }
            };
        }
        macro_rules! $run {
            ($task:path) => {
                pipeline! { |_: $ty| seq < $task |n: $ty| { n * $value } > }
            };
        }
    };
}

family!(adds, adding, u64, 1 + 1);
adds!(two_more);

macro_rules! outer {
    ($($text:tt)*) => { inner! { $($text)* } };
}

macro_rules! inner {
    ($task:ident $($rest:tt)*) => { adding!($task $($rest)*) };
}

#[test]
fn fragments_pass_through_macros() {
    assert_eq!(now(adding!(two_more).run(1)).unwrap(), 6);
    assert_eq!(now(outer!(two_more).run(1)).unwrap(), 6);
}
