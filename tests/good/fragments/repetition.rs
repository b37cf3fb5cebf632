//! Steps, arguments, names and tasks by repetition.

use async_orch::{pipeline, task};

use crate::now;

macro_rules! constants {
    ($($name:ident = $value:expr;)*) => {$(
        #[task]
        fn $name() -> u32 {
            $value
        }
    )*};
}

constants! {
    one = 1;
    two = 1 + 1;
}

#[task]
fn sum(a: u32, b: u32, c: u32) -> u32 {
    a + b + c
}

macro_rules! all {
    ($($task:ident),*; $($argument:expr),*) => {
        pipeline! {
            |_: u32|
            seq <
                $(let $task = $task)*
                |_| { 0 $(+ *$task)* }
                sum(_, $($argument),*)
            >
        }
    };
}

macro_rules! nested {
    ($($($task:ident)+),*) => { pipeline! { par < $(seq < $($task)+ >)* > } };
}

#[test]
fn steps_may_be_repeated() {
    assert_eq!(now(all!(one, two; 10, 20 + 30).run(0)).unwrap(), 63);
    assert_eq!(now(nested!(one two, two).run(())).unwrap(), (2, 2));
}
