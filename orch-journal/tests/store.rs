//! Failures of the file: each is an error, and loses nothing that was written down.

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use async_orch::{pipeline, task};
use common::{File, World, add};
use orch_journal::{Busy, Error, Filter, Journal, RunError, Status, StoreError, StoreFailure};

fn failure<E: async_orch::Failure>(error: &RunError<E>) -> Option<StoreFailure> {
    match error {
        RunError::Journal(Error::Store(error)) => Some(StoreError::failure(error)),
        _ => None,
    }
}

macro_rules! order {
    ($world:expr) => {
        pipeline! { |_: u64| seq(name = "order") <
            add($world, _) as "one"
            par < add($world, _) as "two" add($world, _) as "three" >
            |(two, three)| { two + three }
            add($world, _) as "four"
        > }
    };
}

/// Of `order!` with 1.
const RESULT: u64 = 7;

#[task(durable)]
async fn big(n: u64) -> String {
    "x".repeat(usize::try_from(n).unwrap())
}

#[tokio::test]
async fn a_full_disk_is_an_error_and_the_run_goes_on_when_there_is_space() {
    let (file, world) = (File::new(), &World::new());
    let p = pipeline! {
        |_: u64|
        seq(name = "big") <
            add(world, _)
            |_| { 300_000 }
            big
            |text| { text.len() as u64 }
            add(world, _) as "last"
        >
    };
    let small = order!(world);
    let journal = file.open_with(|options| options.max_bytes(400_000));
    assert_eq!(journal.run("a", &p, 1).await.unwrap(), 300_001);
    world.take();
    // A small one at the same time is not torn along, as long as it fits.
    let (full, fits) = tokio::join!(journal.run("b", &p, 1), journal.run("small", &small, 1));
    assert_eq!(failure(&full.unwrap_err()), Some(StoreFailure::Full));
    assert_eq!(fits.unwrap(), RESULT);
    assert_eq!(world.take().remove("big/add"), Some(1));
    let again = journal.run("b", &p, 1).await.unwrap_err();
    assert_eq!(again.to_string(), "the journal's file cannot be used: database or disk is full");
    assert!(world.take().is_empty(), "what was written is not run again");
    let summary = journal.summary("b").await.unwrap();
    assert_eq!((summary.status, summary.done), (Status::Interrupted, 1));
    // What there was is there, and what was not written is done when there is space.
    assert_eq!(journal.run("a", &p, 1).await.unwrap(), 300_001);
    drop(journal);
    let journal = file.open();
    assert_eq!(journal.run("b", &p, 1).await.unwrap(), 300_001);
    assert_eq!(world.take().into_keys().collect::<Vec<_>>(), ["big/last"]);
}

#[tokio::test]
async fn a_locked_file_is_an_error_and_the_run_goes_on_when_it_is_free() {
    let (file, world) = (File::new(), &World::new());
    let p = order!(world);
    let journal = file
        .open_with(|options| options.lock_wait(Duration::from_millis(30)).lease(Duration::from_millis(90)));
    let other = file.sql();
    // Before a run is begun.
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let error = journal.run("a", &p, 1).await.unwrap_err();
    assert_eq!(failure(&error), Some(StoreFailure::Locked), "{error}");
    assert!(world.take().is_empty(), "nothing runs that is not written down");
    other.execute_batch("COMMIT").unwrap();
    assert!(journal.list(&Filter::new()).await.unwrap().is_empty());
    // In the middle of it.
    world.stand_at("order/four");
    let lock = async {
        world.reached.notified().await;
        other.execute_batch("BEGIN EXCLUSIVE").unwrap();
        world.go.notify_one();
    };
    let (run, ()) = tokio::join!(journal.run("a", &p, 1), lock);
    assert_eq!(failure(&run.unwrap_err()), Some(StoreFailure::Locked));
    assert_eq!(world.take().len(), 4);
    other.execute_batch("COMMIT").unwrap();
    world.stand_at(None);
    // That it is free could not be written either, and is when it can be.
    let run = tokio::time::timeout(Duration::from_secs(20), journal.run("a", &p, 1));
    assert_eq!(run.await.unwrap().unwrap(), RESULT);
    assert_eq!(world.take().into_keys().collect::<Vec<_>>(), ["order/four"]);
}

/// A file, its log, and what is known of the runs in it.
struct Image {
    main: Vec<u8>,
    log: Vec<u8>,
}

impl Image {
    fn of(path: &Path) -> Self {
        Image { main: fs::read(path).unwrap(), log: fs::read(log(path)).unwrap_or_default() }
    }

    fn write(&self, file: &File) {
        fs::write(&file.path, &self.main).unwrap();
        fs::write(log(&file.path), &self.log).unwrap();
    }
}

fn log(path: &Path) -> std::path::PathBuf {
    path.with_extension("db-wal")
}

/// A run that stands at its last step; the process is gone. Its tasks that have finished.
async fn left(file: &File, world: &World) -> Image {
    let journal = options().open(&file.path).unwrap();
    let p = order!(world);
    journal.run("ended", &p, 1).await.unwrap();
    world.stand_at("order/four");
    let image = tokio::select! {
        _ = journal.run("a", &p, 1) => panic!("it has ended"),
        // Before its lease is given back, which a process that is gone does not do.
        () = world.reached.notified() => Image::of(&file.path),
    };
    world.stand_at(None);
    world.take();
    image
}

fn options() -> orch_journal::Options {
    // The same worker again.
    Journal::options().owner("worker").busy(Busy::Refuse)
}

/// What the journal says of the steps of a run that have finished.
async fn finished(journal: &Journal, key: &str) -> Result<Vec<String>, Error> {
    let steps = journal.steps(key).await?;
    let finished = steps.into_iter().filter(|step| step.outcome.is_some());
    Ok(finished.map(|step| step.asked.split(' ').nth(1).unwrap_or_default().to_owned()).collect())
}

fn none_again(finished: &[String], called: &BTreeMap<String, u32>) -> bool {
    finished.iter().all(|step| !called.contains_key(step)) && called.values().all(|calls| *calls == 1)
}

/// The log of a process that died while it wrote, cut anywhere: what is there is the beginning of what was written, whole.
#[tokio::test]
async fn a_torn_write_leaves_what_was_written_before() {
    let (file, world) = (File::new(), &World::new());
    let image = left(&file, world).await;
    assert!(image.log.len() > 20_000, "{}", image.log.len());
    let p = order!(world);
    let mut seen = Vec::new();
    let mut before = 0;
    let cuts = (0..image.log.len()).step_by(1031).chain([image.log.len()]);
    for cut in cuts {
        let torn = Image { main: image.main.clone(), log: image.log[..cut].to_vec() };
        let copy = File::new();
        torn.write(&copy);
        let journal = options().open(&copy.path).unwrap();
        let finished = match finished(&journal, "a").await {
            Err(Error::Unknown { .. }) => Vec::new(),
            finished => finished.unwrap(),
        };
        assert!(finished.len() >= before, "{cut}: {finished:?}");
        before = finished.len();
        seen.push(before);
        assert_eq!(journal.run("a", &p, 1).await.unwrap(), RESULT, "{cut}");
        assert!(none_again(&finished, &world.take()), "{cut}: {finished:?}");
    }
    seen.dedup();
    assert!(seen.first() == Some(&0) && seen.last() == Some(&3), "{seen:?}");
}

/// A byte that has changed anywhere in the log ends it there.
#[tokio::test]
async fn a_log_that_is_damaged_ends_before_that() {
    let (file, world) = (File::new(), &World::new());
    let image = left(&file, world).await;
    let p = order!(world);
    for at in (0..image.log.len()).step_by(2063) {
        let mut torn = Image { main: image.main.clone(), log: image.log.clone() };
        torn.log[at] ^= 0x10;
        let copy = File::new();
        torn.write(&copy);
        let Ok(journal) = options().open(&copy.path) else { continue };
        let finished = match finished(&journal, "a").await {
            Err(Error::Unknown { .. }) => Vec::new(),
            finished => finished.unwrap(),
        };
        assert_eq!(journal.run("a", &p, 1).await.unwrap(), RESULT, "{at}");
        assert!(none_again(&finished, &world.take()), "{at}: {finished:?}");
    }
}

/// What comes of a file that is damaged: an error, or what would have come of it without; nothing else, and no task that had
/// finished runs again.
async fn is_found_or_does_no_harm(main: Vec<u8>, world: &World, what: &str) -> bool {
    let copy = File::new();
    fs::write(&copy.path, main).unwrap();
    let Ok(journal) = options().open(&copy.path) else { return true };
    let p = order!(world);
    let mut is_found = false;
    match journal.run("ended", &p, 1).await {
        Ok(result) => assert_eq!(result, RESULT, "{what}"),
        Err(RunError::Journal(_)) => is_found = true,
        Err(error) => panic!("{what}: {error:?}"),
    }
    assert!(world.take().is_empty(), "{what}: the one that has ended runs again");
    match journal.run("a", &p, 1).await {
        Ok(result) => assert_eq!(result, RESULT, "{what}"),
        Err(RunError::Journal(_)) => is_found = true,
        Err(error) => panic!("{what}: {error:?}"),
    }
    let called = world.take();
    let may_be = ["order/four".to_owned()];
    assert!(called.keys().all(|step| may_be.contains(step)), "{what}: {called:?}");
    is_found
}

/// The file as it is when it was closed, the run that stands free.
async fn closed(world: &World) -> Vec<u8> {
    let file = File::new();
    left(&file, world).await;
    // SQLite writes all of the log into the file when it is closed.
    drop(file.open());
    fs::read(&file.path).unwrap()
}

#[tokio::test]
async fn a_page_that_is_damaged_is_found() {
    let world = &World::new();
    let whole = closed(world).await;
    let mut found = 0;
    let pages = whole.len() / 4096;
    for page in 0..pages {
        for fill in [0x00, 0xff, 0x0d] {
            let mut main = whole.clone();
            main[page * 4096..][..4096].fill(fill);
            found += u32::from(is_found_or_does_no_harm(main, world, &format!("page {page}, {fill}")).await);
        }
    }
    // Each page is one of a table or an index.
    assert_eq!(found as usize, pages * 3, "of {pages} pages");
}

#[tokio::test]
async fn a_byte_that_has_changed_is_found_or_does_no_harm() {
    let world = &World::new();
    let whole = closed(world).await;
    assert!(!is_found_or_does_no_harm(whole.clone(), world, "whole").await);
    // Where something stands; much of a page is empty.
    let places: Vec<_> = (0..whole.len()).filter(|at| whole[*at] != 0).collect();
    let mut found = 0;
    let mut tried = 0;
    for at in places.into_iter().step_by(13) {
        let mut main = whole.clone();
        main[at] ^= 1 << (at % 7);
        tried += 1;
        found += u32::from(is_found_or_does_no_harm(main, world, &format!("byte {at}")).await);
    }
    assert!(found > tried / 2, "{found} of {tried}");
}

/// It says which run it is that is damaged, and leaves the others.
#[tokio::test]
async fn a_value_that_has_changed_is_named_by_its_run() {
    let (file, world) = (File::new(), &World::new());
    left(&file, world).await;
    let p = order!(world);
    let sql = file.sql();
    sql.execute("UPDATE entries SET done = 'ok:5' WHERE run = 2 AND done = 'ok:2'", []).unwrap();
    let journal = options().open(&file.path).unwrap();
    let error = journal.run("a", &p, 1).await.unwrap_err();
    assert!(error.to_string().starts_with("what the journal has of run `a` is damaged: entry "), "{error}");
    journal.serve("order", pipeline! { |_: u64| |n| { n } });
    let recovery = journal.recover().await.unwrap();
    assert_eq!(recovery.damaged.len(), 1);
    assert_eq!(journal.run("ended", &p, 1).await.unwrap(), RESULT);
    assert!(world.take().is_empty());
}

/// A file that is none, and one that cannot be made.
#[tokio::test]
async fn a_file_that_cannot_be_opened_says_why() {
    let file = File::new();
    fs::write(&file.path, "no database, but a text of more than a hundred bytes, so that SQLite looks at it; it is as long as this. ".repeat(9)).unwrap();
    let Err(Error::Store(error)) = Journal::open(&file.path) else { panic!("it is open") };
    assert_eq!(error.failure(), StoreFailure::Corrupt);
    let Err(Error::Store(error)) = Journal::open(file.path.join("below a file")) else {
        panic!("it is open")
    };
    assert_eq!(error.failure(), StoreFailure::Io);
}
