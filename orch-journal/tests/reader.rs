//! Reading a journal beside those who write it.

mod common;

use std::fs;
use std::time::Duration;

use async_orch::pipeline;
use common::{File, World, add, even};
use orch_journal::{Error, Filter, Journal, Reader, Status, StoreFailure};

const PATIENCE: Duration = Duration::from_secs(20);

fn keys(runs: &[orch_journal::Summary]) -> Vec<&str> {
    runs.iter().map(|run| run.key.as_str()).collect()
}

#[tokio::test]
async fn runs_are_read_a_page_at_a_time_from_the_newest() {
    let file = File::new();
    let journal = file.open();
    let double = pipeline! { |_: u64| |n| { n * 2 } as "double" };
    for n in 0..7 {
        journal.run(&format!("run-{n}"), &double, n).await.unwrap();
    }
    let reader = Reader::open(&file.path).unwrap();
    let page = Filter::new().newest_first().limit(3);
    let first = reader.list(&page).await.unwrap();
    assert_eq!(keys(&first), ["run-6", "run-5", "run-4"]);
    // What comes meanwhile moves nothing to another page.
    journal.run("late", &double, 1).await.unwrap();
    let next = |runs: &[orch_journal::Summary]| page.clone().before(runs.last().unwrap().number);
    let second = reader.list(&next(&first)).await.unwrap();
    assert_eq!(keys(&second), ["run-3", "run-2", "run-1"]);
    let third = reader.list(&next(&second)).await.unwrap();
    assert_eq!(keys(&third), ["run-0"]);
    assert!(reader.list(&next(&third)).await.unwrap().is_empty());
    let new = reader.list(&Filter::new().after(first[0].number)).await.unwrap();
    assert_eq!(keys(&new), ["late"]);
    // The journal itself reads the same.
    assert_eq!(keys(&journal.list(&next(&first)).await.unwrap()), keys(&second));
    assert_eq!(journal.purge(&Filter::new().newest_first().limit(2)).await.unwrap(), 2);
    assert_eq!(keys(&reader.list(&page).await.unwrap()), ["run-5", "run-4", "run-3"]);
}

#[tokio::test]
async fn runs_are_found_by_words_of_their_keys_and_pipelines() {
    let file = File::new();
    let journal = file.open();
    let order = pipeline! { |_: u64| seq(name = "Order") < |n| { n } > };
    let refund = pipeline! { |_: u64| seq(name = "refund") < |n| { n } > };
    for key in ["north-17", "north-18", "100%_of \\ 'it'"] {
        journal.run(key, &order, 1).await.unwrap();
    }
    journal.run("south-17", &refund, 1).await.unwrap();
    let reader = journal.reader();
    for (text, expected) in [
        ("", &["north-17", "north-18", "100%_of \\ 'it'", "south-17"][..]),
        ("17", &["north-17", "south-17"]),
        ("ORDER nor", &["north-17", "north-18"]),
        ("refund 18", &[]),
        // The end of a key and the beginning of a pipeline are no word.
        ("17order", &[]),
        // What has a meaning in patterns and in SQL has none here.
        ("%", &["100%_of \\ 'it'"]),
        ("h_1", &[]),
        ("\\ 'it'", &["100%_of \\ 'it'"]),
    ] {
        let found = reader.list(&Filter::new().containing(text)).await.unwrap();
        assert_eq!(keys(&found), expected, "{text}");
    }
}

#[tokio::test]
async fn a_look_takes_no_lease_and_writes_nothing() {
    let (file, world) = (File::new(), &World::new());
    let journal = file.open_with(|options| options.owner("worker"));
    let p = pipeline! { |_: u64| seq(name = "order") < add(world, _) add(world, _) as "stands" > };
    world.stand_at("order/stands");
    let reader = Reader::open(&file.path).unwrap();
    let log = file.path.with_extension("db-wal");
    let look = async {
        world.reached.notified().await;
        let before = (fs::read(&file.path).unwrap(), fs::read(&log).unwrap());
        let run = reader.summary("a").await.unwrap();
        assert_eq!((run.status, run.owner.as_str(), run.done), (Status::Running, "worker", 1));
        let steps = reader.steps("a", 0..10).await.unwrap();
        assert_eq!(
            steps.iter().map(|step| step.outcome.as_deref()).collect::<Vec<_>>(),
            [Some("ok:2"), None]
        );
        // Nor is it kept from it by one who writes.
        let other = file.sql();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        assert_eq!(reader.list(&Filter::new().status(Status::Running)).await.unwrap().len(), 1);
        other.execute_batch("ROLLBACK").unwrap();
        let after = (fs::read(&file.path).unwrap(), fs::read(&log).unwrap());
        assert!(before == after, "it has written");
        world.go.notify_one();
    };
    let both = async { tokio::join!(journal.run("a", &p, 1), look) };
    let (ran, ()) = tokio::time::timeout(PATIENCE, both).await.unwrap();
    assert_eq!(ran.unwrap(), 3);
    assert_eq!(reader.summary("a").await.unwrap().status, Status::Succeeded);
}

#[tokio::test]
async fn what_others_write_is_seen_by_the_next_look() {
    let file = File::new();
    drop(file.open());
    let reader = Reader::open(&file.path).unwrap();
    let double = pipeline! { |_: u64| |n| { n * 2 } as "double" };
    assert!(reader.list(&Filter::new()).await.unwrap().is_empty());
    // Who comes, writes and goes; with the last one, SQLite's log goes too.
    for n in 1..4 {
        file.open().run(&n.to_string(), &double, n).await.unwrap();
        assert_eq!(reader.list(&Filter::new()).await.unwrap().len() as u64, n);
    }
    // A file that was put in its place.
    let other = File::new();
    drop(other.open());
    for ending in ["db-wal", "db-shm"] {
        let _ = fs::remove_file(file.path.with_extension(ending));
    }
    fs::rename(&other.path, &file.path).unwrap();
    assert!(reader.list(&Filter::new()).await.unwrap().is_empty());
}

#[tokio::test]
async fn steps_are_read_a_page_at_a_time() {
    let (file, world) = (File::new(), &World::new());
    let journal = file.open();
    world.stand_at("order/race/first");
    let p = pipeline! { |_: Vec<u64>| seq(name = "order") <
        each(limit = 3) < add(world, _) >
        race < add(world, 1) as "first" even(world, 2) >
        add(world, _) as "last"
    > };
    let p = &p;
    journal.run("a", p, (0..20).collect()).await.unwrap();
    let (all, reader) = (journal.steps("a").await.unwrap(), journal.reader());
    assert_eq!(all.iter().filter(|step| step.is_given_up).count(), 1, "{all:?}");
    for size in [1, 2, 7, all.len(), 1_000] {
        let mut paged = Vec::new();
        for first in (0..all.len()).step_by(size) {
            paged.extend(reader.steps("a", first..first + size).await.unwrap());
        }
        assert_eq!(paged, all, "{size}");
    }
    assert!(reader.steps("a", all.len()..all.len() + 5).await.unwrap().is_empty());
    assert!(reader.steps("a", usize::MAX..usize::MAX).await.unwrap().is_empty());
    assert!(reader.steps("a", 5..5).await.unwrap().is_empty());
    #[expect(clippy::reversed_empty_ranges)]
    let reversed = reader.steps("a", 9..5).await.unwrap();
    assert!(reversed.is_empty());
    assert!(matches!(reader.steps("b", 0..1).await, Err(Error::Unknown { .. })));
    // What has changed is found where it is read, and keeps nobody from what is before it.
    let sql = file.sql();
    sql.execute(
        "UPDATE entries SET done = 'ok:7' WHERE seq = (SELECT max(seq) FROM entries WHERE done IS NOT NULL)",
        [],
    )
    .unwrap();
    let error = reader.steps("a", 0..1_000).await.unwrap_err();
    assert!(matches!(error, Error::Damaged { .. }), "{error}");
    assert_eq!(reader.steps("a", 0..2).await.unwrap(), all[..2]);
}

#[tokio::test]
async fn a_reader_makes_no_file_and_reads_none_that_is_no_journal() {
    let file = File::new();
    let Err(Error::Store(error)) = Reader::open(&file.path) else { panic!("it is open") };
    assert_eq!(error.failure(), StoreFailure::Io);
    assert!(!file.path.exists());
    file.sql().execute_batch("CREATE TABLE runs (key)").unwrap();
    assert!(matches!(Reader::open(&file.path), Err(Error::NotAJournal)));
    fs::remove_file(&file.path).unwrap();
    drop(Journal::open(&file.path).unwrap());
    file.sql().pragma_update(None, "user_version", 99).unwrap();
    assert!(matches!(Reader::open(&file.path), Err(Error::Newer { found: 99, .. })));
}
