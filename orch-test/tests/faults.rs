//! What can happen to an attempt, and where.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use async_orch::{BoxError, ErrorKind, pipeline, task};
use orch_test::{Simulation, Stopped};

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("declined {0}")]
struct Declined(u32);

#[task]
async fn pay(calls: &Mutex<Vec<u32>>, amount: u32) -> Result<u32, Declined> {
    calls.lock().unwrap().push(amount);
    Ok(amount)
}

#[task]
async fn count(calls: &AtomicU32) -> u32 {
    calls.fetch_add(1, SeqCst)
}

fn text(test: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(test)).expect_err("it panics");
    payload
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| payload.downcast_ref().map(|text: &&str| (*text).to_owned()))
        .unwrap()
}

#[test]
fn a_fault_is_where_it_is_to_be_and_nowhere_else() {
    let calls = Mutex::default();
    let p = pipeline! { |_: Vec<u32>| each(limit = 1) < retry(max_attempts = 3) < pay(&calls, _) > > };
    let take = || std::mem::take(&mut *calls.lock().unwrap());

    let sim = Simulation::new();
    sim.at("pay").item(1).attempt(1).fail(Declined(1));
    assert_eq!(sim.run(&p, vec![5, 6, 7]).unwrap(), [5, 6, 7]);
    assert_eq!(take(), [5, 6, 7], "the attempt that failed has called nothing");

    let sim = Simulation::new();
    sim.at("each/retry/pay").item(1).fail(Declined(2));
    let error = sim.run(&p, vec![5, 6, 7]).unwrap_err();
    assert_eq!((error.attempts(), error.downcast_ref()), (3, Some(&Declined(2))));
    assert_eq!(take(), [5]);

    let sim = Simulation::new();
    sim.at("pay").nth(4).fail(Declined(3));
    sim.at("pay").times(2).fail(Declined(4));
    assert_eq!(sim.run(&p, vec![5, 6, 7]).unwrap(), [5, 6, 7]);
    assert_eq!(take(), [5, 6, 7]);
    let fails =
        |sim: Simulation| sim.trace().iter().filter(|line| line.ends_with("fails, as the test says")).count();
    assert_eq!(
        fails(sim),
        3,
        "two attempts at the first item, and the first at the second, which is the fourth of all"
    );
}

#[test]
fn rules_of_one_step_by_item_are_told_apart() {
    let calls = Mutex::default();
    let p = pipeline! { |_: Vec<Vec<u32>>| each < each(settle) < pay(&calls, _) > > };
    let sim = Simulation::seed(4);
    sim.at("pay").item(0).fail(Declined(0));
    let rows = sim.run(&p, vec![vec![1, 2], vec![3, 4]]).unwrap();
    let ok: Vec<Vec<bool>> = rows.iter().map(|row| row.iter().map(Result::is_ok).collect()).collect();
    assert_eq!(ok, [[false, true], [false, true]], "the item of the innermost each");
}

#[test]
fn errors_that_cannot_be_cloned_are_made() {
    #[task]
    async fn any() -> Result<u32, BoxError> {
        Ok(1)
    }
    let sim = Simulation::new();
    sim.at("any").fail_with(|at| BoxError::from(format!("no {}", at.attempt())));
    let error = sim.run(&pipeline! { retry(max_attempts = 2) < any() > }, ()).unwrap_err();
    assert_eq!(error.to_string(), "step `retry/any` failed after 2 attempts: no 2");
}

#[test]
fn a_panic_is_one_and_can_be_caught() {
    let calls = AtomicU32::new(0);
    let sim = Simulation::new();
    sim.at("count").once().panic("out of cheese");
    let error = sim.run(&pipeline! { catch < count(&calls) > }, ()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Panicked(panicked) if panicked.message() == "out of cheese"));
    assert_eq!(calls.load(SeqCst), 0);

    let sim = Simulation::new();
    sim.at("count").panic("of the run");
    let p = pipeline! { seq < count(&calls) > };
    assert_eq!(text(|| drop(sim.run(&p, ()))), "of the run");
    // The simulation stays usable, as a pipeline does.
    assert_eq!(text(|| drop(sim.run(&p, ()))), "of the run");
}

#[test]
fn what_hangs_is_cut_off_by_time_or_told() {
    let calls = AtomicU32::new(0);
    let sim = Simulation::new();
    sim.at("count").attempt(1).hang();
    let p = pipeline! {
        retry(max_attempts = 2, backoff = constant(1s), jitter = none) < timeout(1h) < count(&calls) > >
    };
    assert_eq!(sim.run(&p, ()).unwrap(), 0);
    assert_eq!(sim.elapsed(), Duration::from_secs(3_601));
    let sim = Simulation::new();
    sim.at("second").hang();
    let p = pipeline! { par < count(&calls) count(&calls) as "second" > };
    let stopped = sim.try_run(&p, ()).unwrap_err();
    assert!(
        matches!(&stopped, Stopped::Stalled { waiting, .. } if *waiting == ["par/second hangs"]),
        "{stopped}"
    );
    assert_eq!(text(|| drop(sim.run(&p, ()))), "the run stands still for ever\n  - run 2: par/second hangs");
}

#[test]
fn delays_add_up_and_effects_come_before_late_answers() {
    let calls = AtomicU32::new(0);
    let p = pipeline! { settle < timeout(10s) < count(&calls) > > };
    let run = |delay: u64, answer: u64| {
        let sim = Simulation::new();
        sim.at("count").delay(Duration::from_secs(delay));
        sim.at("count").delay_answer(Duration::from_secs(answer));
        let ok = sim.run(&p, ()).unwrap().is_ok();
        (ok, calls.swap(0, SeqCst), sim.elapsed().as_secs())
    };
    assert_eq!(run(4, 5), (true, 1, 9));
    assert_eq!(run(11, 0), (false, 0, 10), "it has not begun its work");
    assert_eq!(run(4, 7), (false, 1, 10), "it has done it");
}

#[test]
fn scripts_stand_for_services() {
    #[task]
    async fn fetch(id: u32) -> std::io::Result<String> {
        Err(std::io::Error::other(format!("no network to fetch {id} from")))
    }
    #[task]
    async fn save(text: String) -> Result<usize, Declined> {
        Err(Declined(text.len() as u32))
    }
    let p = pipeline! { |_: Vec<u32>| each < seq < fetch retry(max_attempts = 2) < save > > > };
    let sim = Simulation::seed(9);
    sim.at("fetch").answer_with(|at| format!("item {}", at.item().unwrap()));
    sim.at("save")
        .script(|at| if at.attempt() == 1 { Err(Declined(7)) } else { Ok(at.item().unwrap() as usize) });
    assert_eq!(sim.run(&p, vec![1, 2, 3]).unwrap(), [0, 1, 2]);
}

#[test]
fn a_rule_of_another_type_names_both() {
    let calls = Mutex::default();
    let p = pipeline! { |_: u32| seq < pay(&calls, _) > };
    let sim = Simulation::new();
    sim.at("pay").fail("declined");
    let said = text(|| drop(sim.run(&p, 1)));
    assert!(said.starts_with("the error that orch-test/tests/faults.rs:"), "{said}");
    assert!(
        said.ends_with("gives for `seq/pay` is a `&str`, and the task's is a `faults::Declined`"),
        "{said}"
    );
    let none = AtomicU32::new(0);
    let sim = Simulation::new();
    sim.at("count").fail("declined");
    let said = text(|| drop(sim.run(&pipeline! { seq < count(&none) > }, ())));
    assert!(said.starts_with("orch-test/tests/faults.rs:"), "{said}");
    assert!(
        said.ends_with("gives an error for `seq/count`, which cannot fail: `fail_as` is for every task"),
        "{said}"
    );
    let sim = Simulation::new();
    sim.at("pay").answer(1_u64);
    let said = text(|| drop(sim.run(&p, 1)));
    assert!(said.ends_with("gives for `seq/pay` is a `u64`, and the task's is a `u32`"), "{said}");
    assert!(calls.lock().unwrap().is_empty());
}

#[test]
fn a_rule_for_no_task_is_told_when_the_simulation_ends() {
    let calls = Mutex::default();
    let p = pipeline! { |_: u32| seq < pay(&calls, _) |n| { n } as "more" > };
    let ends = |step: &str| {
        let sim = Simulation::new();
        sim.at(step).hang();
        sim.run(&p, 1).unwrap();
        text(move || drop(sim))
    };
    let said = ends("play");
    assert!(said.ends_with("there is no such task, but `seq/pay`"), "{said}");
    let said = ends("more");
    assert!(said.contains("is an inline step"), "{said}");
    // A part of a name is none.
    assert!(ends("ay").contains("no such task"));
    // One that is there and was not come to is nothing to tell.
    let sim = Simulation::new();
    sim.at("pay").attempt(9).hang();
    sim.run(&p, 1).unwrap();
}

#[test]
fn what_can_never_be_is_refused() {
    let sim = Simulation::new();
    assert_eq!(text(|| drop(sim.at("a").attempt(0))), "attempts are counted from 1");
    assert_eq!(text(|| drop(sim.at("a").round(0))), "rounds are counted from 1");
    assert_eq!(text(|| drop(sim.at("a").nth(0))), "times are counted from 1");
    assert_eq!(text(|| drop(sim.at("a").rate(1.5))), "1.5 is no rate: it is from 0 to 1");
    let said = text(|| sim.latency(Duration::from_secs(2)..=Duration::from_secs(1)));
    assert_eq!(said, "2s..=1s is no range of latencies: it ends before it begins");
    assert_eq!(text(|| orch_test::simulate(0, |_| ())), "a test under no seed tests nothing");
}

/// The test's own failure stays the one that is told.
#[test]
fn a_rule_for_no_task_does_not_hide_a_failure() {
    let p = pipeline! { |_: u32| seq < any_of > };
    #[task]
    async fn any_of(n: u32) -> u32 {
        n
    }
    let said = text(|| {
        let sim = Simulation::new();
        sim.at("another").fail_as(ErrorKind::TimedOut);
        assert!(sim.run(&p, 1).is_err(), "it fails");
    });
    assert_eq!(said, "it fails");
}
