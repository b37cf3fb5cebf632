//! The same tasks as another crate sees them.
#![deny(warnings)]

use std::future::Future;

use async_orch::{Run, pipeline};
use good_library::foreign::{above, below, between};
use good_library::{Missing, fetch, lookup};

fn now<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}

#[test]
fn tasks_of_another_crate() {
    let base = "base/".to_owned();
    let p = pipeline! {
        |id: u32|
        seq < fetch(&base, *id) good_library::size::<_, 3> |n| { n.unwrap_or(0) } good_library::show >
    };
    assert_eq!(now(p.run(1)).unwrap(), "9");
    assert_eq!(now(p.run(0)).unwrap_err().downcast_ref(), Some(&Missing));
    assert!(p.graph().find("seq/size of").is_some());
    assert_eq!(now(lookup("abc").run(1)).unwrap(), 5);
}

#[test]
fn tasks_under_another_name() {
    assert_eq!(now(pipeline! { |_: u32| good_library::shown }.run(1)).unwrap(), 2);
    assert_eq!(good_library::shown(1), 2);
}

#[test]
fn a_deprecated_task_is_deprecated_here() {
    #[expect(deprecated)]
    let p = pipeline! { good_library::old };
    assert_eq!(now(p.run(())).unwrap(), 0);
}

#[test]
fn attributes_of_other_libraries() {
    let p = pipeline! { |_: u32| seq < below above between(('x', 'y'), _) > };
    assert_eq!(now(p.run(1)).unwrap(), ('x', 3));
}
