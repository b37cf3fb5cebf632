//! Macros that are called as those of the standard library, or as the helpers.
#![allow(unused_macros)]

use async_orch::{pipeline, task};

use crate::now;

macro_rules! file {
    () => {
        compile_error!("not the standard library's")
    };
}

macro_rules! compile_error {
    ($($text:tt)*) => {
        missing
    };
}

macro_rules! vec {
    ($($text:tt)*) => {
        missing
    };
}

macro_rules! panic {
    () => {
        3
    };
}

macro_rules! own {
    ($name:ident) => {
        #[task]
        fn $name() -> u32 {
            let args = 1;
            let n = file_too!(args);
            n
        }
    };
}

macro_rules! file_too {
    ($args:ident) => {
        $args + 1
    };
}

own!(two);

#[test]
fn macros_of_the_users_are_theirs() {
    assert_eq!(now(pipeline! { seq < two |n| { n + panic!() } > }.run(())).unwrap(), 5);
}
