//! A run inside a run, in every way there is: each is compiled to machine code and run. The gate does so in the release
//! profile as well.
//!
//! Whether the future of a run is `Send`, and of a known size, is asked once more when code is generated, with all
//! lifetimes different. What `cargo check` accepts can fail there, and did.

use std::future::Future;

use async_orch::bus::LogBus;
use async_orch::{BoxPipeline, Error, pipeline, task};

use common::at_once;

#[path = "../common/mod.rs"]
mod common;

/// Awaits a run where it is spawned: it is `Send`, and lives on its own.
fn spawned<F: Future<Output: Send> + Send + 'static>(run: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async { tokio::spawn(run).await.unwrap() })
}

#[task]
async fn add_one(n: u32) -> u32 {
    n + 1
}

macro_rules! observed {
    (yes, $pipeline:expr) => {
        $pipeline.with_bus(LogBus::new())
    };
    (no, $pipeline:expr) => {
        $pipeline
    };
}

macro_rules! matrix {
    ($($name:ident: $outer:ident around $inner:ident;)*) => {$(
        mod $name {
            use super::*;

            async fn run_inner(n: u32) -> Result<u32, Error> {
                observed!($inner, pipeline! { |_: u32| |n| { n + 1 } }).run(n).await
            }

            fn boxed() -> BoxPipeline<'static, u32, u32> {
                observed!($inner, pipeline! { |_: u32| seq < add_one > }).boxed()
            }

            #[task]
            async fn in_a_task(n: u32) -> Result<u32, Error> {
                run_inner(n).await
            }

            #[test]
            fn inline() {
                let outer = observed!($outer, pipeline! { |_: u32| async |n| { run_inner(n).await.unwrap() } });
                assert_eq!(at_once(outer.run(1)).unwrap(), 2);
                assert_eq!(spawned(async move { outer.run(1).await }).unwrap(), 2);
            }

            #[test]
            fn inline_that_names_its_pipeline() {
                let inner = observed!($inner, pipeline! { |_: u32| seq < |n| { n } add_one > });
                let outer = observed!($outer, pipeline! { |_: u32| async |n| { inner.run(n).await.unwrap() } });
                assert_eq!(at_once(outer.run(1)).unwrap(), 2);
            }

            #[test]
            fn inline_with_a_name() {
                let outer = observed!($outer, pipeline! {
                    |_: u32|
                    seq < let first = |n| { n } async |_| { run_inner(*first).await.unwrap() + *first } >
                });
                assert_eq!(at_once(outer.run(1)).unwrap(), 3);
                assert_eq!(spawned(async move { outer.run(1).await }).unwrap(), 3);
            }

            #[test]
            fn as_a_part_of_the_run() {
                let inner = observed!($inner, pipeline! { |_: u32| seq < |n| { n } add_one > });
                let outer = observed!($outer, pipeline! {
                    |_: u32|
                    seq < async |n, cx| { Ok(cx.run(&inner, n).await?) } async |n, cx| { Ok(cx.run(&boxed(), n).await?) } >
                });
                assert_eq!(at_once(outer.run(1)).unwrap(), 3);
            }

            #[test]
            fn inline_in_blocks() {
                let outer = observed!($outer, pipeline! {
                    |_: Vec<u32>|
                    each(limit = 2) < retry < par <
                        async |n| { run_inner(n).await }
                        async |n| { run_inner(n).await }
                    > > >
                });
                assert_eq!(at_once(outer.run(vec![1, 2])).unwrap(), [(2, 2), (3, 3)]);
                assert_eq!(spawned(async move { outer.run(vec![3]).await }).unwrap(), [(4, 4)]);
            }

            #[test]
            fn task() {
                let outer = observed!($outer, pipeline! { |_: u32| seq < in_a_task in_a_task > });
                assert_eq!(at_once(outer.run(1)).unwrap(), 3);
                assert_eq!(spawned(async move { outer.run(1).await }).unwrap(), 3);
            }

            #[test]
            fn embedded() {
                let inner = observed!($inner, pipeline! { |_: u32| seq < |n| { n } add_one > });
                let outer = observed!($outer, pipeline! { |_: u32| seq < { &inner } { &inner } > });
                assert_eq!(at_once(outer.run(1)).unwrap(), 3);
            }

            #[test]
            fn inline_boxed() {
                let outer = observed!($outer, pipeline! {
                    |_: u32| async |n| { boxed().run(n).await.unwrap() }
                });
                assert_eq!(at_once(outer.run(1)).unwrap(), 2);
                assert_eq!(spawned(async move { outer.run(1).await }).unwrap(), 2);
            }

            #[test]
            fn boxed_around() {
                let outer = observed!($outer, pipeline! { |_: u32| async |n| { run_inner(n).await.unwrap() } }).boxed();
                assert_eq!(at_once(outer.run(1)).unwrap(), 2);
                assert_eq!(spawned(async move { outer.run(1).await }).unwrap(), 2);
            }
        }
    )*};
}

matrix! {
    observed_in_observed: yes around yes;
    plain_in_observed: yes around no;
    observed_in_plain: no around yes;
    plain_in_plain: no around no;
}

/// The input is a parameter, of which the compiler knows no more than that it has a size.
#[test]
fn of_any_input() {
    async fn inner<T: Clone + Send + 'static>(value: T) -> (T, T) {
        let p = pipeline! { |_: T| par < |value| { value } |value| { value } > };
        p.with_bus(LogBus::new()).run(value).await.unwrap()
    }
    async fn outer<T: Clone + Send + 'static>(value: T) -> (T, T) {
        let p = pipeline! { |_: T| seq < async |value| { inner(value).await } > };
        p.with_bus(LogBus::new()).run(value).await.unwrap()
    }
    assert_eq!(spawned(outer("text".to_owned())), ("text".to_owned(), "text".to_owned()));
    assert_eq!(spawned(outer([7_u8; 3])), ([7; 3], [7; 3]));
}

/// A run awaited in an inline step of a run, and so on: each level asks anew whether all below it are `Send`.
#[test]
fn eight_levels() {
    macro_rules! level {
        ($name:ident: $below:ident) => {
            async fn $name(n: u32) -> u32 {
                let p = pipeline! { |_: u32| async |n| { $below(n).await + 1 } };
                p.with_bus(LogBus::new()).run(n).await.unwrap()
            }
        };
    }
    async fn zero(n: u32) -> u32 {
        n
    }
    level!(one: zero);
    level!(two: one);
    level!(three: two);
    level!(four: three);
    level!(five: four);
    level!(six: five);
    level!(seven: six);
    level!(eight: seven);
    assert_eq!(at_once(eight(0)), 8);
}
