//! Durable runs of three tasks a second, beside a handler of the server's SDK that does the same by hand.
//!
//! `RESTATE_SERVER_BIN=… cargo bench [SECONDS]`: for each line so many seconds, in turns of one. Server, workers and callers share the
//! machine.

#![allow(missing_docs, reason = "the macro of the SDK makes methods without")]

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_orch::{pipeline, task};
use orch_restate::{Client, Worker};
use restate_sdk::prelude::*;

#[task(durable)]
async fn add(n: u64) -> u64 {
    n + 1
}

struct Bare;

#[restate_sdk::service(name = "bare")]
impl Bare {
    #[handler]
    async fn run(&self, ctx: Context<'_>, n: u64) -> HandlerResult<u64> {
        let n = ctx.run(|| async move { Ok(n + 1) }).name("a").await?;
        let n = ctx.run(|| async move { Ok(n + 1) }).name("b").await?;
        Ok(ctx.run(|| async move { Ok(n + 1) }).name("c").await?)
    }
}

/// It is gone when the benchmark is.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("there are ports")
        .port()
}

/// How many calls a handler answers, by so many callers at once.
async fn calls(url: &str, at_once: usize, time: Duration) -> u64 {
    static KEYS: AtomicU64 = AtomicU64::new(0);
    let (until, client) = (Instant::now() + time, reqwest::Client::new());
    let callers: Vec<_> = (0..at_once)
        .map(|_| {
            let (client, url) = (client.clone(), url.to_owned());
            tokio::spawn(async move {
                let mut calls = 0;
                while Instant::now() < until {
                    let key = KEYS.fetch_add(1, Ordering::Relaxed).to_string();
                    let answer = client.post(&url).header("idempotency-key", key).json(&5).send().await;
                    let answer: u64 = answer.expect("an answer").json().await.expect("a number");
                    assert_eq!(answer, 8);
                    calls += 1;
                }
                calls
            })
        })
        .collect();
    let mut all = 0;
    for caller in callers {
        all += caller.await.expect("a caller");
    }
    all
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let Some(binary) = std::env::var_os("RESTATE_SERVER_BIN") else {
        println!("skipped: RESTATE_SERVER_BIN is not set");
        return Ok(());
    };
    let seconds: u64 = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(6);
    let folder = tempfile::tempdir()?;
    let [ingress, admin, node] = [(); 3].map(|()| format!("127.0.0.1:{}", port()));
    let server = Command::new(binary)
        .args(["--node-name", "n1", "--cluster-name", "orch", "--listen-mode", "tcp", "--no-logo"])
        .args(["--bind-address", &node, "--default-num-partitions", "4", "--base-dir"])
        .arg(folder.path())
        .env("RESTATE_INGRESS__BIND_ADDRESS", &ingress)
        .env("RESTATE_ADMIN__BIND_ADDRESS", &admin)
        .env("RESTATE_ROCKSDB_TOTAL_MEMORY_SIZE", "512MiB")
        .env("RESTATE_DISABLE_TELEMETRY", "true")
        .env("DO_NOT_TRACK", "1")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let _server = Server(server);
    let (ingress, admin) = (format!("http://{ingress}"), format!("http://{admin}"));
    let client = Client::new(&ingress, &admin)?;

    let worker = Worker::options(&ingress, Duration::from_secs(60))
        .pipeline_with_text_errors("orch", pipeline! { |_: u64| seq < add as "a" add as "b" add as "c" > })
        .pipeline_with_text_errors(
            "guarded",
            pipeline! { |_: u64| circuit < add as "a" add as "b" add as "c" > },
        )
        .bind("127.0.0.1:0")
        .await?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let bare = listener.local_addr()?;
    tokio::spawn(HttpServer::new(Endpoint::builder().bind(Bare).build()).serve(listener));
    let since = Instant::now();
    for address in [worker.address(), bare] {
        while let Err(error) = client.register(&format!("http://{address}")).await {
            assert!(since.elapsed() < Duration::from_secs(30), "{error}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    let urls = ["orch", "bare"].map(|name| format!("{ingress}/{name}/run"));
    for url in &urls {
        // The ingress hears of a new handler a moment later.
        while !reqwest::Client::new().post(url).json(&5).send().await?.status().is_success() {
            assert!(since.elapsed() < Duration::from_secs(30), "{url} does not answer");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        calls(url, 16, Duration::from_secs(1)).await;
    }
    println!("| at once | runs a second | bare handler | ratio |");
    println!("|---|---|---|---|");
    for at_once in [1, 16, 64] {
        let mut sums = [0; 2];
        for turn in 0..seconds {
            // One goes first as often as the other.
            for which in [turn % 2, 1 - turn % 2].map(|which| usize::from(which == 1)) {
                sums[which] += calls(&urls[which], at_once, Duration::from_secs(1)).await;
            }
        }
        let [orch, bare] = sums.map(|sum| sum as f64 / seconds as f64);
        println!("| {at_once} | {orch:.0} | {bare:.0} | {:.2} |", orch / bare);
    }
    let url = format!("{ingress}/guarded/run");
    calls(&url, 1, Duration::from_secs(1)).await;
    let guarded = calls(&url, 1, Duration::from_secs(seconds)).await as f64 / seconds as f64;
    println!("\none at once, with a `circuit` around the three: {guarded:.0}");
    worker.stop().await;
    Ok(())
}
