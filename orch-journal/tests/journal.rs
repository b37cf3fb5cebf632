//! Runs under keys: once, again, and after their process has ended.

mod common;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use async_orch::durable::{Coding, Fault};
use async_orch::{pipeline, task};
use common::{File, No, World, add, even, third, undone};
use orch_journal::{Error, Filter, Journal, Reader, RunError, Status};

const PATIENCE: Duration = Duration::from_secs(20);

/// Runs until the world stands still, and drops the run there.
macro_rules! leave {
    ($world:expr, $run:expr) => {
        // A `match`, so that what the run borrows lives as long.
        match $run {
            run => tokio::select! {
                result = run => panic!("it has ended: {result:?}"),
                () = $world.reached.notified() => {}
                () = tokio::time::sleep(PATIENCE) => panic!("it was never come to"),
            },
        }
    };
}

fn calls<const N: usize>(calls: [(&str, u32); N]) -> BTreeMap<String, u32> {
    calls.into_iter().map(|(step, calls)| (step.to_owned(), calls)).collect()
}

#[tokio::test]
async fn the_same_key_again_gives_the_stored_result() {
    let (file, world) = (File::new(), World::new());
    let p = pipeline! { |_: u64| seq(name = "order") < add(&world, _) add(&world, _) as "next" > };
    assert_eq!(file.open().run("a", &p, 1).await.unwrap(), 3);
    assert_eq!(world.take(), calls([("order/add", 1), ("order/next", 1)]));
    let journal = file.open();
    assert_eq!(journal.run("a", &p, 1).await.unwrap(), 3);
    assert!(world.take().is_empty());
    // Also by a pipeline that has changed since.
    let other = pipeline! { |_: u64| seq(name = "order") < even(&world, _) > };
    assert_eq!(journal.run("a", &other, 1).await.unwrap(), 3);
    // Another key is another run.
    assert_eq!(journal.run("b", &p, 5).await.unwrap(), 7);
    assert_eq!(world.take().len(), 2);
}

#[tokio::test]
async fn a_key_is_that_of_one_pipeline_and_one_input() {
    let (file, world) = (File::new(), World::new());
    let p = pipeline! { |_: u64| seq(name = "order") < add(&world, _) > };
    let q = pipeline! { |_: u64| seq(name = "refund") < add(&world, _) > };
    let journal = file.open();
    journal.run("a", &p, 1).await.unwrap();
    let error = journal.run("a", &q, 1).await.unwrap_err();
    assert_eq!(error.to_string(), "run `a` is one of the pipeline `order`, not of `refund`");
    let error = journal.run("a", &p, 2).await.unwrap_err();
    assert_eq!(error.to_string(), "run `a` was begun with another input");
    // So with one that has no end yet.
    world.stand_at("order/add");
    leave!(world, journal.run("b", &p, 1));
    assert!(matches!(journal.run("b", &p, 2).await, Err(RunError::Journal(Error::OtherInput { .. }))));
}

/// A map has another order in each process.
#[tokio::test]
async fn an_input_with_a_map_is_the_same_in_any_order() {
    let file = File::new();
    let p = pipeline! { |_: HashMap<String, u64>| |all| { all.into_values().sum::<u64>() } as "sum" };
    let map = || (0..50).map(|n| (n.to_string(), n)).collect::<HashMap<_, _>>();
    for _ in 0..10 {
        assert_eq!(file.open().run("a", &p, map()).await.unwrap(), 1225);
    }
}

#[tokio::test]
async fn a_run_that_was_dropped_goes_on_where_it_was() {
    let (file, world) = (File::new(), World::new());
    let p = pipeline! { |_: u64| seq(name = "order") <
        add(&world, _)
        retry(max_attempts = 3, backoff = constant(1ms)) < third(&world, _) >
        add(&world, _) as "last"
    > };
    world.stand_at("order/last");
    leave!(world, file.open().run("a", &p, 1));
    assert_eq!(
        world.take(),
        calls([
            ("order/add", 1),
            ("order/last", 1),
            ("order/retry/third#1", 1),
            ("order/retry/third#2", 1),
            ("order/retry/third#3", 1)
        ])
    );
    world.stand_at(None);
    let journal = file.open();
    assert_eq!(journal.status("a").await.unwrap(), Status::Interrupted);
    assert_eq!(journal.run("a", &p, 1).await.unwrap(), 3);
    assert_eq!(world.take(), calls([("order/last", 1)]), "what had finished does not run again");
}

/// Every block that is not about time, left at each of its steps.
#[tokio::test]
async fn a_run_goes_on_from_every_step() {
    let world = World::new();
    let p = pipeline! { |_: u64| seq(name = "order") <
        par < add(&world, _) as "one" seq < add(&world, _) as "two" add(&world, _) as "three" > >
        |(one, three)| { vec![one, three, one + three] }
        each(limit = 2) < add(&world, _) as "each" >
        |all| { all.into_iter().sum::<u64>() }
        fallback < even(&world, _) as "first" add(&world, _) as "second" >
        race < add(&world, _) as "left" add(&world, _) as "right" >
        add(&world, _) as "end"
    > };
    let whole = p.run(1).await.unwrap();
    let steps = world.take();
    assert!(steps.len() > 8, "{steps:?}");
    let paths = [
        "par/one",
        "par/seq/two",
        "par/seq/three",
        "each/each",
        "fallback/first",
        "fallback/second",
        "race/left",
        "end",
    ];
    for path in paths {
        let path: &'static str = String::leak(format!("order/{path}"));
        let file = File::new();
        world.stand_at(path);
        let is_won_by_another = path.ends_with("race/left");
        if is_won_by_another {
            assert_eq!(file.open().run("a", &p, 1).await.unwrap(), whole);
        } else {
            leave!(world, file.open().run("a", &p, 1));
        }
        let finished: Vec<String> = finished(&file).await;
        world.take();
        world.stand_at(None);
        assert_eq!(file.open().run("a", &p, 1).await.unwrap(), whole, "{path}");
        let again = world.take();
        assert!(finished.iter().all(|step| !again.contains_key(step)), "{path}: {finished:?} {again:?}");
        assert_eq!(again.is_empty(), is_won_by_another);
    }
}

/// The steps of run `a` whose outcome is written down.
async fn finished(file: &File) -> Vec<String> {
    let steps = file.open().steps("a").await.unwrap();
    let finished = steps.into_iter().filter(|step| step.outcome.is_some());
    finished.map(|step| step.asked.split(' ').nth(1).unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_failure_has_its_type_when_it_is_asked_for_again() {
    let (file, world) = (File::new(), World::new());
    let p = pipeline! {
        |_: u64|
        seq(name = "order") <
            add(&world, _)
            retry(max_attempts = 2, backoff = constant(1ms)) < even(&world, _) >
        >
    };
    let first = file.open().run("a", &p, 2).await.unwrap_err();
    world.take();
    let again = file.open().run("a", &p, 2).await.unwrap_err();
    assert_eq!(first.to_string(), again.to_string());
    let RunError::Failed(error) = again else { panic!("{again:?}") };
    assert_eq!(error.downcast_ref::<No>(), Some(&No(3)));
    assert_eq!((error.path().as_str(), error.attempts(), error.key()), ("order/retry/even", 2, Some("a")));
    assert!(world.take().is_empty(), "nothing runs for it");
    // A pipeline that does not lead there any more has the text.
    let other = pipeline! { |_: u64| seq(name = "order") < even(&world, _) > };
    let text = file.open().run("a", &other, 2).await.unwrap_err();
    assert!(matches!(&text, RunError::FailedBefore(text) if *text == first.to_string()), "{text:?}");
    assert!(world.take().is_empty());
    assert_eq!(file.open().status("a").await.unwrap(), Status::Failed);
}

#[tokio::test]
async fn a_changed_pipeline_is_refused_by_its_first_step_and_the_run_is_kept() {
    let (file, world) = (File::new(), World::new());
    let p = pipeline! {
        |_: u64| seq(name = "order") < add(&world, _) add(&world, _) as "next" add(&world, _) as "last" >
    };
    world.stand_at("order/last");
    leave!(world, file.open().run("a", &p, 1));
    world.stand_at(None);
    world.take();
    let journal = file.open();
    let q = pipeline! {
        |_: u64| seq(name = "order") < add(&world, _) even(&world, _) as "other" add(&world, _) as "last" >
    };
    let error = journal.run("a", &q, 1).await.unwrap_err();
    let RunError::Journal(Error::Stopped { fault: Fault::Changed { was, is, .. }, .. }) = &error else {
        panic!("{error:?}")
    };
    assert!(was.starts_with("run order/next of ") && is.starts_with("run order/other of "), "{was}, {is}");
    // One that ends before, one that asks for less, and one that asks for more before.
    let shorter = pipeline! { |_: u64| seq(name = "order") < add(&world, _) > };
    let text = journal.run("a", &shorter, 1).await.unwrap_err().to_string();
    assert!(text.contains("it asks to end, where it had asked to run order/next of "), "{text}");
    let longer = pipeline! {
        |_: u64|
        seq(name = "order") < par < add(&world, _) as "add" add(&world, _) as "more" > |(a, _)| { a } >
    };
    let text = journal.run("a", &longer, 1).await.unwrap_err().to_string();
    assert!(text.contains("it asks to run order/par/add of "), "{text}");
    assert!(world.take().is_empty(), "no step of a changed pipeline runs");
    let summary = journal.summary("a").await.unwrap();
    assert_eq!(summary.status, Status::Interrupted);
    assert_eq!(summary.fault, Some(text.clone()));
    let attached = journal.attach::<u64>("a").await.unwrap_err();
    assert!(matches!(attached, RunError::Journal(Error::StoppedElsewhere { .. })), "{attached:?}");
    // The run is there for the pipeline that it is one of.
    assert_eq!(journal.run("a", &p, 1).await.unwrap(), 4);
    assert_eq!(journal.summary("a").await.unwrap().fault, None);
}

/// A wait that was issued an hour ago is over, and one of two hours has one to go.
#[tokio::test]
async fn a_wait_goes_on_while_nobody_runs_the_run() {
    let (file, world) = (File::new(), World::new());
    let p = pipeline! { |_: u64| seq(name = "order") <
        add(&world, _)
        retry(max_attempts = 3, backoff = constant(3600s), jitter = none) < third(&world, _) >
    > };
    let hour = 3_600_000_i64;
    for attempt in 1..3 {
        let run = tokio::time::timeout(Duration::from_millis(300), file.open().run("a", &p, 1)).await;
        run.unwrap_err();
        let calls: u32 = world.take().values().sum();
        assert_eq!(calls, if attempt == 1 { 2 } else { 1 });
        age(&file, hour + 1_000);
    }
    assert_eq!(file.open().run("a", &p, 1).await.unwrap(), 2);
    assert_eq!(world.take(), calls([("order/retry/third#3", 1)]));
    let waits: Vec<_> = file
        .open()
        .steps("a")
        .await
        .unwrap()
        .into_iter()
        .filter(|step| step.asked.starts_with("wait"))
        .collect();
    assert_eq!(waits.len(), 2);
    for wait in waits {
        let took = wait.ended.unwrap() - wait.at;
        assert!(took >= Duration::from_secs(3600) && took < Duration::from_secs(3610), "{took:?}");
    }
}

/// As if so much time had passed since.
fn age(file: &File, millis: i64) {
    let conn = file.sql();
    let mut runs = conn.prepare("UPDATE runs SET started = started - ?1").unwrap();
    assert_eq!(runs.execute([millis]).unwrap(), 1);
}

/// Its time is over, so the task in it does not begin again.
#[tokio::test]
async fn a_timeout_that_was_over_meanwhile_runs_nothing() {
    let (file, world) = (File::new(), World::new());
    let p = pipeline! { |_: u64| seq(name = "order") < timeout(3600s) < add(&world, _) > > };
    world.stand_at("order/timeout/add");
    let run = tokio::time::timeout(Duration::from_millis(300), file.open().run("a", &p, 1)).await;
    run.unwrap_err();
    world.take();
    age(&file, 3_601_000);
    let error = file.open().run("a", &p, 1).await.unwrap_err();
    assert!(matches!(&error, RunError::Failed(error) if error.kind().to_string() == "timed out"), "{error}");
    assert!(world.take().is_empty());
}

/// One that is not over has the rest of its time.
#[tokio::test]
async fn a_timeout_has_the_rest_of_its_time() {
    let (file, world) = (File::new(), World::new());
    let p = pipeline! { |_: u64| seq(name = "order") < timeout(3600s) < add(&world, _) > > };
    world.stand_at("order/timeout/add");
    let run = tokio::time::timeout(Duration::from_millis(300), file.open().run("a", &p, 1)).await;
    run.unwrap_err();
    age(&file, 3_599_500);
    let since = std::time::Instant::now();
    let error = file.open().run("a", &p, 1).await.unwrap_err();
    assert!(matches!(&error, RunError::Failed(_)), "{error}");
    assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
}

#[tokio::test]
async fn a_saga_goes_on_undoing() {
    let (file, world) = (File::new(), World::new());
    let p = pipeline! { |_: u64| saga(name = "order") <
        add(&world, _) as "one" undo undone(&world, _) as "undo one"
        add(&world, _) as "two" undo undone(&world, _) as "undo two"
        even(&world, _)
    > };
    world.stand_at("order/one/undo/undo one");
    leave!(world, file.open().run("a", &p, 1));
    let before = world.take();
    assert_eq!(before.get("order/two/undo/undo two"), Some(&1), "{before:?}");
    world.stand_at(None);
    let error = file.open().run("a", &p, 1).await.unwrap_err();
    assert!(
        matches!(&error, RunError::Failed(error) if error.downcast_ref::<No>() == Some(&No(3))),
        "{error}"
    );
    assert_eq!(world.take(), calls([("order/one/undo/undo one", 1)]));
}

#[tokio::test]
async fn a_run_that_is_started_goes_on_by_itself() {
    let (file, world) = (File::new(), World::new());
    let p = Arc::new({
        let world = world.clone();
        pipeline! {
            let world = world;
            |_: u64| seq(name = "order") < add(world.clone(), _) add(world.clone(), _) >
        }
    });
    let journal = file.open();
    let run = journal.start("a", p.clone(), 1).await.unwrap();
    assert_eq!(run.key(), "a");
    assert_eq!(run.await.unwrap(), 3);
    drop(journal.start("b", p.clone(), 2).await.unwrap());
    assert_eq!(journal.attach::<u64>("b").await.unwrap(), 4);
    assert_eq!(journal.start("b", p, 2).await.unwrap().await.unwrap(), 4);
    let error = journal.attach::<String>("b").await.unwrap_err();
    assert!(error.to_string().starts_with("the output of run `b` cannot be kept"), "{error}");
    assert!(matches!(journal.attach::<u64>("c").await, Err(RunError::Journal(Error::Unknown { .. }))));
}

#[tokio::test]
async fn a_cancelled_run_is_dropped_and_stays_cancelled() {
    let (file, world) = (File::new(), World::new());
    let p = pipeline! { |_: u64| seq(name = "order") < add(&world, _) add(&world, _) as "next" > };
    let journal = file.open();
    world.stand_at("order/next");
    let cancel = async {
        world.reached.notified().await;
        journal.cancel("a").await
    };
    let (result, cancelled) = tokio::join!(journal.run("a", &p, 1), cancel);
    assert!(cancelled.unwrap());
    assert!(matches!(result, Err(RunError::Journal(Error::Cancelled { .. }))), "{result:?}");
    world.stand_at(None);
    world.take();
    assert!(matches!(journal.run("a", &p, 1).await, Err(RunError::Journal(Error::Cancelled { .. }))));
    assert!(matches!(journal.attach::<u64>("a").await, Err(RunError::Journal(Error::Cancelled { .. }))));
    assert!(world.take().is_empty());
    let summary = journal.summary("a").await.unwrap();
    assert_eq!((summary.status, summary.done, summary.fault), (Status::Cancelled, 1, None));
    assert!(summary.ended.is_some());
    // It was too late for one that has ended, and there is none by another key.
    journal.run("b", &p, 1).await.unwrap();
    assert!(!journal.cancel("b").await.unwrap());
    assert!(matches!(journal.cancel("c").await, Err(Error::Unknown { .. })));
}

#[tokio::test]
async fn runs_are_listed_and_purged_by_what_they_are() {
    let (file, world) = (File::new(), World::new());
    let p = pipeline! { |_: u64| seq(name = "order") < even(&world, _) even(&world, _) as "next" > };
    let q = pipeline! { |_: u64| seq(name = "refund") < add(&world, _) > };
    let journal = file.open();
    for n in 0..4 {
        drop(journal.run(&format!("order-{n}"), &p, n).await);
    }
    journal.run("refund-1", &q, 1).await.unwrap();
    world.stand_at("order/next");
    leave!(world, journal.run("order-8", &p, 8));
    let keys = async |filter: Filter| {
        let runs = journal.list(&filter).await.unwrap();
        runs.into_iter().map(|run| run.key).collect::<Vec<_>>()
    };
    let order = || Filter::new().pipeline("order");
    assert_eq!(keys(Filter::new()).await.len(), 6);
    assert_eq!(keys(order().status(Status::Succeeded)).await, ["order-0", "order-2"]);
    assert_eq!(keys(order().status(Status::Failed)).await, ["order-1", "order-3"]);
    assert_eq!(keys(Filter::new().status(Status::Interrupted)).await, ["order-8"]);
    assert_eq!(keys(Filter::new().status(Status::Running)).await, Vec::<String>::new());
    assert_eq!(keys(order().limit(3)).await, ["order-0", "order-1", "order-2"]);
    let hour = Duration::from_secs(3600);
    assert_eq!(keys(Filter::new().older_than(hour)).await, Vec::<String>::new());
    assert_eq!(journal.purge(&Filter::new().older_than(hour)).await.unwrap(), 0);
    assert_eq!(journal.purge(&order().status(Status::Failed)).await.unwrap(), 2);
    assert_eq!(journal.purge(&Filter::new().older_than(Duration::ZERO)).await.unwrap(), 3);
    assert_eq!(keys(Filter::new()).await, ["order-8"], "one without an end stays");
    let orphans = "SELECT count(*) FROM entries WHERE run NOT IN (SELECT id FROM runs)";
    assert_eq!(file.sql().query_row(orphans, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
    // A key that was purged is that of a new run.
    world.stand_at(None);
    world.take();
    journal.run("order-0", &p, 6).await.unwrap();
    assert_eq!(world.take().len(), 2);
}

#[task(durable(output = Coding::json()))]
fn lossy(n: u64) -> Lossy {
    Lossy { n, cache: n }
}

#[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
struct Lossy {
    n: u64,
    #[serde(skip)]
    cache: u64,
}

#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Half {
    #[serde(skip_serializing)]
    #[expect(dead_code)]
    n: u64,
}

/// What is given is what was written down, the first time as well; what cannot be read again is found out then.
#[tokio::test]
async fn a_run_gives_what_was_written_down() {
    let file = File::new();
    let p = pipeline! { |_: u64| seq(name = "order") < lossy > };
    for _ in 0..2 {
        assert_eq!(file.open().run("a", &p, 7).await.unwrap(), Lossy { n: 7, cache: 0 });
    }
    let p = pipeline! { |_: Lossy| |input| { input.cache } as "cache" };
    assert_eq!(file.open().run("b", &p, Lossy { n: 1, cache: 1 }).await.unwrap(), 0);
    let p = pipeline! { |_: u64| |n| { Half { n } } as "half" };
    let error = file.open().run("c", &p, 1).await.unwrap_err();
    assert!(matches!(error, RunError::Journal(Error::Value { what: "output", .. })), "{error:?}");
    assert_eq!(file.open().status("c").await.unwrap(), Status::Interrupted);
}

#[task]
fn plain(n: u64) -> u64 {
    n
}

#[tokio::test]
async fn a_pipeline_with_a_step_that_is_not_durable_is_not_begun() {
    let file = File::new();
    let p = pipeline! { |_: u64| seq(name = "order") < plain > }.boxed();
    let journal = file.open();
    let error = journal.run("a", &p, 1).await.unwrap_err();
    assert!(error.to_string().starts_with("run `a` stopped: step `order/plain` ("), "{error}");
    assert!(journal.list(&Filter::new()).await.unwrap().is_empty());
}

/// Many runs share their transactions, and nobody waits for company.
#[tokio::test]
async fn commits_of_many_runs_are_grouped() {
    let (file, world) = (File::new(), World::new());
    let p = pipeline! { |_: u64| seq(name = "order") < add(&world, _) add(&world, _) add(&world, _) > };
    let journal = file.open();
    // Not each run that begins alone lets others go first, so some of those after them may still be alone.
    for n in 0..21 {
        journal.run(&format!("alone {n}"), &p, n).await.unwrap();
    }
    // That it was begun, which does not wait for the disk; and each task, the last with the end of the run.
    let alone = journal.commits() / 21;
    assert!((84..94).contains(&journal.commits()), "{}", journal.commits());
    let runs = (0..64).map(|n| {
        let (journal, p) = (journal.clone(), &p);
        async move { journal.run(&format!("run {n}"), p, n).await.unwrap() }
    });
    let before = journal.commits();
    let results = futures_join(runs).await;
    assert_eq!(results, (0..64).map(|n| n + 3).collect::<Vec<_>>());
    let together = journal.commits() - before;
    assert!(together < 64 * alone / 4, "{together} transactions for 64 runs, {alone} for one");
}

/// All at once, on this task.
async fn futures_join<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut futures: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|cx| {
        let mut is_over = true;
        for (future, output) in &mut futures {
            if output.is_none() {
                match future.as_mut().poll(cx) {
                    std::task::Poll::Ready(done) => *output = Some(done),
                    std::task::Poll::Pending => is_over = false,
                }
            }
        }
        if is_over { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    futures.into_iter().map(|(_, output)| output.unwrap()).collect()
}

/// What is recovered is what is served, and unfinished.
#[tokio::test]
async fn unfinished_runs_are_recovered() {
    let (file, world) = (File::new(), World::new());
    let order = || {
        let world = world.clone();
        pipeline! {
            let world = world;
            |_: u64| seq < add(world.clone(), _) add(world.clone(), _) as "next" >
        }
    };
    {
        let journal = file.open();
        let orders = journal.serve("order", order());
        assert_eq!(orders.run("done", 1).await.unwrap(), 3);
        world.stand_at("seq/next");
        for n in 0..3 {
            leave!(world, orders.run(&format!("order-{n}"), n));
        }
        let refunds = journal.serve("refund", order());
        leave!(world, refunds.run("refund", 1));
    }
    world.stand_at(None);
    world.take();
    let journal = file.open();
    let orders = journal.serve("order", order());
    assert_eq!(orders.name(), "order");
    let recovery = journal.recover().await.unwrap();
    assert_eq!(recovery.resumed, ["order-0", "order-1", "order-2"]);
    assert!(recovery.held.is_empty() && recovery.damaged.is_empty());
    for n in 0..3 {
        assert_eq!(journal.attach::<u64>(&format!("order-{n}")).await.unwrap(), n + 2);
    }
    assert_eq!(world.take(), calls([("seq/next", 3)]));
    assert_eq!(journal.status("refund").await.unwrap(), Status::Interrupted);
    assert!(journal.recover().await.unwrap().resumed.is_empty());
    assert_eq!(journal.serve("refund", order()).recover().await.unwrap().resumed, ["refund"]);
    assert_eq!(journal.attach::<u64>("refund").await.unwrap(), 3);
}

/// A journal is left alone by a version that does not know it, and what is none is left alone too.
#[tokio::test]
async fn a_file_that_is_no_journal_of_this_version_is_refused() {
    let file = File::new();
    drop(file.open());
    file.sql().pragma_update(None, "user_version", 3).unwrap();
    let error = Journal::open(&file.path).unwrap_err();
    assert_eq!(error.to_string(), "the journal has schema 3, and this version knows none later than 2");
    let file = File::new();
    file.sql().execute_batch("CREATE TABLE books (name TEXT)").unwrap();
    assert!(matches!(Journal::open(&file.path), Err(Error::NotAJournal)));
    let mode: String = file.sql().pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
    assert_eq!(mode, "delete", "it is as it was");
}

/// The tables of schema 1, with what is in those of schema 2.
const BACK_TO_1: &str = "
    CREATE TABLE runs_1 (
        id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, pipeline TEXT NOT NULL, input TEXT NOT NULL, state TEXT NOT NULL, result TEXT,
        sum INTEGER NOT NULL, fault TEXT, started INTEGER NOT NULL, ended INTEGER, owner TEXT NOT NULL, session INTEGER NOT NULL,
        token INTEGER NOT NULL, until INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE entries_1 (
        run INTEGER NOT NULL, seq INTEGER NOT NULL, command INTEGER NOT NULL, asked TEXT, due INTEGER, done ANY, at INTEGER NOT NULL,
        sum INTEGER NOT NULL, PRIMARY KEY (run, seq)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO runs_1 SELECT
        id, key, pipeline, input, state, result, sum, fault, started, ended, owner, session, token, until FROM runs;
    INSERT INTO entries_1 SELECT run, seq, command, asked, due, done, at, sum FROM entries;
    DROP TABLE runs;
    DROP TABLE entries;
    ALTER TABLE runs_1 RENAME TO runs;
    CREATE INDEX runs_unfinished ON runs (pipeline) WHERE state = 'running';
    ALTER TABLE entries_1 RENAME TO entries;
    PRAGMA user_version = 1;
";

/// A file of an earlier version is brought up to date by who opens it to write, and keeps all that is in it.
#[tokio::test]
async fn a_file_of_an_earlier_version_is_brought_up_to_date() {
    let (file, world) = (File::new(), World::new());
    let order = || {
        let world = world.clone();
        pipeline! {
            let world = world;
            |_: u64| seq < add(world.clone(), _) as "one" add(world.clone(), _) as "two" >
        }
    };
    let journal = file.open();
    assert_eq!(journal.run("whole", &order(), 1).await.unwrap(), 3);
    world.stand_at("seq/two");
    let half = order();
    tokio::select! {
        _ = journal.run("half", &half, 5) => panic!("it has ended"),
        () = world.reached.notified() => {}
    }
    drop(journal);
    let before = Reader::open(&file.path).unwrap().steps("whole", 0..9).await.unwrap();
    world.stand_at(None);
    world.take();

    file.sql().execute_batch(BACK_TO_1).unwrap();
    let error = Reader::open(&file.path).unwrap_err();
    let expected =
        "the journal has schema 1, and 2 is read: open it as a `Journal` once, which brings it up to date";
    assert_eq!(error.to_string(), expected);

    // Something is in its way: all is as it was.
    file.sql().execute_batch("CREATE TABLE entries_1 (x)").unwrap();
    assert!(matches!(Journal::open(&file.path), Err(Error::Store(_))));
    let left = "SELECT group_concat(name, ' ') FROM (SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name)";
    let tables = || file.sql().query_row(left, [], |row| row.get::<_, String>(0)).unwrap();
    assert_eq!(tables(), "entries entries_1 runs");
    assert!(matches!(Reader::open(&file.path), Err(Error::Older { found: 1, .. })));
    file.sql().execute_batch("DROP TABLE entries_1").unwrap();
    // It is damaged, in an index that is not needed any more: that is found before.
    let indexed = |before: &str, after: &str| {
        let sql = file.sql();
        sql.execute_batch("PRAGMA writable_schema = ON").unwrap();
        let update = "UPDATE sqlite_schema SET sql = replace(sql, ?1, ?2) WHERE name = 'runs_unfinished'";
        assert_eq!(sql.execute(update, (before, after)).unwrap(), 1);
    };
    indexed("'running'", "'succeeded'");
    let error = Journal::open(&file.path).unwrap_err();
    assert!(matches!(error, Error::DamagedFile { .. }), "{error}");
    assert!(matches!(Reader::open(&file.path), Err(Error::Older { found: 1, .. })));
    indexed("'succeeded'", "'running'");

    let journal = file.open();
    assert_eq!(Reader::open(&file.path).unwrap().steps("whole", 0..9).await.unwrap(), before);
    assert_eq!(journal.run("whole", &order(), 1).await.unwrap(), 3);
    assert!(world.take().is_empty());
    assert_eq!(journal.serve("seq", order()).recover().await.unwrap().resumed, ["half"]);
    assert_eq!(journal.attach::<u64>("half").await.unwrap(), 7);
    assert_eq!(world.take(), calls([("seq/two", 1)]));
    assert_eq!(tables(), "entries runs", "nothing of the earlier ones is left");
}

/// What is under way here is not begun a second time, and nobody waits for it.
#[tokio::test]
async fn what_is_under_way_here_is_not_recovered() {
    let (file, world) = (File::new(), World::new());
    let journal = file.open();
    let orders = {
        let world = world.clone();
        journal.serve("order", pipeline! { let world = world; |_: u64| seq < add(world.clone(), _) > })
    };
    world.stand_at("seq/add");
    let run = orders.start("a", 1).await.unwrap();
    world.reached.notified().await;
    let recovery = journal.recover().await.unwrap();
    assert!(recovery.resumed.is_empty() && recovery.held.is_empty(), "{recovery:?}");
    world.go.notify_one();
    assert_eq!(run.await.unwrap(), 2);
    assert_eq!(world.take(), calls([("seq/add", 1)]));
}

/// An inline step that panics takes its run's task along, and no more: it says so where the run is looked at.
#[tokio::test]
async fn a_run_that_panics_is_kept_and_says_so() {
    let (file, world) = (File::new(), World::new());
    let journal = file.open();
    let order = |panics: bool| {
        let world = world.clone();
        pipeline! {
            let world = world;
            move |_: u64| seq < add(world.clone(), _) |n| { assert!(!panics, "of the step"); n } >
        }
    };
    let error = journal.serve("order", order(true)).start("a", 1).await.unwrap().await.unwrap_err();
    assert!(matches!(error, RunError::Journal(Error::Gone { .. })), "{error:?}");
    let error = journal.attach::<u64>("a").await.unwrap_err();
    assert_eq!(error.to_string(), "run `a` stopped: a step that is no task has panicked");
    assert_eq!(journal.status("a").await.unwrap(), Status::Interrupted);
    assert_eq!(journal.serve("order", order(false)).run("a", 1).await.unwrap(), 2);
    assert_eq!(world.take(), calls([("seq/add", 1)]));
}

/// Looked at from outside, while the next task is under way. That there is the run is seen before its first.
#[tokio::test]
async fn a_result_is_written_before_the_next_task_begins() {
    let (file, world) = (File::new(), World::new());
    let journal = file.open();
    let order = {
        let world = world.clone();
        pipeline! { let world = world; move |_: u64| seq(name = "order") <
            add(world.clone(), _)
            add(world.clone(), _) as "next"
            add(world.clone(), _) as "last"
        > }
    };
    let order = std::sync::Arc::new(order);
    for (step, before) in [("order/add", 0), ("order/next", 1), ("order/last", 2)] {
        world.stand_at(step);
        let (journal, order) = (journal.clone(), order.clone());
        let run = tokio::spawn(async move { journal.run(step, &order, 1).await.unwrap() });
        world.reached.notified().await;
        let select = "SELECT count(done) FROM runs LEFT JOIN entries ON run = id WHERE key = ?1 GROUP BY id";
        let written: i64 = file.sql().query_row(select, [step], |row| row.get(0)).unwrap();
        assert_eq!(written, before, "{step}");
        world.stand_at(None);
        world.go.notify_one();
        assert_eq!(run.await.unwrap(), 4);
    }
}

/// No timer is as long as the longest wait.
#[tokio::test]
async fn a_wait_may_be_as_long_as_it_wants() {
    let (file, world) = (File::new(), World::new());
    let long = Duration::MAX;
    let p = pipeline! { |_: u64| seq(name = "order") < timeout(long) < add(&world, _) > > };
    world.stand_at("order/timeout/add");
    let journal = file.open();
    let run = tokio::time::timeout(Duration::from_millis(50), journal.run("a", &p, 1));
    run.await.unwrap_err();
    world.stand_at(None);
    assert_eq!(file.open().run("a", &p, 1).await.unwrap(), 2);
}

/// What is no text is kept as well.
#[tokio::test]
async fn an_output_that_is_no_text_is_kept() {
    const BYTES: Coding<u16> =
        Coding::new(|n| Ok(n.to_be_bytes().to_vec()), |bytes| Ok(u16::from_be_bytes(bytes.try_into()?)));

    #[task(durable(output = BYTES))]
    fn bytes(n: u64) -> u16 {
        u16::MAX - u16::try_from(n).unwrap_or_default()
    }

    let (file, world) = (File::new(), World::new());
    let p = pipeline! { |_: u64| seq(name = "order") < bytes |n| { u64::from(n) } add(&world, _) > };
    world.stand_at("order/add");
    let journal = file.open();
    leave!(world, journal.run("a", &p, 1));
    world.stand_at(None);
    assert_eq!(file.open().run("a", &p, 1).await.unwrap(), u64::from(u16::MAX));
    let kind = "SELECT typeof(done) FROM entries WHERE done IS NOT NULL ORDER BY seq LIMIT 1";
    assert_eq!(file.sql().query_row(kind, [], |row| row.get::<_, String>(0)).unwrap(), "blob");
}

/// A user's test need not wait for the waits of a run.
#[tokio::test(start_paused = true)]
async fn a_clock_that_is_paused_is_that_of_the_waits() {
    let (file, world) = (File::new(), World::new());
    let p = pipeline! { |_: u64| seq(name = "order") <
        retry(max_attempts = 3, backoff = constant(3600s), jitter = none) <
            timeout(60s) < third(&world, _) >
        >
    > };
    let since = std::time::Instant::now();
    assert_eq!(file.open().run("a", &p, 1).await.unwrap(), 1);
    assert!(since.elapsed() < PATIENCE);
    assert_eq!(world.take().len(), 3);
    let steps = file.open().steps("a").await.unwrap();
    let last = steps.iter().filter(|step| step.asked.starts_with("run ")).map(|step| step.at).max().unwrap();
    assert!(last >= Duration::from_secs(7200) && last < Duration::from_secs(7201), "{last:?}");
}
