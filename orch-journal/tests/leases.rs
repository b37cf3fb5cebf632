//! Who runs a run: one at a time.

mod common;

use std::time::Duration;

use async_orch::pipeline;
use common::{File, World, add};
use orch_journal::{Busy, Error, Journal, RunError, Status};

const SHORT: Duration = Duration::from_millis(60);
const LONG: Duration = Duration::from_secs(3600);

macro_rules! order {
    ($world:expr) => {{
        let world = $world.clone();
        pipeline! { let world = world; |_: u64| seq(name = "order") < add(world.clone(), _) add(world.clone(), _) as "next" > }
    }};
}

async fn patiently<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), future).await.expect("it takes too long")
}

#[tokio::test]
async fn a_second_process_waits_for_the_first() {
    let (file, world) = (File::new(), World::new());
    let p = order!(world);
    let (one, two) = (file.open(), file.open());
    world.stand_at("order/next");
    let later = async {
        world.reached.notified().await;
        // So that the others have asked for it, and wait.
        tokio::time::sleep(Duration::from_millis(30)).await;
        world.stand_at(None);
        world.go.notify_one();
    };
    let attached = two.attach::<u64>("a");
    let both = async { tokio::join!(one.run("a", &p, 1), two.run("a", &p, 1), one.run("a", &p, 1), later) };
    let (a, b, c, ()) = patiently(both).await;
    assert_eq!([a.unwrap(), b.unwrap(), c.unwrap(), attached.await.unwrap()], [3; 4]);
    assert!(world.take().values().all(|calls| *calls == 1));
}

#[tokio::test]
async fn a_second_process_is_refused_if_that_is_asked_for() {
    let (file, world) = (File::new(), World::new());
    let p = order!(world);
    let one = file.open_with(|options| options.owner("one").lease(SHORT));
    let two = file.open_with(|options| options.owner("two").busy(Busy::Refuse));
    world.stand_at("order/next");
    let others = async {
        world.reached.notified().await;
        // For longer than the lease, which is renewed.
        for _ in 0..5 {
            tokio::time::sleep(SHORT / 2).await;
            let error = two.run("a", &p, 1).await.unwrap_err();
            assert!(
                matches!(&error, RunError::Journal(Error::InUse { owner, .. }) if owner == "one"),
                "{error}"
            );
            assert!(matches!(two.start("a", order!(world), 1).await, Err(Error::InUse { .. })));
            assert_eq!(two.status("a").await.unwrap(), Status::Running);
        }
        world.go.notify_one();
    };
    let (a, ()) = patiently(async { tokio::join!(one.run("a", &p, 1), others) }).await;
    assert_eq!(a.unwrap(), 3);
    assert_eq!(two.run("a", &p, 1).await.unwrap(), 3);
}

/// As a process leaves it that has died.
async fn died(file: &File, world: &World, owner: &str, left: Duration) {
    world.stand_at("order/next");
    let journal = file.open();
    let p = order!(world);
    tokio::select! {
        _ = journal.run("a", &p, 1) => panic!("it has ended"),
        () = world.reached.notified() => {}
    }
    drop(journal);
    let until = "UPDATE runs SET owner = ?1, session = 1, until = unixepoch('subsec') * 1000 + ?2";
    file.sql().execute(until, (owner, left.as_millis() as i64)).unwrap();
    world.stand_at(None);
    world.take();
}

#[tokio::test]
async fn a_lease_that_has_ended_is_taken_over() {
    let (file, world) = (File::new(), World::new());
    died(&file, &world, "dead", Duration::from_millis(200)).await;
    let journal = file.open();
    assert_eq!(journal.status("a").await.unwrap(), Status::Running);
    assert_eq!(patiently(journal.run("a", &order!(world), 1)).await.unwrap(), 3);
    assert_eq!(world.take().into_iter().collect::<Vec<_>>(), [("order/next".to_owned(), 1)]);
}

/// A process that is started again does not know whether the other lives, and looks again when the lease ends.
#[tokio::test]
async fn what_was_held_is_recovered_when_the_lease_ends() {
    let (file, world) = (File::new(), World::new());
    died(&file, &world, "dead", Duration::from_millis(200)).await;
    let journal = file.open();
    journal.serve("order", order!(world));
    let recovery = journal.recover().await.unwrap();
    assert_eq!((recovery.resumed.len(), recovery.held), (0, vec!["a".to_owned()]));
    assert_eq!(patiently(journal.attach::<u64>("a")).await.unwrap(), 3);
    assert_eq!(world.take().len(), 1);
}

/// By its name it knows that it is the other.
#[tokio::test]
async fn an_owner_by_the_same_name_takes_over_at_once() {
    let (file, world) = (File::new(), World::new());
    died(&file, &world, "worker-1", LONG).await;
    let other = file.open_with(|options| options.owner("worker-2").busy(Busy::Refuse));
    let p = order!(world);
    assert!(matches!(other.run("a", &p, 1).await, Err(RunError::Journal(Error::InUse { .. }))));
    let journal = file.open_with(|options| options.owner("worker-1"));
    assert_eq!(journal.owner(), "worker-1");
    journal.serve("order", order!(world));
    assert_eq!(journal.recover().await.unwrap().resumed, ["a"]);
    assert_eq!(patiently(journal.attach::<u64>("a")).await.unwrap(), 3);
}

fn entries(file: &File) -> Vec<(i64, String)> {
    let conn = file.sql();
    let mut select = conn.prepare("SELECT seq, coalesce(asked, done) FROM entries ORDER BY seq").unwrap();
    select.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect()
}

/// Who has slept through its lease finds out when it writes, and its result is not there.
#[tokio::test]
async fn who_has_lost_the_lease_writes_nothing_more() {
    let file = File::new();
    let (world, other_world) = (World::new(), World::new());
    let one = file.open_with(|options| options.lease(LONG));
    let p = order!(world);
    world.stand_at("order/next");
    let other = async {
        world.reached.notified().await;
        file.sql().execute("UPDATE runs SET until = 0", []).unwrap();
        let two = file.open();
        let result = two.run("a", &order!(other_world), 1).await;
        let before = entries(&file);
        world.go.notify_one();
        (result, before)
    };
    let (one, (two, before)) = patiently(async { tokio::join!(one.run("a", &p, 1), other) }).await;
    assert!(matches!(one, Err(RunError::Journal(Error::LeaseLost { .. }))), "{one:?}");
    assert_eq!(two.unwrap(), 3);
    assert_eq!(entries(&file), before);
    assert_eq!(other_world.take().len(), 1);
    let summary = file.open().summary("a").await.unwrap();
    assert_eq!((summary.status, summary.fault), (Status::Succeeded, None));
}

/// A run that was purged leaves its number to another.
#[tokio::test]
async fn who_had_an_earlier_run_of_the_same_number_writes_nothing() {
    for shared in [false, true] {
        let (file, world, other_world) = (File::new(), World::new(), World::new());
        let one = file.open();
        let p = order!(world);
        world.stand_at("order/next");
        let other = async {
            world.reached.notified().await;
            let sql = file.sql();
            let id = || sql.query_row("SELECT id FROM runs", [], |row| row.get::<_, i64>(0)).unwrap();
            let earlier = id();
            sql.execute_batch("DELETE FROM runs; DELETE FROM entries").unwrap();
            let two = if shared { one.clone() } else { file.open() };
            let result = two.run("b", &order!(other_world), 1).await;
            assert_eq!(id(), earlier);
            let before = entries(&file);
            // In the same process it is told at once; another finds out when its task has something to write.
            if !shared {
                world.go.notify_one();
            }
            (result, before)
        };
        let (one, (two, before)) = patiently(async { tokio::join!(one.run("a", &p, 1), other) }).await;
        assert!(matches!(one, Err(RunError::Journal(Error::LeaseLost { .. }))), "{one:?}");
        assert_eq!(two.unwrap(), 3);
        assert_eq!(entries(&file), before);
    }
}

/// Who writes nothing finds out when it renews.
#[tokio::test]
async fn who_has_lost_the_lease_stops_what_it_does() {
    let (file, world) = (File::new(), World::new());
    let one = file.open_with(|options| options.lease(SHORT));
    let p = order!(world);
    world.stand_at("order/next");
    let other = async {
        world.reached.notified().await;
        file.sql().execute("UPDATE runs SET until = 0, token = token + 1", []).unwrap();
    };
    let (one, ()) = patiently(async { tokio::join!(one.run("a", &p, 1), other) }).await;
    assert!(matches!(one, Err(RunError::Journal(Error::LeaseLost { .. }))), "{one:?}");
    assert_eq!(file.open().run("a", &order!(World::new()), 1).await.unwrap(), 3);
}

#[tokio::test]
async fn a_run_is_cancelled_from_another_process() {
    let (file, world) = (File::new(), World::new());
    let one = file.open_with(|options| options.lease(SHORT));
    let p = order!(world);
    world.stand_at("order/next");
    let other = async {
        world.reached.notified().await;
        file.open().cancel("a").await.unwrap()
    };
    let (one, cancelled) = patiently(async { tokio::join!(one.run("a", &p, 1), other) }).await;
    assert!(matches!(one, Err(RunError::Journal(Error::Cancelled { .. }))), "{one:?}");
    assert!(cancelled);
}

/// A thread of the journal's own renews, so that a task that blocks its thread keeps the lease.
#[tokio::test]
async fn a_task_that_blocks_keeps_the_lease() {
    #[async_orch::task(durable)]
    fn blocks(n: u64) -> u64 {
        std::thread::sleep(SHORT * 4);
        n
    }
    let file = File::new();
    let one = file.open_with(|options| options.lease(SHORT));
    let p = pipeline! { |_: u64| seq(name = "order") < blocks > };
    let other = std::thread::spawn({
        let path = file.path.clone();
        move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let two = Journal::options().busy(Busy::Refuse).open(path).unwrap();
                let mut refused = 0;
                let p = pipeline! { |_: u64| seq(name = "order") < blocks > };
                while two.status("a").await.is_err() {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                while !two.status("a").await.unwrap().is_end() {
                    refused += u32::from(two.run("a", &p, 1).await.is_err());
                    tokio::time::sleep(SHORT / 3).await;
                }
                refused
            })
        }
    });
    assert_eq!(one.run("a", &p, 1).await.unwrap(), 1);
    assert!(other.join().unwrap() >= 3);
}

/// Also while it is not known yet whether it is begun: somebody else need not wait for a lease of nobody's.
#[tokio::test]
async fn a_run_that_is_dropped_at_any_moment_is_free() {
    for polls in 1..8 {
        let (file, world) = (File::new(), World::new());
        let one = file.open_with(|options| options.lease(LONG));
        let p = order!(world);
        world.stand_at("order/next");
        {
            let mut run = std::pin::pin!(one.run("a", &p, 1));
            for _ in 0..polls {
                let polled =
                    std::future::poll_fn(|cx| std::task::Poll::Ready(run.as_mut().poll(cx).is_ready()));
                assert!(!polled.await);
                // All that was handed over is done by then.
                one.list(&orch_journal::Filter::new()).await.unwrap();
            }
        }
        world.stand_at(None);
        let two = file.open_with(|options| options.lease(LONG));
        assert_eq!(patiently(two.run("a", &p, 1)).await.unwrap(), 3);
        assert!(world.take().values().sum::<u32>() <= 3);
    }
}

/// Two processes that are given the same work share it: each run is run once, and both have all results.
#[tokio::test]
async fn two_processes_with_the_same_keys_run_each_once() {
    let (file, world) = (File::new(), World::new());
    let p = std::sync::Arc::new(order!(world));
    let (one, two) = (file.open(), file.open());
    let mut runs = tokio::task::JoinSet::new();
    for n in 0..20 {
        for journal in [&one, &two] {
            let (journal, p) = (journal.clone(), p.clone());
            runs.spawn(async move { (n, journal.run(&format!("run {n}"), &*p, n).await.unwrap()) });
        }
    }
    let results = patiently(runs.join_all()).await;
    assert_eq!(results.len(), 40);
    assert!(results.iter().all(|(n, result)| *result == n + 2), "{results:?}");
    assert_eq!(world.take().into_values().collect::<Vec<_>>(), [20, 20]);
}
