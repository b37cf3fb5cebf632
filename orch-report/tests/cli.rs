//! The program.

mod common;

use std::path::Path;
use std::process::{Command, Output};

use common::records;
use orch_report::EventWriter;

fn run(directory: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_orch-report")).args(arguments).current_dir(directory).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[tokio::test(start_paused = true)]
async fn it_makes_a_page_and_a_trace_of_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let events = EventWriter::create(directory.path().join("events.ndjson"), []).unwrap();
    records(&events).await;
    events.finish().unwrap();

    let made = run(
        directory.path(),
        &["events.ndjson", "-o", "run.html", "-p", "run.perfetto-trace", "--title", "a run"],
    );
    assert!(made.status.success() && made.stderr.is_empty(), "{made:?}");
    let page = std::fs::read_to_string(directory.path().join("run.html")).unwrap();
    assert!(page.contains("<title>a run</title>") && page.contains("records/each/retry/save"));
    assert!(std::fs::metadata(directory.path().join("run.perfetto-trace")).unwrap().len() > 500);

    // Without names it makes one; and it writes over nothing unless told to.
    assert!(run(directory.path(), &["events.ndjson"]).status.success());
    assert!(directory.path().join("events.html").exists());
    let refused = run(directory.path(), &["events.ndjson"]);
    assert_eq!(refused.status.code(), Some(1));
    assert_eq!(text(&refused.stderr), "orch-report: events.html exists. With --force it is written over\n");
    assert!(run(directory.path(), &["events.ndjson", "--force"]).status.success());
    // Not over what it reads, whoever says so.
    assert!(!run(directory.path(), &["events.ndjson", "--force", "-o", "events.ndjson"]).status.success());

    let printed = run(directory.path(), &["events.ndjson", "-o", "-"]);
    assert!(text(&printed.stdout).starts_with("<!DOCTYPE html>"));
}

#[tokio::test(start_paused = true)]
async fn a_torn_line_is_said_and_the_rest_is_there() {
    let directory = tempfile::tempdir().unwrap();
    let events = EventWriter::new(Vec::new(), []);
    records(&events).await;
    let mut lines = events.finish().unwrap();
    let number = lines.iter().filter(|byte| **byte == b'\n').count();
    lines.truncate(lines.len() - 20);
    std::fs::write(directory.path().join("events.ndjson"), lines).unwrap();
    let made = run(directory.path(), &["events.ndjson"]);
    assert!(made.status.success());
    let expected = format!("orch-report: 1 line was left out that cannot be read, from line {number} on\n");
    assert_eq!(text(&made.stderr), expected);
}

#[test]
fn mistakes_are_said() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("list.csv"), "id,name\n").unwrap();
    for (arguments, code, expected) in [
        (&[][..], 2, "no file of events is given"),
        (&["--colour"], 2, "--colour"),
        (&["list.csv"], 1, "list.csv: not a file of events: its first line is no header"),
        (&["gone.ndjson"], 1, "gone.ndjson: No such file"),
    ] {
        let made = run(directory.path(), arguments);
        assert_eq!(made.status.code(), Some(code), "{made:?}");
        assert!(text(&made.stderr).contains(expected), "{made:?}");
    }
    let help = run(directory.path(), &["--help"]);
    assert!(help.status.success() && text(&help.stdout).contains("Usage: orch-report EVENTS"));
}
