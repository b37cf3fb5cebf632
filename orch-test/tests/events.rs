//! Assertions on events find out what they are for.

use std::panic::{AssertUnwindSafe, catch_unwind};

use async_orch::bus::Recorder;
use async_orch::{Run, pipeline, task};
use orch_test::{Assertions, Simulation};
use tokio::task::yield_now;

#[task]
async fn first() {
    yield_now().await;
}

#[task]
async fn second() {}

fn recorded(p: impl Run<In = ()>) -> Recorder {
    let recorder = Recorder::new();
    let _ = Simulation::new().run(&p.with_bus(recorder.clone()), ());
    recorder.assert_balanced();
    recorder
}

fn says(assertion: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(assertion)).expect_err("it does not hold");
    payload.downcast_ref::<String>().unwrap().clone()
}

#[test]
fn an_order_is_asserted_from_end_to_beginning() {
    recorded(pipeline! { seq < first() second() > }).assert_before("first", "second");
    let beside = recorded(pipeline! { par < first() second() > });
    let said = says(|| beside.assert_before("first", "second"));
    assert!(
        said.contains("`first` was not over when `second` began:\n") && said.contains("par/first"),
        "{said}"
    );
    let said = says(|| beside.assert_before("second", "first"));
    assert!(said.contains("was not over"), "{said}");
    assert!(says(|| beside.assert_before("first", "third")).contains("`third` has not begun"));
    assert!(says(|| beside.assert_before("zeroth", "first")).contains("`zeroth` has not begun"));
}

#[test]
fn an_order_is_one_in_each_run() {
    let recorder = Recorder::new();
    let p = pipeline! { seq < first() second() > }.with_bus(recorder.clone());
    let sim = Simulation::new();
    sim.run(&p, ()).unwrap();
    sim.run(&p, ()).unwrap();
    recorder.assert_before("first", "second");
    recorder.assert_starts("first", 2);
    assert!(says(|| recorder.assert_starts("first", 1)).contains("`first` has begun 2 times"));
}

#[test]
fn how_many_at_once_is_counted() {
    let recorder = recorded(pipeline! { par(limit = 2) < first() first() first() > });
    recorder.assert_at_most("first", 2);
    assert!(says(|| recorder.assert_at_most("first", 1)).contains("2 of `first` at once"));
    recorder.assert_at_most("nothing", 0);
}
