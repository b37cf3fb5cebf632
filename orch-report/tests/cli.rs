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

#[cfg(not(feature = "journal"))]
#[test]
fn without_the_feature_it_is_said_how_to_have_it() {
    let directory = tempfile::tempdir().unwrap();
    let made = run(directory.path(), &["--journal", "runs.db"]);
    assert_eq!(made.status.code(), Some(1));
    let expected = "orch-report: this program was built without the feature `journal`. With it: cargo install orch-report --features journal\n";
    assert_eq!(text(&made.stderr), expected);
}

#[cfg(feature = "journal")]
mod journal {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::TcpStream;
    use std::process::{Child, Command, Stdio};

    use async_orch::pipeline;
    use orch_journal::Journal;

    use super::{run, text};

    /// The program, which ends with the test.
    struct Serving(Child);

    impl Drop for Serving {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    fn ask(url: &str, path: &str) -> String {
        let address = url.strip_prefix("http://").unwrap().strip_suffix('/').unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[tokio::test]
    async fn it_serves_the_runs_of_a_journal_that_another_process_writes() {
        let directory = tempfile::tempdir().unwrap();
        let journal = Journal::open(directory.path().join("runs.db")).unwrap();
        let double = pipeline! { |_: u64| |n| { n * 2 } as "double" };
        journal.run("before", &double, 1).await.unwrap();
        let mut program = Command::new(env!("CARGO_BIN_EXE_orch-report"));
        program.args(["--journal", "runs.db", "--address", "127.0.0.1:0"]).current_dir(directory.path());
        let mut serving = Serving(program.stdout(Stdio::piped()).spawn().unwrap());
        let mut url = String::new();
        BufReader::new(serving.0.stdout.take().unwrap()).read_line(&mut url).unwrap();
        let page = ask(url.trim_end(), "/");
        assert!(
            page.contains("<title>runs.db</title>") && page.contains(r#""journals":["runs.db"]"#),
            "{page}"
        );
        assert!(ask(url.trim_end(), "/journal/runs").contains(r#""key":"before""#));
        journal.run("meanwhile", &double, 1).await.unwrap();
        assert!(ask(url.trim_end(), "/journal/runs").contains(r#""key":"meanwhile""#));
        // It says that it cannot have the same address, and how to have another.
        let address = url.trim_end().strip_prefix("http://").unwrap().strip_suffix('/').unwrap();
        let taken = run(directory.path(), &["-j", "runs.db", "-a", address]);
        assert_eq!(taken.status.code(), Some(1));
        let error = text(&taken.stderr);
        assert!(
            error.contains(address) && error.contains("in use") && error.contains("With --address"),
            "{error}"
        );
    }

    #[test]
    fn mistakes_with_journals_are_said() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("list.csv"), "id,name\n".repeat(200)).unwrap();
        drop(Journal::open(directory.path().join("runs.db")).unwrap());
        for (arguments, code, expected) in [
            (&["--journal"][..], 2, "--journal"),
            (&["--journal", "runs.db", "events.ndjson"], 2, "--journal serves a page, and makes none"),
            (&["--journal", "runs.db", "-o", "run.html"], 2, "--journal serves a page, and makes none"),
            (&["events.ndjson", "--address", "127.0.0.1:0"], 2, "none is given"),
            (&["--journal", "gone.db"], 1, "gone.db: the journal's file cannot be used: unable to open"),
            (
                &["--journal", "list.csv"],
                1,
                "list.csv: the journal's file cannot be used: file is not a database",
            ),
            (&["--journal", "runs.db", "--address", "0.0.0.0:0"], 1, "not on loopback"),
            (&["--journal", "runs.db", "--address", "7700"], 1, "7700: "),
        ] {
            let made = run(directory.path(), arguments);
            assert_eq!(made.status.code(), Some(code), "{made:?}");
            assert!(text(&made.stderr).contains(expected), "{made:?}");
        }
        assert!(!directory.path().join("gone.db").exists(), "a mistyped name makes no file");
    }
}
