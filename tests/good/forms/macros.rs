//! Pipelines made by macros, and macros in pipelines.

#![deny(warnings)]

use async_orch::{pipeline, task};

macro_rules! numbered {
    ($($name:ident = $value:expr;)*) => {$(
        #[task]
        fn $name() -> u32 {
            $value
        }
    )*};
}

numbered! {
    one = 1;
    two = 1 + 1;
}

macro_rules! guarded {
    ($task:path, $limit:expr, $attempts:literal) => {
        pipeline! {
            |_: u32|
            circuit(fail_max = $limit) < retry(max_attempts = $attempts) < $task > >
        }
    };
}

macro_rules! sum_of {
    ($($task:ident),*; $add:expr) => {
        pipeline! { seq < par < $($task)* > |($($task,)*)| { 0 $(+ $task)* + $add } > }
    };
}

macro_rules! whole {
    ($($text:tt)*) => { pipeline! { $($text)* } };
}

#[task]
fn inc(n: u32) -> u32 {
    n + 1
}

#[tokio::test]
async fn runs() {
    let p = guarded!(inc, 2 + 1, 3);
    assert_eq!(p.run(1).await.unwrap(), 2);
    let p = sum_of!(one, two; 10);
    assert_eq!(p.run(()).await.unwrap(), 13);
    let p =
        whole! { |n: u32| seq < inc(*n) |x| { vec![x; 2] } each < inc > |all| { format!("{all:?}{n}") } > };
    assert_eq!(p.run(1).await.unwrap(), "[3, 3]1");
    let p = pipeline! { seq < one |n| { matches!(n, 1 | 2) } |yes| { assert!(yes, "{yes}"); yes } > };
    assert!(p.run(()).await.unwrap());
}
