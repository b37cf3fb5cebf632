//! A journal's runs on the live page: what the server says of them.
#![cfg(feature = "journal")]

#[path = "common/durable.rs"]
mod durable;
#[path = "common/http.rs"]
mod http;

use std::net::SocketAddr;
use std::path::PathBuf;

use async_orch::{pipeline, task};
use durable::{HOSTILE, order, runs};
use http::{answer, served, status};
use orch_journal::{Journal, Reader, Status};
use orch_report::Record;
use orch_report::live::Live;
use serde_json::Value;
use tempfile::TempDir;

/// A folder for a file, which is gone with it.
fn file() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.db");
    (folder, path)
}

async fn serves(path: &PathBuf) -> SocketAddr {
    served(Live::new(Record::new()).journal("runs", Reader::open(path).unwrap())).await.0
}

async fn text(address: SocketAddr, path: &str) -> String {
    let whole = answer(address, &format!("GET /journal/{path}"), "Host: localhost\r\n").await;
    let (head, body) = whole.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("content-type: application/json"), "{head}");
    body.to_owned()
}

async fn ask(address: SocketAddr, path: &str) -> Value {
    serde_json::from_str(&text(address, path).await).unwrap()
}

fn strings<'a>(runs: &'a Value, field: &str) -> Vec<&'a str> {
    runs["runs"].as_array().unwrap().iter().map(|run| run[field].as_str().unwrap()).collect()
}

#[tokio::test]
async fn runs_are_told_with_their_states_from_the_newest() {
    let (_folder, path) = file();
    let journal = Journal::options().owner("worker-1").open(&path).unwrap();
    let _running = runs(&journal).await;
    let address = serves(&path).await;
    let all = ask(address, "runs").await;
    assert_eq!(strings(&all, "key"), [HOSTILE, "parcel-5", "order-4", "order-3", "order-2", "order-1"]);
    let states = ["succeeded", "running", "interrupted", "cancelled", "failed", "succeeded"];
    assert_eq!(strings(&all, "status"), states);
    assert_eq!(all["next"], Value::Null);
    let failed = &all["runs"][4];
    assert!(failed["result"].as_str().unwrap().contains("no money: reserved a castle"), "{failed}");
    assert!(failed["ended"].as_u64() >= failed["started"].as_u64() && failed["done"] == 6, "{failed}");
    assert_eq!(all["runs"][1]["ended"], Value::Null);

    for (query, expected) in [
        ("status=failed", &["order-2"][..]),
        ("status=running", &["parcel-5"]),
        ("status=interrupted", &["order-4"]),
        ("status=cancelled", &["order-3"]),
        ("status=succeeded&text=ORDER-", &["order-1"]),
        ("text=parcel", &["parcel-5", "order-4", "order-3"]),
        ("text=parcel%204", &["order-4"]),
        ("text=%25", &[]),
    ] {
        assert_eq!(strings(&ask(address, &format!("runs?{query}")).await, "key"), expected, "{query}");
    }
}

#[tokio::test]
async fn a_run_is_told_with_its_input_result_owner_and_steps() {
    let (_folder, path) = file();
    let journal = Journal::options().owner("worker-1").open(&path).unwrap();
    let _running = runs(&journal).await;
    let address = serves(&path).await;
    let run = ask(address, "run?number=2").await;
    assert_eq!((run["key"].as_str(), run["status"].as_str()), (Some("order-2"), Some("failed")));
    assert_eq!((run["pipeline"].as_str(), run["owner"].as_str()), (Some("order"), Some("worker-1")));
    assert_eq!(run["input"], "\"a castle for a bankrupt\"");
    let steps = run["steps"].as_array().unwrap();
    let asked: Vec<_> =
        steps.iter().map(|step| step["asked"].as_str().unwrap().split(" of ").next().unwrap()).collect();
    let expected = [
        "run order/reserve",
        "run order/retry/charge#1",
        "wait 1ms",
        "run order/retry/charge#2",
        "wait 1ms",
        "run order/retry/charge#3",
    ];
    assert_eq!(asked, expected);
    assert_eq!(steps[0]["outcome"], "ok:\"reserved a castle for a bankrupt\"");
    assert!(steps[1]["outcome"].as_str().unwrap().starts_with("err:"), "{run}");
    assert_eq!(
        (&run["has_more"], &run["unreadable"], &run["fault"]),
        (&Value::Bool(false), &Value::Null, &Value::Null)
    );

    // Another pipeline by the name of the one that it was begun with has to stop.
    let other = pipeline! { |_: u32| seq(name = "parcel") < |n| { u64::from(n) } next > };
    journal.run("order-4", &other, 4).await.unwrap_err();
    // That it is free again is written before this is answered.
    assert_eq!(journal.status("order-4").await.unwrap(), Status::Interrupted);
    let stopped = ask(address, "run?number=4").await;
    assert_eq!(stopped["status"], "interrupted");
    assert!(stopped["fault"].as_str().unwrap().contains("it asks to run parcel/next"), "{stopped}");

    let running = ask(address, "run?number=5").await;
    assert_eq!((&running["result"], &running["steps"][0]["outcome"]), (&Value::Null, &Value::Null));
    let gone = answer(address, "GET /journal/run?number=70", "Host: localhost\r\n").await;
    assert!(status(&gone) == 404 && gone.contains("not in the file any more"), "{gone}");
}

#[tokio::test]
async fn no_text_of_a_run_is_markup() {
    let (_folder, path) = file();
    let _running = runs(&Journal::open(&path).unwrap()).await;
    let address = serves(&path).await;
    for path in ["runs", "run?number=6"] {
        let text = text(address, path).await;
        assert!(!text.contains(['<', '>', '&', '\u{2028}']), "{text}");
    }
    let run = ask(address, "run?number=6").await;
    assert_eq!(run["key"], HOSTILE);
    assert_eq!(run["result"], serde_json::to_string(&format!("reserved {HOSTILE}")).unwrap());
    // What a journal is called is a part of the page.
    let named = Live::of_journal(HOSTILE, Reader::open(&path).unwrap());
    let page = answer(served(named).await.0, "GET /", "Host: localhost\r\n").await;
    assert_eq!(page.matches("</script>").count(), 2, "the page's own");
    assert!(page.contains("window.hit"));
}

#[task(durable)]
async fn count_to(n: u64) -> Vec<u64> {
    (0..n).collect()
}

#[task(durable)]
async fn next(n: u64) -> u64 {
    n + 1
}

#[tokio::test]
async fn runs_and_steps_are_told_a_page_at_a_time() {
    let (_folder, path) = file();
    let journal = Journal::open(&path).unwrap();
    let many = pipeline! { |_: u64| seq(name = "many") < count_to each < next > > };
    journal.run("steps", &many, 250).await.unwrap();
    let double = pipeline! { |_: u64| |n| { n * 2 } as "double" };
    for n in 0..119 {
        journal.run(&format!("run-{n}"), &double, n).await.unwrap();
    }
    let address = serves(&path).await;
    let (mut found, mut sizes, mut query) = (Vec::new(), Vec::new(), "runs".to_owned());
    loop {
        let page = ask(address, &query).await;
        sizes.push(page["runs"].as_array().unwrap().len());
        found.extend(strings(&page, "key").into_iter().map(str::to_owned));
        // It comes between two pages, and moves nothing from one to the other.
        journal.run(&format!("late-{}", sizes.len()), &double, 0).await.unwrap();
        let Some(next) = page["next"].as_u64() else { break };
        query = format!("runs?before={next}");
    }
    assert_eq!(sizes, [50, 50, 20]);
    let expected: Vec<_> = (0..119).rev().map(|n| format!("run-{n}")).chain(["steps".to_owned()]).collect();
    assert_eq!(found, expected);
    // No question makes an answer larger.
    assert_eq!(ask(address, "runs?limit=1000000").await["runs"].as_array().unwrap().len(), 50);
    assert_eq!(ask(address, "runs?limit=7").await["runs"].as_array().unwrap().len(), 7);

    let mut outcomes = Vec::new();
    for (first, size, has_more) in [(0, 100, true), (100, 100, true), (200, 51, false), (251, 0, false)] {
        let page = ask(address, &format!("run?number=1&first={first}")).await;
        let steps = page["steps"].as_array().unwrap();
        assert_eq!((steps.len(), &page["has_more"]), (size, &Value::Bool(has_more)));
        outcomes.extend(steps.iter().map(|step| step["outcome"].as_str().unwrap().to_owned()));
    }
    let expected: Vec<_> = (1..=250).map(|n| format!("ok:{n}")).collect();
    assert_eq!(outcomes[1..], expected);
}

#[task(durable)]
async fn repeated(length: usize) -> String {
    "\u{e9}".repeat(length)
}

/// What an answer holds does not follow from what a run has written.
#[tokio::test]
async fn long_texts_are_cut() {
    let (_folder, path) = file();
    let journal = Journal::open(&path).unwrap();
    let long = pipeline! { |_: String| seq(name = "long") < |_: String| { 2_000_000 } repeated > };
    journal.run(&"k".repeat(5_000), &long, "i".repeat(3_000_000)).await.unwrap();
    let address = serves(&path).await;
    let list = text(address, "runs").await;
    assert!(list.len() < 2_000, "{}", list.len());
    assert!(list.contains("kkk\u{2026}") && list.contains("\u{e9}\u{2026}"));
    let run = text(address, "run?number=1").await;
    assert!((100_000..200_000).contains(&run.len()), "{}", run.len());
    let run: Value = serde_json::from_str(&run).unwrap();
    for (field, most) in [("input", 64 << 10), ("result", 64 << 10)] {
        let text = run[field].as_str().unwrap();
        assert!(text.ends_with('\u{2026}') && (most - 9..most + 9).contains(&text.len()), "{}", text.len());
    }
    assert!(run["steps"][0]["outcome"].as_str().unwrap().len() < 5_000);
    assert_eq!(run["key"].as_str().unwrap().len(), 5_000);
}

/// It is another process's, as far as the page is concerned: a journal of its own, opened and closed meanwhile.
#[tokio::test]
async fn what_others_write_meanwhile_is_told() {
    let (_folder, path) = file();
    drop(Journal::open(&path).unwrap());
    let address = serves(&path).await;
    assert!(strings(&ask(address, "runs").await, "key").is_empty());
    let order = order();
    for (key, expected) in [("a", &["a"][..]), ("b", &["b", "a"])] {
        Journal::open(&path).unwrap().run(key, &order, key.to_owned()).await.unwrap();
        assert_eq!(strings(&ask(address, "runs").await, "key"), expected);
    }
    // Who has the file to write keeps nobody from looking.
    let journal = Journal::open(&path).unwrap();
    let running = runs(&journal).await;
    assert_eq!(strings(&ask(address, "runs?status=running").await, "key"), ["parcel-5"]);
    journal.cancel("parcel-5").await.unwrap();
    assert_eq!(strings(&ask(address, "runs?status=cancelled").await, "key"), ["parcel-5", "order-3"]);
    drop(running);
}

/// A look takes no lease: who runs a run keeps it, and one that nobody runs stays free.
#[tokio::test]
async fn looking_changes_nothing() {
    let (_folder, path) = file();
    let journal = Journal::options().owner("worker-1").open(&path).unwrap();
    let _running = runs(&journal).await;
    let address = serves(&path).await;
    let log = path.with_extension("db-wal");
    let files = || (std::fs::read(&path).unwrap(), std::fs::read(&log).unwrap());
    let looks = [
        "runs",
        "runs?status=interrupted&text=order",
        "run?number=4",
        "run?number=5",
        "run?number=5&first=1",
    ];
    // The journal itself may write what was left, or renew a lease, meanwhile; not each time.
    for attempt in 0.. {
        let before = files();
        for look in looks {
            ask(address, look).await;
        }
        if before == files() {
            break;
        }
        assert!(attempt < 20, "the file has changed");
    }
    assert_eq!(ask(address, "run?number=5").await["owner"], "worker-1");
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        for path in ["/journal/runs", "/journal/run?number=4"] {
            let headers = "Host: localhost\r\nContent-Length: 0\r\n";
            assert_eq!(status(&answer(address, &format!("{method} {path}"), headers).await), 405);
        }
    }
}

#[tokio::test]
async fn others_are_refused() {
    let (_folder, path) = file();
    let _running = runs(&Journal::open(&path).unwrap()).await;
    let address = serves(&path).await;
    for path in ["/journal/runs", "/journal/run?number=1"] {
        for (headers, expected) in [
            ("Host: localhost\r\n", 200),
            ("Host: localhost\r\nSec-Fetch-Site: same-origin\r\n", 200),
            ("Host: evil.example\r\n", 403),
            ("Host: localhost.evil.example:80\r\n", 403),
            ("Host: localhost\r\nSec-Fetch-Site: cross-site\r\n", 403),
            ("Host: localhost\r\nSec-Fetch-Site: same-site\r\n", 403),
        ] {
            let answer = answer(address, &format!("GET {path}"), headers).await;
            assert_eq!(status(&answer), expected, "{headers}");
            assert_eq!(answer.contains("order-1"), expected == 200, "{answer}");
            if expected == 200 {
                assert!(
                    answer.contains("nosniff")
                        && answer.contains("no-store")
                        && answer.contains("frame-ancestors 'none'"),
                    "{answer}"
                );
            }
        }
    }
}

#[tokio::test]
async fn mistakes_are_said() {
    let (_folder, path) = file();
    let _running = runs(&Journal::open(&path).unwrap()).await;
    let address = serves(&path).await;
    let long = format!("runs?text={}", "x".repeat(2_000));
    for (path, expected) in [
        ("runs?journal=1", 404),
        ("run?number=1&journal=1", 404),
        ("runs?status=lost", 400),
        ("runs?before=x", 400),
        ("run", 400),
        ("run?number=0", 404),
        ("run?number=18446744073709551615", 404),
        ("runs?before=0", 200),
        ("runs?before=18446744073709551615", 200),
        ("run?number=1&first=18446744073709551615", 200),
        (&long, 400),
    ] {
        let answer = answer(address, &format!("GET /journal/{path}"), "Host: localhost\r\n").await;
        assert_eq!(status(&answer), expected, "{path}: {answer}");
    }
    // The file is gone, and there again.
    let away = path.with_extension("away");
    std::fs::rename(&path, &away).unwrap();
    let missing = answer(address, "GET /journal/runs", "Host: localhost\r\n").await;
    assert!(status(&missing) == 503 && missing.contains("unable to open"), "{missing}");
    std::fs::rename(&away, &path).unwrap();
    assert_eq!(strings(&ask(address, "runs?status=failed").await, "key"), ["order-2"]);
    // A page without journals has none.
    let (without, _) = served(Live::new(Record::new())).await;
    assert_eq!(status(&answer(without, "GET /journal/runs", "Host: localhost\r\n").await), 404);
}

/// A byte that has changed: what is known of the run is shown all the same, and the others too.
#[tokio::test]
async fn a_run_with_damaged_steps_says_so() {
    let (_folder, path) = file();
    let journal = Journal::open(&path).unwrap();
    for (key, item) in [("order-1", "a book"), ("order-2", "a lamp")] {
        journal.run(key, &order(), item.to_owned()).await.unwrap();
    }
    // All of it is in the file then.
    drop(journal);
    let mut bytes = std::fs::read(&path).unwrap();
    let damaged = b"ok:\"reserved a book";
    let at = bytes.windows(damaged.len()).position(|window| window == damaged).unwrap();
    bytes[at + damaged.len() - 1] = b't';
    std::fs::write(&path, bytes).unwrap();
    let address = serves(&path).await;
    let run = ask(address, "run?number=1").await;
    assert_eq!((run["key"].as_str(), run["result"].as_str()), (Some("order-1"), Some("\"reserved a book\"")));
    let unreadable = run["unreadable"].as_str().unwrap();
    assert!(
        unreadable.starts_with("what the journal has of run `order-1` is damaged: entry "),
        "{unreadable}"
    );
    assert_eq!(ask(address, "run?number=2").await["unreadable"], Value::Null);
    assert_eq!(strings(&ask(address, "runs").await, "key"), ["order-2", "order-1"]);
}

#[tokio::test]
async fn several_files_are_told_apart() {
    let ((_one, first), (_two, second)) = (file(), file());
    for (path, key) in [(&first, "here"), (&second, "there")] {
        let double = pipeline! { |_: u64| |n| { n * 2 } as "double" };
        Journal::open(path).unwrap().run(key, &double, 1).await.unwrap();
    }
    let live = Live::of_journal("first", Reader::open(&first).unwrap());
    let (address, _) = served(live.journal("second", Reader::open(&second).unwrap())).await;
    assert_eq!(strings(&ask(address, "runs?journal=0").await, "key"), ["here"]);
    assert_eq!(strings(&ask(address, "runs?journal=1").await, "key"), ["there"]);
    assert_eq!(ask(address, "run?journal=1&number=1").await["key"], "there");
}
