//! A pipeline as a `Pipeline`, as an `impl Run` and as a `BoxPipeline`: whatever one of them can, all three can.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_orch::bus::Recorder;
use async_orch::{BoxError, BoxPipeline, Run, TaskState, pipeline, task};
use orch_test::Simulation;

use common::at_once;

mod common;

#[task]
async fn double(n: u32) -> u32 {
    n * 2
}

#[task]
fn refuse_odd(n: u32) -> Result<u32, &'static str> {
    if n % 2 == 1 { Err("odd") } else { Ok(n) }
}

/// How many tasks were executed on a foreign runtime.
fn executed(sim: &Simulation) -> usize {
    sim.trace().iter().filter(|line| line.ends_with(" starts")).count()
}

fn opaque() -> impl Run<In = u32, Out = u32, Error = BoxError> + 'static {
    pipeline! { |_: u32| seq(name = "p") < refuse_odd double > }
}

fn opaque_without_input() -> impl Run<In = (), Out = u32, Error = BoxError> + 'static {
    pipeline! { double(4) }
}

/// What a function generic over pipelines does with one.
async fn generic<P: Run<In = u32, Out = u32, Error = BoxError>>(pipeline: P) -> u32 {
    pipeline.run(4).await.unwrap()
}

/// Calls each of them with a function that makes the form anew.
macro_rules! forms {
    ($($form:ident: $make:expr, $without_input:expr;)*) => {$(
        mod $form {
            use super::*;

            #[test]
            fn run() {
                let p = $make;
                assert_eq!(at_once(p.run(4)).unwrap(), 8);
                assert_eq!(at_once(p.run(3)).unwrap_err().to_string(), "step `p/refuse_odd` failed: odd");
            }

            #[test]
            fn run_as() {
                let error = at_once($make.run_as("order-17", 3)).unwrap_err();
                assert_eq!((error.key(), error.path().as_str()), (Some("order-17"), "p/refuse_odd"));
            }

            #[test]
            fn run_of_a_pipeline_without_input() {
                let p = $without_input;
                assert_eq!(at_once(async_orch::run(&p)).unwrap(), 8);
                assert_eq!(at_once(async_orch::run(p)).unwrap(), 8);
            }

            #[test]
            fn with_bus() {
                let recorder = Recorder::new();
                let p = $make;
                assert_eq!(at_once((&p).with_bus(&recorder).run(4)).unwrap(), 8);
                assert_eq!(recorder.paths(), ["p", "p/refuse_odd", "p/double"]);
                recorder.assert_balanced();
                recorder.clear();
                assert_eq!(at_once(p.with_bus(recorder.clone()).run_as("key", 4)).unwrap(), 8);
                assert_eq!(recorder.events()[0].key.as_deref(), Some("key"));
            }

            #[test]
            fn graph() {
                assert_eq!($make.graph().to_string(), "seq p\n├─ refuse_odd\n└─ double");
            }

            #[test]
            fn boxed() {
                let boxed: BoxPipeline<'static, u32, u32> = $make.boxed();
                assert_eq!(at_once(boxed.run(4)).unwrap(), 8);
                let observed = Recorder::new();
                let boxed: BoxPipeline<'_, u32, u32> = $make.with_bus(&observed).boxed();
                assert_eq!(at_once(boxed.run(4)).unwrap(), 8);
                assert_eq!(observed.events().len(), 6, "a bus goes into the box");
            }

            #[test]
            fn on() {
                let (p, sim) = ($make, Simulation::new());
                assert_eq!(sim.block_on(p.on(&sim).run(4)).unwrap().unwrap(), 8);
                assert_eq!(executed(&sim), 2);
                let recorder = Recorder::new();
                let p = p.with_bus(&recorder);
                assert_eq!(sim.block_on(p.on(&sim).run_as("key", 4)).unwrap().unwrap(), 8);
                assert_eq!((executed(&sim), recorder.events().len()), (2 + 2, 6));
            }

            #[test]
            fn embedded_by_value_by_reference_and_shared() {
                let recorder = Recorder::new();
                let (p, shared) = ($make, Arc::new($make));
                let outer = pipeline! {
                    |_: u32| seq(name = "outer") < { &p } par(limit = 1) < { shared.clone() } { $make } > >
                };
                assert_eq!(at_once(outer.run(4)).unwrap(), (16, 16));
                assert_eq!(at_once((&outer).with_bus(&recorder).run(4)).unwrap(), (16, 16));
                recorder.assert_balanced();
                // What is inside waits behind the limit as a step of its own.
                let waited = recorder.states("outer/par/p");
                assert_eq!(waited.iter().filter(|state| **state == TaskState::Pending).count(), 1, "{waited:?}");
                let sim = Simulation::new();
                assert_eq!(sim.run(&outer, 4).unwrap(), (16, 16));
                assert_eq!(executed(&sim), 6);
                let error = at_once(outer.run(3)).unwrap_err();
                assert_eq!(error.path(), "outer/p/refuse_odd");
                assert!(outer.graph().find("outer/par/p/double").is_some());
            }

            #[test]
            fn generic_use() {
                let p = $make;
                assert_eq!(at_once(generic(&p)), 8);
                assert_eq!(at_once(generic(Arc::new(p))), 8);
                assert_eq!(at_once(generic(Box::new($make))), 8);
                assert_eq!(at_once(generic($make)), 8);
            }

            #[tokio::test]
            async fn spawned() {
                let p = Arc::new($make);
                assert_eq!(tokio::spawn(async move { p.run(4).await }).await.unwrap().unwrap(), 8);
            }

            #[test]
            fn runs_at_once() {
                let p = $make;
                let both = futures::future::join(p.run(2), p.run(4));
                let (one, other) = at_once(both);
                assert_eq!((one.unwrap(), other.unwrap()), (4, 8));
            }

            #[test]
            fn debug_shows_the_steps() {
                let shown = format!("{:?}", $make.boxed());
                assert!(shown.contains("├─ refuse_odd"), "{shown}");
            }
        }
    )*};
}

forms! {
    pipeline_value: pipeline! { |_: u32| seq(name = "p") < refuse_odd double > }, pipeline! { double(4) };
    impl_run: opaque(), opaque_without_input();
    box_pipeline: opaque().boxed(), opaque_without_input().boxed();
    box_of_a_box: Run::boxed(opaque().boxed()), Run::boxed(opaque_without_input().boxed());
}

#[test]
fn a_boxed_pipeline_has_its_own_bus_for_its_own_runs_alone() {
    let (inside, outside) = (Recorder::new(), Recorder::new());
    let boxed = opaque().with_bus(inside.clone()).boxed();
    let outer = pipeline! { |_: u32| seq(name = "outer") < { &boxed } > }.with_bus(outside.clone());
    at_once(outer.run(4)).unwrap();
    assert_eq!((inside.events().len(), outside.events().len()), (0, 8));
    at_once(boxed.run(4)).unwrap();
    assert_eq!((inside.events().len(), outside.events().len()), (6, 8));
}

#[test]
fn nothing_happens_before_a_run_is_polled() {
    let called = AtomicU32::new(0);
    let boxed = pipeline! { |_: u32| |n| { called.fetch_add(1, Ordering::Relaxed); n } }.boxed();
    let outer = pipeline! { |_: u32| { &boxed } };
    let (one, other) = (boxed.run(1), outer.run(1));
    assert_eq!(called.load(Ordering::Relaxed), 0);
    drop((one, other));
    at_once(outer.run(1)).unwrap();
    assert_eq!(called.load(Ordering::Relaxed), 1);
}
