//! A tour: five small pipelines, one after another, each with its graph, its events and its result.
//!
//! ```text
//! cargo run --example tour
//! ```
//!
//! 1. several tasks at once, two at a time
//! 2. a sequence: each output is the next input
//! 3. a task that fails now and then, and is tried again
//! 4. a circuit breaker that opens, rejects and recovers
//! 5. both mixed, with names for what came before
//!
//! It takes about two seconds, and fails if a result is not the expected one.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use async_orch::bus::LogBus;
use async_orch::{BoxError, ErrorKind, Graph, pipeline, task};
use tokio::time::sleep;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    at_once().await?;
    one_after_another().await?;
    again().await?;
    circuit_breaker().await?;
    mixed().await?;
    Ok(())
}

// Tasks are ordinary functions, async or not, that may fail or not.

/// As slow as its number is high.
#[task]
async fn fetch(id: u32) -> String {
    sleep(Duration::from_millis(10) * id).await;
    format!("record {id}")
}

#[task]
fn process(record: String) -> String {
    record.to_uppercase()
}

/// Blocks, and so runs on a thread made for that.
#[task(blocking)]
fn save(path: PathBuf, text: String) -> io::Result<PathBuf> {
    std::fs::write(&path, text)?;
    Ok(path)
}

async fn at_once() -> Result<(), BoxError> {
    let pipeline = pipeline! {
        par(limit = 2) < fetch(10) as "ten" fetch(20) as "twenty" fetch(30) as "thirty" >
    };
    // A pipeline says nothing unless it is given a bus. This one prints every event.
    let pipeline = pipeline.with_bus(log());
    heading("1. At once, two at a time", &pipeline.graph());

    // The outputs come as a tuple, in the order of the text. The third fetch had to wait for a place.
    let (a, b, c) = pipeline.run(()).await?;
    println!("=> {a}, {b}, {c}");
    assert_eq!([a, b, c], ["record 10", "record 20", "record 30"]);
    Ok(())
}

async fn one_after_another() -> Result<(), BoxError> {
    let dir = tempfile::tempdir()?;
    let path = dir.path().join("record.txt");

    let pipeline = pipeline! {
        |id: u32|                       // the input of a run, by name
        seq(name = "ingest") <
            fetch(*id)
            process                     // takes what `fetch` gave
            save(path.clone(), _)       // `_` is what `process` gave
        >
    }
    .with_bus(log());
    heading("2. One after another", &pipeline.graph());

    let saved = pipeline.run(7).await?;
    let text = std::fs::read_to_string(&saved)?;
    println!("=> {text:?} in {}", saved.display());
    assert_eq!(text, "RECORD 7");
    Ok(())
}

/// Fails twice.
#[task]
async fn flaky(calls: &AtomicU32) -> io::Result<&'static str> {
    match calls.fetch_add(1, Ordering::Relaxed) {
        0 => Err(io::ErrorKind::ConnectionRefused.into()),
        1 => Err(io::ErrorKind::ConnectionReset.into()),
        _ => Ok("at last"),
    }
}

async fn again() -> Result<(), BoxError> {
    let calls = AtomicU32::new(0);

    // Steps capture variables as closures do. A pipeline that is used where it is written can borrow them.
    let pipeline = pipeline! {
        timeout(2s) < // for all attempts and the waits between them
            retry(max_attempts = 5, backoff = exponential(50ms), jitter = none) < flaky(&calls) >
        >
    }
    .with_bus(log());
    heading("3. Again, with a wait that doubles", &pipeline.graph());

    let answer = pipeline.run(()).await?;
    let calls = calls.into_inner();
    println!("=> {answer}, after {calls} calls");
    assert_eq!((answer, calls), ("at last", 3));
    Ok(())
}

#[task]
async fn call(up: &AtomicBool) -> io::Result<&'static str> {
    if up.load(Ordering::Relaxed) { Ok("pong") } else { Err(io::ErrorKind::ConnectionRefused.into()) }
}

async fn circuit_breaker() -> Result<(), BoxError> {
    let up = AtomicBool::new(false);

    // The circuit is a part of the pipeline, and keeps its state from run to run.
    let pipeline = pipeline! {
        circuit(fail_max = 2, reset_timeout = 200ms) < call(&up) >
    }
    .with_bus(log());
    heading("4. A circuit that opens after two failures", &pipeline.graph());

    let mut seen = Vec::new();
    for run in 1..=5 {
        if run == 4 {
            println!("   (the service comes back, and the reset timeout goes by)");
            up.store(true, Ordering::Relaxed);
            sleep(Duration::from_millis(200)).await;
        }
        let result = pipeline.run(()).await;
        match &result {
            Ok(answer) => println!("=> {answer}"),
            Err(error) => println!("=> {error}"),
        }
        seen.push(match result.map_err(|error| error.into_kind()) {
            Ok(_) => "answered",
            // The task's own error, also from the run that opened the circuit.
            Err(ErrorKind::Task(_)) => "failed",
            // The task did not run.
            Err(ErrorKind::CircuitOpen { .. }) => "rejected",
            Err(_) => "something else",
        });
    }
    assert_eq!(seen, ["failed", "failed", "rejected", "answered", "answered"]);
    Ok(())
}

#[derive(Clone, Debug)]
struct User {
    name: &'static str,
    orders: Vec<u32>,
}

#[task]
async fn find_user(id: u32) -> Result<User, BoxError> {
    sleep(Duration::from_millis(20)).await;
    match id {
        7 => Ok(User { name: "Ada", orders: vec![3, 5] }),
        _ => Err(format!("there is no user {id}").into()),
    }
}

#[task]
async fn credit(name: &'static str) -> u32 {
    sleep(Duration::from_millis(30)).await;
    name.len() as u32 * 100
}

#[task]
async fn price(order: u32) -> u32 {
    sleep(Duration::from_millis(10)).await;
    order * 30
}

async fn mixed() -> Result<(), BoxError> {
    let pipeline = pipeline! {
        |id: u32|
        seq(name = "checkout") <
            let user = find_user(*id)
            let (credit, prices) = par <                    // names for both outputs
                credit(user.name)
                seq(name = "orders") <
                    |_| { user.orders.clone() } as "list"   // a step written in place
                    each(limit = 4) < price >               // once for each order
                >
            >
            |_| { prices.iter().sum::<u32>() } as "sum"
            |sum| {                                         // a name is a reference: `*credit`
                if sum > *credit { return Err(BoxError::from("not enough credit")); }
                Ok(format!("{} pays {sum} of {credit}", user.name))
            } as "pay"
        >
    }
    .with_bus(log());
    heading("5. Mixed, with names", &pipeline.graph());

    let receipt = pipeline.run(7).await?;
    println!("=> {receipt}");
    assert_eq!(receipt, "Ada pays 240 of 300");

    // An error says which step it comes from.
    let error = pipeline.run(8).await.expect_err("there is one user");
    println!("=> {error}");
    assert_eq!(error.to_string(), "step `checkout/find_user` failed: there is no user 8");
    Ok(())
}

/// A bus that prints each event as a line.
fn log() -> LogBus<io::Stdout> {
    LogBus::to(io::stdout())
}

fn heading(title: &str, graph: &Graph) {
    println!("\n\n{title}\n{}\n\n{graph}\n", "=".repeat(title.len()));
}
