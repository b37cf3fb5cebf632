//! Two workers behind one address, orders that go through them, and one of the two killed in the middle.
//!
//! It needs a Restate server on its usual ports: README.md has the commands.

use std::io;
use std::process::{Child, Command};
use std::time::Duration;

use async_orch::{Context, pipeline, task};
use orch_restate::{Client, Failed, RunError, Worker};
use serde::{Deserialize, Serialize};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

const INGRESS: &str = "http://127.0.0.1:8080";
const ADMIN: &str = "http://127.0.0.1:9070";
/// The address of the workers, as the server knows it, and those that are behind it.
const WORKERS: (u16, [u16; 2]) = (9080, [9081, 9082]);

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Order {
    item: String,
    cents: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Declined(String);

impl std::fmt::Display for Declined {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "declined: {}", self.0)
    }
}

impl std::error::Error for Declined {}

/// It stands for a call to another service, which is given the run's key, so that it knows a call that it has had before.
async fn call(cx: &Context<'_>) {
    let position = cx.position().expect("a run has positions");
    println!("    process {}: {} {position}", std::process::id(), position.key().unwrap_or("-"));
    tokio::time::sleep(Duration::from_millis(700)).await;
}

#[task(durable)]
async fn reserve(cx: &Context<'_>, order: Order) -> String {
    call(cx).await;
    format!("one {}", order.item)
}

#[task(durable)]
async fn release(cx: &Context<'_>) {
    call(cx).await;
}

#[task(durable)]
async fn charge(cx: &Context<'_>, order: Order) -> Result<u32, Declined> {
    call(cx).await;
    if order.cents > 100_000 { Err(Declined(format!("{} cents", order.cents))) } else { Ok(order.cents) }
}

#[task(durable)]
async fn ship(cx: &Context<'_>, reserved: String, cents: u32) -> String {
    call(cx).await;
    format!("{reserved} for {cents} cents")
}

/// A worker, as there may be any number of.
async fn work(port: u16) -> Result<(), Box<dyn std::error::Error>> {
    let order = pipeline! {
        error = Declined;
        |order: Order|
        saga <
            let reserved = reserve(order.clone()) undo release()
            let paid = circuit(fail_max = 3, reset_timeout = 30s) < charge(order.clone()) >
            retry(max_attempts = 3, backoff = constant(1s)) < ship(reserved.clone(), *paid) >
        >
    };
    // No task takes longer than a minute.
    let worker = Worker::options(INGRESS, Duration::from_secs(60)).pipeline("order", order);
    worker.bind(format!("127.0.0.1:{port}")).await?.serve().await;
    Ok(())
}

/// What a load balancer does: one connection to this worker, the next one to that.
async fn balance(listener: TcpListener) -> io::Result<()> {
    for turn in 0.. {
        let (mut server, _) = listener.accept().await?;
        tokio::spawn(async move {
            for worker in 0..WORKERS.1.len() {
                let port = WORKERS.1[(turn + worker) % WORKERS.1.len()];
                if let Ok(mut worker) = TcpStream::connect(("127.0.0.1", port)).await {
                    let _ = copy_bidirectional(&mut server, &mut worker).await;
                    return;
                }
            }
        });
    }
    Ok(())
}

/// A worker in a process of its own, which ends with this one.
struct Started(Child);

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    if let Some(port) = std::env::args().nth(1) {
        return work(port.parse()?).await;
    }
    let client = Client::new(INGRESS, ADMIN)?;
    println!("a server of version {}", client.version().await?);
    let mut workers = Vec::new();
    for port in WORKERS.1 {
        let worker = Command::new(std::env::current_exe()?).arg(port.to_string()).spawn()?;
        println!("a worker: process {}", worker.id());
        workers.push(Started(worker));
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    tokio::spawn(balance(TcpListener::bind(("127.0.0.1", WORKERS.0)).await?));
    client.replace(&format!("http://127.0.0.1:{}", WORKERS.0)).await?;

    let orders = client.of::<Order, String>("order").with_error::<Declined>();
    let day = std::time::SystemTime::UNIX_EPOCH.elapsed()?.as_secs();
    let keys: Vec<String> = (1..=6).map(|order| format!("order-{day}-{order}")).collect();
    for (key, cents) in keys.iter().zip([500, 1_200, 900, 200_000, 50, 8_000]) {
        orders.start(key, &Order { item: "book".to_owned(), cents }).await?;
    }
    tokio::time::sleep(Duration::from_millis(1_000)).await;
    println!("process {} is killed", workers[0].0.id());
    drop(workers.remove(0));

    for key in &keys {
        match orders.attach(key).await {
            Ok(receipt) => println!("{key}: {receipt}"),
            Err(RunError::Failed(Failed { path, .. })) => println!("{key}: failed at {path}, and was undone"),
            Err(error) => return Err(error.into()),
        }
        println!("    {ADMIN}/ui/invocations/{}", orders.id(key).await?);
    }
    // The same key again is the same run, whatever is asked for.
    let again = orders.run(&keys[0], &Order { item: "castle".to_owned(), cents: 1 }).await?;
    println!("{} again: {again}", keys[0]);
    Ok(())
}
