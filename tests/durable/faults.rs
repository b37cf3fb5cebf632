//! Why a durable run stops before its end, and what it says then.

use std::collections::HashMap;
use std::time::Duration;

use async_orch::durable::{Coding, Durable, Fault, Mailbox, check, drive};
use async_orch::{Breaker, BreakerState, RetryBudget, Run, pipeline, task};
use orch_test::{Entry, Memory};
use serde::{Deserialize, Serialize};

use super::world::{World, even, panics, work};

#[task]
fn plain(n: u64) -> u64 {
    n
}

#[task(durable)]
fn next(n: u64) -> u64 {
    n + 1
}

#[task(durable)]
fn after(n: u64) -> u64 {
    n + 2
}

macro_rules! run {
    ($p:expr, $input:expr, $memory:expr) => {{
        let (mut memory, mailbox) = ($memory, Mailbox::new(7));
        let result = drive(&mailbox, $p.on(&mailbox).run($input), memory.order(3).hasty()).await;
        memory.restart();
        (memory, result)
    }};
}

/// What a run has asked for.
fn asked(journal: &Memory) -> Vec<String> {
    let text =
        |entry: &Entry| if let Entry::Asked(command) = entry { Some(command.to_string()) } else { None };
    journal.entries().iter().filter_map(text).collect()
}

#[tokio::test]
async fn durable_9_a_task_that_is_not_durable_is_named_with_its_place() {
    let p = pipeline! { |_: u64| seq < next plain > };
    let fault = run!(p, 1, Memory::new()).1.unwrap_err();
    let text = fault.to_string();
    assert!(text.starts_with("step `seq/plain` (tests/durable/faults.rs:"), "{text}");
    let help =
        "is not durable: write `#[task(durable)]` on a task's function, `#[durable]` before an `async` step";
    assert!(text.ends_with(help), "{text}");
}

/// It is known before anything runs, of all steps at once, and by the compiler where that can know it.
#[test]
fn durable_9_all_steps_that_are_not_durable_are_told_at_once() {
    let inner = pipeline! { |_: u64| seq < next plain async |n| { n } > }.boxed();
    let p = pipeline! {
        |_: u64|
        seq < each_of |_| { 1 } { inner } plain |n| { futures::stream::iter([n]) } each(stream) < next > >
    };
    let text = check(&p).unwrap_err().to_string();
    let paths: Vec<_> = text.split('`').skip(1).step_by(2).collect();
    assert_eq!(paths[..4], ["seq/seq/plain", "seq/seq/inline", "seq/plain", "seq/each"], "{text}");
    assert_eq!(paths[4], "#[task(durable)]", "{text}");
    fn durable(pipeline: &impl Durable) {
        check(pipeline).unwrap();
    }
    durable(&pipeline! { |_: u64| saga < next undo next retry < race < next |n| { n } > > > });
    durable(&pipeline! {
        |_: u64|
        seq <
            #[cfg(all())]
            #[durable]
            async |n, cx| { cx.run(&pipeline! { |_: u64| next }, n).await }
            #[durable]
            #[cfg(any())]
            async |n, cx| { cx.sleep(Duration::ZERO).await; n }
        >
    });
}

#[task(durable)]
fn each_of(n: u64) -> u64 {
    n
}

#[tokio::test]
async fn durable_10_a_pipeline_that_has_changed_is_told_the_first_step_that_differs() {
    let was = pipeline! { |_: u64| seq < next next next > };
    let mut journal = run!(was, 1, Memory::new()).0;
    journal.truncate(journal.entries().len() - 1);
    let is = pipeline! { |_: u64| seq < next after next > };
    let fault = run!(is, 1, journal.clone()).1.unwrap_err();
    let text = fault.to_string();
    assert!(text.contains("asks to run seq/after") && text.contains("had asked to run seq/next~2"), "{text}");
    // It goes on with the one that it was begun with.
    assert_eq!(run!(was, 1, journal).1.unwrap().unwrap(), 4);
}

/// The arguments are not written down, but what they come to is.
#[tokio::test]
async fn durable_10_an_argument_that_is_another_is_found_out() {
    let journal = run!(pipeline! { |_: u64| seq < next next > }, 1, Memory::new()).0;
    let p = pipeline! { |_: u64| seq < next |n| { n + 1 } next > };
    assert!(matches!(run!(p, 1, journal).1, Err(Fault::Changed { .. })));
}

#[task(durable)]
async fn takes_long(n: u64) -> u64 {
    for _ in 0..9 {
        tokio::task::yield_now().await;
    }
    n
}

#[tokio::test]
async fn durable_11_a_step_that_awaits_what_is_no_part_of_the_run_is_found_out() {
    // While something else is waited for it goes on by itself.
    let p = pipeline! {
        |_: u64| par < takes_long seq < async |n| { tokio::task::yield_now().await; n } next > >
    };
    let fault = run!(p, 1, Memory::new()).1.unwrap_err();
    assert!(matches!(&fault, Fault::Foreign { then, .. } if then.starts_with("run par/seq/next")), "{fault}");
    let p = pipeline! { |_: u64| race < takes_long async |n| { tokio::task::yield_now().await; n } > };
    assert!(matches!(run!(p, 1, Memory::new()).1, Err(Fault::Foreign { .. })));
    // Where nothing is, it waits for what will never be given to it.
    let p = pipeline! { |_: u64| seq < next async |_| { std::future::pending::<u64>().await } > };
    assert!(matches!(run!(p, 1, Memory::new()).1, Err(Fault::Stalled)));
}

/// Its map has keys that JSON has not.
#[task(durable)]
fn unwritable() -> HashMap<(u8, u8), u8> {
    HashMap::from([((1, 2), 3)])
}

#[derive(Debug, Serialize, Deserialize)]
#[expect(dead_code)]
struct Half {
    #[serde(skip_serializing)]
    n: u8,
}

/// It is written, but not read.
#[task(durable)]
fn unreadable() -> Half {
    Half { n: 1 }
}

/// A value that does not survive being written down fails the first run of all, not one after a crash.
#[tokio::test]
async fn durable_3_a_value_that_cannot_be_kept_is_found_out_at_once() {
    let fault = run!(pipeline! { seq < unwritable() > }, (), Memory::new()).1.unwrap_err();
    assert_eq!(fault.to_string(), "what step `seq/unwritable` gives cannot be kept: key must be a string");
    let fault = run!(pipeline! { seq < unreadable() > }, (), Memory::new()).1.unwrap_err();
    assert!(matches!(fault, Fault::Coding { .. }), "{fault}");
}

/// What is not written down is not there, live as well.
#[derive(Debug, Serialize, Deserialize)]
struct Cached {
    n: u64,
    #[serde(skip)]
    cache: Option<u64>,
}

#[task(durable)]
fn cached(n: u64) -> Cached {
    Cached { n, cache: Some(n) }
}

#[tokio::test]
async fn durable_3_a_run_sees_what_was_written_down_and_nothing_else() {
    let p = pipeline! { |_: u64| seq < cached |value| { (value.n, value.cache) } > };
    assert_eq!(run!(p, 1, Memory::new()).1.unwrap().unwrap(), (1, None));
    assert_eq!(p.run(1).await.unwrap(), (1, Some(1)));
}

/// Kept as it is displayed, an error is no `io::Error` of its kind any more, and a `when` sees that, live as well.
#[task(durable(error = Coding::text(std::io::Error::other)))]
fn reads() -> std::io::Result<()> {
    Err(std::io::ErrorKind::NotFound.into())
}

#[tokio::test(start_paused = true)]
async fn durable_4_an_error_as_text_is_the_same_live_and_again() {
    let p = pipeline! {
        retry(
            max_attempts = 3,
            when = |e| e.downcast_ref().is_some_and(|e: &std::io::Error| e.kind() == std::io::ErrorKind::NotFound)
        ) < reads() >
    };
    assert_eq!(run!(p, (), Memory::new()).1.unwrap().unwrap_err().attempts(), 1);
    assert_eq!(p.run(()).await.unwrap_err().attempts(), 3);
}

/// A circuit that lives on is told nothing by what happened before.
#[tokio::test(start_paused = true)]
async fn durable_8_a_hundred_old_runs_leave_a_live_breaker_as_it_was() {
    let (world, breaker) = (World::default(), Breaker::builder().fail_max(2).build());
    let p = pipeline! { |_: u64| seq < circuit(breaker = &breaker) < even(&world, _) > work(&world, _) > };
    let mut old = Vec::new();
    for n in 0..100 {
        let (journal, result) = run!(p, n, Memory::new());
        result.unwrap().err();
        breaker.reset();
        old.push((n, journal));
    }
    world.take();
    for (n, journal) in old {
        let entries = journal.entries().to_vec();
        let (again, result) = run!(p, n, journal);
        assert_eq!(result.unwrap().is_err(), n % 2 == 1);
        assert_eq!(
            (again.entries(), breaker.failures(), breaker.state()),
            (&*entries, 0, BreakerState::Closed)
        );
    }
    assert!(world.take().is_empty(), "nothing runs again");
    // And an open one turns none of them away that had got through.
    let (journal, _) = run!(p, 2, Memory::new());
    breaker.force_open();
    assert_eq!(run!(p, 2, journal).1.unwrap().unwrap(), 3);
    let live = run!(p, 2, Memory::new()).1.unwrap().unwrap_err();
    assert!(live.kind().is_rejection());
}

/// A budget that lives on pays for no attempt that was made before, and a run of before has those that it had.
#[tokio::test(start_paused = true)]
async fn durable_8_a_budget_is_asked_once_for_each_attempt() {
    let world = World::default();
    let budget = RetryBudget::builder().ratio(0.5).min_per_second(0).capacity(3).build();
    let p = pipeline! { |_: u64| retry(budget = &budget, backoff = constant(5ms)) < even(&world, _) > };
    let (journal, result) = run!(p, 1, Memory::new());
    assert_eq!((result.unwrap().unwrap_err().attempts(), budget.available()), (3, 1));
    for _ in 0..9 {
        let (again, result) = run!(p, 1, journal.clone());
        assert_eq!((result.unwrap().unwrap_err().attempts(), budget.available()), (3, 1));
        assert_eq!(again.entries(), journal.entries());
    }
    // With one left there is one attempt more, and then none; and a run that had three has three.
    assert_eq!(run!(p, 1, Memory::new()).1.unwrap().unwrap_err().attempts(), 2);
    assert_eq!(run!(p, 1, Memory::new()).1.unwrap().unwrap_err().attempts(), 2);
    assert_eq!(run!(p, 1, Memory::new()).1.unwrap().unwrap_err().attempts(), 1);
    assert_eq!(run!(p, 1, journal).1.unwrap().unwrap_err().attempts(), 3);
    // Each question names the attempt that it is for.
    let asked = asked(&run!(p, 1, Memory::new()).0);
    let asked: Vec<_> = asked.iter().filter(|text| text.starts_with("ask")).collect();
    assert_eq!(asked, ["ask retry#2", "ask retry#3"]);
}

/// A rejection that was written down is one again, whatever the circuit says now.
#[tokio::test(start_paused = true)]
async fn durable_8_a_rejection_is_repeated() {
    let (world, breaker) = (World::default(), Breaker::new());
    let p = pipeline! {
        |_: u64|
        seq <
            settle < circuit(breaker = &breaker) < even(&world, _) > >
            |done| { match done { Ok(n) => n.to_string(), Err(e) => e.to_string() } }
            again
        >
    };
    breaker.force_open();
    let (mut journal, result) = run!(p, 2, Memory::new());
    let told = result.unwrap().unwrap();
    breaker.reset();
    let asked = journal.entries().iter().rposition(|entry| matches!(entry, Entry::Asked(_)));
    journal.truncate(asked.unwrap());
    assert_eq!(run!(p, 2, journal).1.unwrap().unwrap(), told);
    assert!(told.starts_with("block `seq/settle/circuit` did not run: the circuit is open"), "{told}");
}

#[task(durable)]
fn again(text: String) -> String {
    text
}

/// Dropping a run that is driven is as a crash.
#[tokio::test(start_paused = true)]
async fn durable_13_a_run_that_is_dropped_can_be_gone_through_once_more() {
    #[task(durable)]
    async fn slow(n: u64) -> u64 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        n
    }
    let p = pipeline! { |_: u64| seq < next slow next > };
    let mailbox = Mailbox::new(7);
    let mut engine = Memory::new();
    let run = drive(&mailbox, p.on(&mailbox).run(1), &mut engine);
    assert!(tokio::time::timeout(Duration::from_millis(10), run).await.is_err());
    assert_eq!(engine.entries().len(), 3, "{engine:?}");
    engine.restart();
    assert_eq!(run!(p, 1, engine).1.unwrap().unwrap(), 3);
}

/// What a task does by itself, with pipelines of its own, is no part of the run.
#[tokio::test(start_paused = true)]
async fn durable_6_a_task_that_runs_a_pipeline_of_its_own_is_one_step() {
    #[task(durable)]
    async fn outer(cx: &async_orch::Context<'_>, n: u64) -> u64 {
        let inner = pipeline! { |_: u64| retry(max_attempts = 2) < seq < plain circuit < plain > > > };
        cx.sleep(Duration::from_millis(3)).await;
        cx.run(&inner, n).await.unwrap()
    }
    let p = pipeline! { |_: u64| seq < outer outer > };
    let (journal, result) = run!(p, 1, Memory::new());
    assert_eq!((result.unwrap().unwrap(), journal.entries().len()), (1, 4));
}

/// A panic of a task is data, as that of one that has left its run is: the process goes on, and so does who goes through it again.
#[tokio::test(start_paused = true)]
async fn durable_5_a_panic_of_a_task_is_a_result() {
    let world = World::default();
    let p = pipeline! { seq < panics(&world) > };
    let (journal, result) = run!(p, (), Memory::new());
    let error = result.unwrap().unwrap_err();
    assert_eq!(error.to_string(), "step `seq/panics` panicked: of the task");
    assert_eq!(run!(p, (), journal).1.unwrap().unwrap_err().to_string(), error.to_string());
    assert_eq!(world.take().into_values().sum::<u32>(), 1);
}

/// Whoever watches is told all of it, and what is told again is marked.
#[tokio::test(start_paused = true)]
async fn durable_12_what_is_told_again_is_marked() {
    let recorder = async_orch::bus::Recorder::new();
    let p = pipeline! { |_: u64| seq < next next next > };
    let p = (&p).with_bus(&recorder);
    let mut journal = run!(p, 1, Memory::new()).0;
    let first = recorder.events();
    recorder.clear();
    assert!(first.iter().all(|event| !event.replayed));
    journal.truncate(4);
    run!(p, 1, journal).1.unwrap().unwrap();
    let again = recorder.events();
    assert_eq!(again.len(), first.len());
    let replayed: Vec<_> =
        again.iter().filter(|event| event.replayed).map(|event| event.node.path().to_owned()).collect();
    // The second has ended in the journal; whether that was told nobody knows.
    assert_eq!(replayed, ["seq", "seq/next", "seq/next", "seq/next"]);
    assert!(again.iter().zip(&first).all(|(again, first)| again.node.path() == first.node.path()));
}

/// A wait is never shorter than written, the clock stands still between deliveries, and chance follows from the seed.
#[tokio::test(start_paused = true)]
async fn durable_7_the_run_has_a_clock_and_chances_of_its_own() {
    let world = World::default();
    let p = pipeline! {
        |_: u64| retry(max_attempts = 3, backoff = constant(1500us), jitter = none) < even(&world, _) >
    };
    let (journal, result) = run!(p, 1, Memory::new());
    result.unwrap().unwrap_err();
    let steps: Vec<_> =
        asked(&journal).iter().map(|text| text.split(" of ").next().unwrap().to_owned()).collect();
    assert_eq!(steps, ["run retry/even#1", "wait 2ms", "run retry/even#2", "wait 2ms", "run retry/even#3"]);
    let p = pipeline! { |_: u64| retry(max_attempts = 9, backoff = constant(1h)) < even(&world, _) > };
    let (first, _) = run!(p, 1, Memory::new());
    let (second, _) = run!(p, 1, Memory::new());
    assert_eq!(asked(&first), asked(&second));
    let waits: std::collections::HashSet<_> =
        asked(&first).into_iter().filter(|text| text.starts_with("wait")).collect();
    assert!(waits.len() > 4, "{waits:?}");
}
