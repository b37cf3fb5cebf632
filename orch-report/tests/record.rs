//! What a record keeps, and that a file of events says the same.

mod common;

use std::io::{self, Write};
use std::time::Duration;

use async_orch::{TaskState, pipeline};
use common::{dead, records};
use orch_report::{EventWriter, ReadError, Record, Report, read};

/// All that a report says and that is not the clock's.
fn said(report: &Report) -> String {
    let page = report.to_html("t");
    let data = page.split_once("id=\"data\">").unwrap().1.split_once("</script>").unwrap().0;
    let mut data: serde_json::Value = serde_json::from_str(data).unwrap();
    data["began"] = 0.into();
    for run in data["runs"].as_array_mut().unwrap() {
        run["start"] = 0.into();
    }
    data.to_string()
}

#[tokio::test(start_paused = true)]
async fn every_execution_is_kept_with_its_outcome() {
    let record = Record::new();
    let (recorder, _) = records(&record).await;
    let report = record.report();
    let starts = |path: &str| {
        let is_start = |state: &TaskState| matches!(state, TaskState::Running);
        recorder.states(path).iter().filter(|state| is_start(state)).count() as u64
    };
    assert_eq!(report.steps().iter().map(|step| step.path.clone()).collect::<Vec<_>>(), recorder.paths());
    for step in report.steps() {
        assert_eq!(step.executions, starts(&step.path), "{}", step.path);
    }
    let save = report.step("records/each/retry/save").unwrap();
    assert_eq!((save.executions, save.succeeded, save.failed, save.repeated), (4, 3, 1, 1));
    assert_eq!(report.executions() as u64, report.steps().iter().map(|step| step.executions).sum::<u64>());
    assert_eq!(report.lost_executions(), 0);
}

#[tokio::test(start_paused = true)]
async fn waits_behind_a_limit_are_measured() {
    let record = Record::new();
    records(&record).await;
    let c = record.report().step("records/par/c").unwrap();
    assert_eq!((c.waited, c.max), (Duration::from_millis(20), Duration::from_millis(10)));
}

#[tokio::test(start_paused = true)]
async fn a_file_says_what_a_record_does() {
    let record = Record::new();
    let mut graph = async_orch::Graph::default();
    for _ in 0..2 {
        // The graph is needed before the run: the first one is for it alone.
        let events = EventWriter::new(Vec::new(), [&graph]);
        let (_, found) = records((&events, &record)).await;
        dead((&events, &record)).await.unwrap();
        if graph.nodes().is_empty() {
            graph = found;
            record.add_graph(&graph);
            continue;
        }
        let lines = events.finish().unwrap();
        let found = read(&lines[..]).unwrap();
        assert_eq!((found.left_out, found.report.runs()), (0, 2));
        for step in found.report.steps() {
            let all = record.report().step(&step.path).unwrap();
            assert_eq!(
                (all.executions, all.succeeded, all.failed, all.waited, all.total, all.max),
                (
                    step.executions * 2,
                    step.succeeded * 2,
                    step.failed * 2,
                    step.waited * 2,
                    step.total * 2,
                    step.max
                ),
                "{}",
                step.path
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_from_a_file_is_the_page_of_the_record() {
    let record = Record::new();
    let events = EventWriter::new(Vec::new(), []);
    records((&events, &record)).await;
    dead((&events, &record)).await.unwrap();
    let lines = events.finish().unwrap();
    assert_eq!(said(&read(&lines[..]).unwrap().report), said(&record.report()));
}

#[tokio::test(start_paused = true)]
async fn wherever_a_file_is_torn_the_lines_before_are_read() {
    let events = EventWriter::new(Vec::new(), []);
    records(&events).await;
    let lines = events.finish().unwrap();
    let whole = read(&lines[..]).unwrap();
    let header = lines.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let mut executions = 0;
    for end in header..lines.len() {
        let found = read(&lines[..end]).unwrap();
        let rest = &lines[..end];
        // A line without its line break is whole all the same if its JSON is.
        let is_torn = !rest.ends_with(b"\n") && lines[end] != b'\n';
        assert_eq!(found.left_out, u64::from(is_torn), "at {end}");
        let number = rest.iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
        assert_eq!(found.first_left_out, is_torn.then_some(number), "at {end}");
        assert!(found.report.executions() >= executions);
        executions = found.report.executions();
    }
    assert_eq!(executions, whole.report.executions());
    // What had not ended is said to be open.
    let half = read(&lines[..lines.len() / 2]).unwrap();
    assert!(half.report.steps().iter().map(|step| step.open).sum::<u64>() > 0);
}

#[test]
fn what_is_no_file_of_events_is_refused() {
    assert!(matches!(read(&b""[..]), Err(ReadError::NoHeader)));
    assert!(matches!(read(&b"\x00\xff\n"[..]), Err(ReadError::NoHeader)));
    assert!(matches!(read(&b"{\"line\":\"run\",\"run\":1,\"start_ns\":0}\n"[..]), Err(ReadError::NoHeader)));
    let later = b"{\"line\":\"header\",\"version\":2,\"began\":0}\n";
    assert!(matches!(read(&later[..]), Err(ReadError::Version { version: 2 })));
}

#[test]
fn lines_that_make_no_sense_are_left_out_and_counted() {
    let lines = [
        r#"{"line":"header","version":1,"began":0,"later":true}"#,
        r#"{"line":"step","id":0,"index":0,"path":"a","name":"a","kind":"task","place":"a.rs:1:1"}"#,
        r#"{"line":"run","run":1,"start_ns":0}"#,
        r#"{"line":"event","run":1,"seq":0,"ns":0,"step":0,"execution":1,"event":"running"}"#,
        // A run, a step and an execution that nobody knows; a step out of its turn; no JSON; bytes that are no text.
        r#"{"line":"event","run":7,"seq":0,"ns":0,"step":0,"execution":1,"event":"running"}"#,
        r#"{"line":"event","run":1,"seq":0,"ns":0,"step":9,"execution":1,"event":"succeeded"}"#,
        r#"{"line":"event","run":1,"seq":0,"ns":0,"step":0,"execution":9,"event":"succeeded"}"#,
        r#"{"line":"step","id":5,"index":0,"path":"a","name":"a","kind":"task","place":"a.rs:1:1"}"#,
        "half a li",
        // What a later version may add is no mistake.
        r#"{"line":"memory","bytes":7}"#,
        r#"{"line":"event","run":1,"seq":1,"ns":3,"step":0,"execution":1,"event":"paused"}"#,
        r#"{"line":"event","run":1,"seq":2,"ns":5,"step":0,"execution":1,"event":"succeeded"}"#,
    ];
    let found = read(lines.join("\n").as_bytes()).unwrap();
    assert_eq!((found.left_out, found.first_left_out), (5, Some(5)));
    let a = found.report.step("a").unwrap();
    assert_eq!((a.succeeded, a.max), (1, Duration::from_nanos(5)));
}

#[test]
fn times_that_go_backwards_in_a_file_are_no_panic() {
    let lines = [
        r#"{"line":"header","version":1,"began":0}"#,
        r#"{"line":"step","id":0,"index":0,"path":"a","name":"a","kind":"task","place":"a.rs:1:1"}"#,
        r#"{"line":"run","run":1,"start_ns":18446744073709551615}"#,
        r#"{"line":"event","run":1,"seq":0,"ns":900,"step":0,"execution":1,"event":"pending"}"#,
        r#"{"line":"event","run":1,"seq":1,"ns":18446744073709551615,"step":0,"execution":1,"event":"running"}"#,
        r#"{"line":"event","run":1,"seq":2,"ns":4,"step":0,"execution":1,"event":"told","about":"waiting"}"#,
        r#"{"line":"event","run":1,"seq":2,"ns":4,"step":0,"execution":1,"item":18446744073709551615,"event":"succeeded"}"#,
    ];
    let report = read(lines.join("\n").as_bytes()).unwrap().report;
    assert_eq!(report.step("a").unwrap().executions, 1);
    assert!(report.to_html("a").contains("waiting"));
    assert!(!report.to_perfetto().is_empty());
}

#[tokio::test]
async fn a_full_record_forgets_runs_that_have_ended_and_counts() {
    let record = Record::with_room(10);
    let p = pipeline! { |_: Vec<u32>| each < |n| { n } as "same" > }.with_bus(&record);
    for _ in 0..5 {
        p.run(vec![1, 2, 3]).await.unwrap();
    }
    let report = record.report();
    assert_eq!((report.runs(), report.executions(), report.lost_executions()), (2, 8, 12));
    assert!(report.to_html("full").contains("\"runs\":3,\"executions\":12"));
    // One run that is larger than the record: what was there goes, then what comes is counted.
    p.run(vec![0; 50]).await.unwrap();
    let report = record.report();
    assert_eq!((report.runs(), report.executions()), (1, 10));
    assert_eq!(report.lost_executions(), 20 + 41);
}

#[tokio::test]
async fn runs_that_do_not_end_are_bounded() {
    let record = Record::with_room(3);
    let p = pipeline! { seq < async |()| { std::future::pending::<()>().await } > }.with_bus(&record);
    let mut runs: Vec<_> = (0..50).map(|_| Box::pin(p.run(()))).collect();
    for run in &mut runs {
        assert!(polled(run).is_pending());
    }
    let report = record.report();
    assert_eq!((report.runs(), report.executions()), (3, 3), "each of 50 runs has two");
    assert_eq!(report.lost_executions(), 97);
    drop(runs);
    // They have ended, and make room.
    let double = pipeline! { |_: u32| |n| { n * 2 } as "double" }.with_bus(&record);
    double.run(1).await.unwrap();
    assert_eq!(record.report().step("double").unwrap().succeeded, 1);
}

fn polled<F: Future + Unpin>(future: &mut F) -> std::task::Poll<F::Output> {
    std::pin::Pin::new(future).poll(&mut std::task::Context::from_waker(std::task::Waker::noop()))
}

#[tokio::test]
async fn notes_are_bounded_too() {
    let record = Record::with_room(10);
    let p = pipeline! {
        async |_, cx| { for n in 0..1_000 { cx.note(format!("note {n}")); cx.progress(n, 1_000); } } as "talks"
    };
    p.with_bus(&record).run(()).await.unwrap();
    let page = record.report().to_html("talks");
    // Ten executions have room for twenty.
    assert!(page.contains("note 0") && page.contains("note 17") && !page.contains("note 25"));
    assert!(page.contains("\"marks\":19"), "{page}");
}

#[tokio::test(start_paused = true)]
async fn outputs_can_be_left_out() {
    let record = Record::new();
    let events = EventWriter::new(Vec::new(), []).outputs(false);
    records((&events, record.clone().outputs(false))).await;
    let lines = String::from_utf8(events.finish().unwrap()).unwrap();
    assert!(!lines.contains("\"record 3\\\"") && lines.contains("disk <busy>"));
    let page = record.report().to_html("no outputs");
    assert!(!page.contains("\\\"record 3"), "the note that the step itself wrote is there");
    assert!(page.contains("saving record 3"));
}

/// Has room for so many bytes.
struct Small(usize);

impl Write for Small {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or_else(|| io::Error::other("no room"))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_writer_that_fails_fails_no_run_and_is_told_at_the_end() {
    let events = EventWriter::new(Small(100), []);
    records(&events).await;
    let error = events.finish().map(drop).unwrap_err();
    assert_eq!(error.to_string(), "no room");
}

#[tokio::test(start_paused = true)]
async fn the_lines_of_a_run_that_has_ended_are_in_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("events.ndjson");
    let events = EventWriter::create(&path, []).unwrap();
    records(&events).await;
    // As after a crash: neither flushed nor dropped.
    let found = read(io::BufReader::new(std::fs::File::open(&path).unwrap())).unwrap();
    assert_eq!(found.report.step("records").unwrap().succeeded, 1);
    drop(events);
}
