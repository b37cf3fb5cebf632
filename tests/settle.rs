//! The block `settle`: the body's result as a value.

use std::io;
use std::time::Duration;

use async_orch::bus::Recorder;
use async_orch::{BoxError, Breaker, Error, ErrorKind, Run, TaskState, pipeline, task};

use common::{Oops, at_once};

mod common;

#[task]
fn even(n: u32) -> Result<u32, Oops> {
    if n.is_multiple_of(2) { Ok(n) } else { Err(Oops("odd")) }
}

#[test]
fn settle_1_an_error_is_a_value_and_the_steps_after_it_run() {
    let p = pipeline! { |_: u32| seq < settle < even > |result| { result.map_or(0, |n| n + 1) } > };
    assert_eq!(at_once(p.run(2)).unwrap(), 3);
    assert_eq!(at_once(p.run(3)).unwrap(), 0);
}

#[test]
fn settle_1_the_error_is_whole() {
    let p = pipeline! { |_: u32| settle < retry(max_attempts = 2, backoff = constant(0s)) < even > > };
    let error: Error = at_once(p.run(3)).unwrap().unwrap_err();
    assert_eq!(error.to_string(), "step `settle/retry/even` failed after 2 attempts: odd");
    assert!(error.is::<Oops>());
}

#[tokio::test(start_paused = true)]
async fn settle_2_rejections_and_timeouts_are_values_too() {
    let breaker = Breaker::new();
    breaker.isolate();
    let p = pipeline! {
        par <
            settle < circuit(breaker = &breaker) < even(2) > >
            settle < timeout(1s) < async |()| { forever().await } > >
        >
    };
    async fn forever() {
        tokio::time::sleep(Duration::MAX).await;
    }
    let (rejected, late) = p.run(()).await.unwrap();
    assert!(matches!(rejected.unwrap_err().kind(), ErrorKind::CircuitOpen { .. }));
    assert!(matches!(late.unwrap_err().kind(), ErrorKind::TimedOut));
}

#[test]
fn settle_3_a_panic_is_not_but_with_a_catch() {
    let p = pipeline! { |_: u32| settle < catch < |n| { assert!(n > 0, "zero"); n } > > };
    let error = at_once(p.run(0)).unwrap().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Panicked(_)));
    let p = pipeline! { |_: u32| settle < |n| { assert!(n > 0, "zero"); n } > };
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| at_once(p.run(0)).map(drop)));
    assert!(panic.is_err());
}

#[test]
fn settle_4_given_back_by_a_later_step_it_goes_on_as_it_was() {
    let p = pipeline! {
        |_: u32|
        seq(name = "s") <
            settle < retry(max_attempts = 2, backoff = constant(0s)) < even > >
            |r| { r } as "give"
        >
    };
    let error = at_once(p.run(3)).unwrap_err();
    assert_eq!((error.attempts(), error.is::<Oops>()), (2, true));
    assert!(error.path().ends_with("settle/retry/even"), "{}", error.path());
    let p = pipeline! { |_: u32| seq < settle < even > |r, cx| { let n = r?; let _ = cx; Ok(n) } > };
    assert!(at_once(p.run(3)).unwrap_err().is::<Oops>());
    assert_eq!(at_once(p.run(2)).unwrap(), 2);
}

#[test]
fn settle_5_the_flag_of_par_is_a_settle_around_each_child() {
    let flag = pipeline! { |_: u32| par(settle) < even |n| { n } > };
    let blocks = pipeline! { |_: u32| par < settle < even > settle < |n| { n } > > };
    let show = |(a, b): (Result<u32, Error>, Result<u32, Error>)| {
        (a.map_err(|error| error.task().map(BoxError::to_string)), b.map_err(drop))
    };
    for n in [2, 3] {
        assert_eq!(show(at_once(flag.run(n)).unwrap()), show(at_once(blocks.run(n)).unwrap()));
    }
}

#[test]
fn settle_6_it_succeeds_and_what_failed_inside_says_so_itself() {
    let recorder = Recorder::new();
    let p = pipeline! { |_: u32| seq < settle < even > > };
    at_once((&p).with_bus(&recorder).run(3)).unwrap().unwrap_err();
    recorder.assert_balanced();
    assert_eq!(recorder.states("seq/settle/even"), [TaskState::Running, TaskState::Failed]);
    assert_eq!(recorder.states("seq/settle"), [TaskState::Running, TaskState::Succeeded]);
}

#[test]
fn settle_7_an_optional_step_in_a_typed_pipeline() {
    #[derive(Debug, PartialEq)]
    struct Mine(String);
    impl std::fmt::Display for Mine {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str(&self.0)
        }
    }
    impl std::error::Error for Mine {}
    impl From<io::Error> for Mine {
        fn from(error: io::Error) -> Self {
            Mine(error.to_string())
        }
    }
    #[task]
    fn read(_n: u32) -> io::Result<u32> {
        Err(io::Error::other("disk"))
    }
    let p = pipeline! { error = Mine; |_: u32| settle < read > };
    let error: Error<Mine> = at_once(p.run(1)).unwrap().unwrap_err();
    assert_eq!(error.task(), Some(&Mine("disk".to_owned())));
}
