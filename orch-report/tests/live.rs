//! The live page's server: who is answered, and what is told.
#![cfg(feature = "live")]

#[path = "common/http.rs"]
mod http;

use std::time::Duration;

use async_orch::pipeline;
use http::{answer, request, served, status, told};
use orch_report::Record;
use orch_report::live::{BindError, Live};
use tokio::io::AsyncReadExt;
use tokio::sync::oneshot::{self, Receiver};

#[tokio::test]
async fn only_loopback_is_bound_unless_told_otherwise() {
    let refused = Live::new(Record::new()).bind("0.0.0.0:0").await.unwrap_err();
    assert!(matches!(refused, BindError::NotLoopback(_)), "{refused}");
    assert!(Live::new(Record::new()).beyond_loopback().bind("0.0.0.0:0").await.is_ok());
}

#[tokio::test]
async fn other_names_are_refused() {
    let (address, _) = served(Live::new(Record::new()).allow_host("runs.example")).await;
    for (host, expected) in [
        ("Host: localhost\r\n", 200),
        ("Host: 127.0.0.1:7700\r\n", 200),
        ("Host: runs.example\r\n", 200),
        ("Host: evil.example\r\n", 403),
        ("Host: localhost.evil.example:80\r\n", 403),
        ("", 403),
        ("Host: localhost\r\nHost: evil.example\r\n", 403),
    ] {
        for path in ["GET /", "HEAD /"] {
            let answer = answer(address, path, host).await;
            // hyper itself may refuse what is no HTTP.
            assert!(
                status(&answer) == expected || (expected == 403 && status(&answer) == 400),
                "{host} {answer}"
            );
        }
    }
}

#[tokio::test]
async fn it_is_read_and_not_written() {
    let (address, _) = served(Live::new(Record::new())).await;
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        for path in ["/", "/events"] {
            let answer =
                answer(address, &format!("{method} {path}"), "Host: localhost\r\nContent-Length: 0\r\n")
                    .await;
            assert_eq!(status(&answer), 405, "{answer}");
        }
    }
    assert_eq!(status(&answer(address, "GET /other", "Host: localhost\r\n").await), 404);
    let page = answer(address, "GET /", "Host: localhost\r\n").await;
    let headers = page.split("\r\n\r\n").next().unwrap().to_lowercase();
    for header in [
        "content-security-policy: default-src 'none'; connect-src 'self'",
        "frame-ancestors 'none'",
        "x-content-type-options: nosniff",
        "cache-control: no-store",
    ] {
        assert!(headers.contains(header), "{headers}");
    }
    assert!(!headers.contains("access-control"), "{headers}");
    // A page of another site is told nothing, and takes no reader's place.
    let foreign = answer(address, "GET /events", "Host: localhost\r\nSec-Fetch-Site: cross-site\r\n").await;
    assert_eq!(status(&foreign), 403);
}

#[tokio::test]
async fn runs_are_told_while_they_go_on() {
    let record = Record::new();
    let (address, serving) = served(Live::new(record.clone())).await;
    let mut reader = request(address, "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    told(&mut reader, "event: state").await;
    let (open, opened) = oneshot::channel::<()>();
    let p = pipeline! { |_: Receiver<()>| seq < async |opened| { opened.await.ok(); "<done>" } as "waits" > };
    let p = p.with_bus(record.clone());
    let run = p.run_as("a key", opened);
    let watch = async {
        let text = told(&mut reader, "event: run").await;
        assert!(text.contains("a key"), "{text}");
        open.send(()).unwrap();
        let text = told(&mut reader, "done>").await;
        assert!(text.contains("event: news"), "{text}");
    };
    let (ran, ()) = tokio::join!(run, watch);
    assert_eq!(ran.unwrap(), "<done>");
    // Without the server there is no feed.
    serving.abort();
    let mut rest = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(10), reader.read_to_end(&mut rest)).await;
    assert!(ended.is_ok());
}

#[tokio::test]
async fn a_forgotten_run_is_said_to_be_gone() {
    let record = Record::with_room(4);
    let (address, _serving) = served(Live::new(record.clone())).await;
    let p = pipeline! { |_: u32| seq < |n| { n } > }.with_bus(&record);
    p.run(1).await.unwrap();
    let first = record.report().run_numbers()[0];
    let mut reader =
        request(address, &format!("GET /events?run={first} HTTP/1.1\r\nHost: localhost\r\n\r\n")).await;
    told(&mut reader, "event: run").await;
    for n in 0..3 {
        p.run(n).await.unwrap();
    }
    told(&mut reader, "event: gone").await;
}

#[tokio::test]
async fn there_are_so_many_readers_and_no_more() {
    let (address, _serving) = served(Live::new(Record::new())).await;
    let mut readers = Vec::new();
    for _ in 0..16 {
        let mut reader = request(address, "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
        told(&mut reader, "event: state").await;
        readers.push(reader);
    }
    assert_eq!(status(&answer(address, "GET /events", "Host: localhost\r\n").await), 503);
    // Who goes makes room, once that is noticed.
    readers.pop();
    for attempt in 0.. {
        let mut reader = request(address, "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
        if told(&mut reader, "\r\n\r\n").await.contains(" 200 ") {
            break;
        }
        assert!(attempt < 100, "no place became free");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
