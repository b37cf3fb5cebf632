//! Orders that survive their process: kill it anywhere, start it again, and it finishes.
//!
//! ```text
//! cargo run -p orch-journal --example durable_order            # takes about five seconds; kill it, and start it again
//! cargo run -p orch-journal --example durable_order -- list    # the runs of the file, and their steps
//! cargo run -p orch-journal --example durable_order -- reset   # from the beginning
//! ```
//!
//! An item is reserved and the money is charged at the same time, then the order is confirmed. One of the three orders has no
//! address: what was done for it is undone.
//!
//! What the tasks do is lines in a file, `world.log`. A task that was under way when the process was killed runs again; so each asks
//! whether it has been done, by the key of its run, as it would ask a bank or a warehouse.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_orch::{BoxError, Context, pipeline, task};
use orch_journal::{Filter, Journal, Keepable, RunError};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Order {
    item: String,
    cents: u64,
    address: String,
}

/// All that an order can fail with. A task's error is written down, as its output is.
#[derive(Clone, Debug, Serialize, Deserialize, thiserror::Error)]
enum Refused {
    #[error("the warehouse is busy")]
    Busy,
    #[error("there is no address")]
    NoAddress,
    #[error("a file: {0}")]
    File(String),
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Refused::File(error.to_string())
    }
}

/// Outside of all processes.
#[derive(Clone)]
struct World(PathBuf);

impl World {
    /// Does something once, however often it is asked for.
    fn once(&self, cx: &Context<'_>, what: &str) -> io::Result<()> {
        let line = format!("{}: {what}\n", cx.key().unwrap_or_default());
        if fs::read_to_string(&self.0).unwrap_or_default().contains(&line) {
            return Ok(());
        }
        print!("    {line}");
        fs::OpenOptions::new().create(true).append(true).open(&self.0)?.write_all(line.as_bytes())
    }
}

/// Time to be killed in.
async fn takes_a_while(cx: &Context<'_>) {
    cx.sleep(Duration::from_millis(900)).await;
}

#[task(durable)]
async fn reserve(cx: &Context<'_>, world: World, item: String) -> Result<String, Refused> {
    if cx.attempt() == 1 {
        return Err(Refused::Busy);
    }
    takes_a_while(cx).await;
    world.once(cx, &format!("reserved a {item}"))?;
    Ok(item)
}

#[task(durable)]
async fn release(cx: &Context<'_>, world: World, item: String) -> Result<(), Refused> {
    takes_a_while(cx).await;
    Ok(world.once(cx, &format!("put back the {item}"))?)
}

#[task(durable)]
async fn charge(cx: &Context<'_>, world: World, cents: u64) -> Result<u64, Refused> {
    takes_a_while(cx).await;
    world.once(cx, &format!("charged {cents} cents"))?;
    Ok(cents)
}

#[task(durable)]
async fn refund(cx: &Context<'_>, world: World, cents: u64) -> Result<(), Refused> {
    takes_a_while(cx).await;
    Ok(world.once(cx, &format!("gave back {cents} cents"))?)
}

#[task(durable)]
async fn confirm(cx: &Context<'_>, world: World, order: Order) -> Result<String, Refused> {
    takes_a_while(cx).await;
    if order.address.is_empty() {
        return Err(Refused::NoAddress);
    }
    world.once(cx, &format!("confirmed to {}", order.address))?;
    Ok(format!("a {} to {}", order.item, order.address))
}

fn order(world: World) -> impl Keepable<In = Order, Out = String, Error = BoxError> + 'static {
    pipeline! {
        let world = world;
        |order: Order|
        saga(name = "order") <
            par <
                retry(max_attempts = 3, backoff = exponential(200ms)) <
                    reserve(world.clone(), order.item.clone())
                > undo release(world.clone(), _)
                circuit(fail_max = 5, reset_timeout = 30s) <
                    timeout(30s) < charge(world.clone(), order.cents) >
                > undo refund(world.clone(), _)
            >
            confirm(world.clone(), order.clone())
        >
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::temp_dir().join("async-orch-durable-order");
    match std::env::args().nth(1).as_deref() {
        None => {}
        Some("list") => return list(&folder).await,
        Some("reset") => return Ok(fs::remove_dir_all(&folder)?),
        Some(other) => return Err(format!("`list`, `reset` or nothing, and not `{other}`").into()),
    }
    fs::create_dir_all(&folder)?;
    // By the name of its owner a process knows that the runs of the one before it are its own, and does not wait for their leases to end.
    let journal = Journal::options().owner("example").open(folder.join("runs.db"))?;
    let orders = journal.serve("order", order(World(folder.join("world.log"))));

    let recovery = orders.recover().await?;
    if !recovery.resumed.is_empty() {
        println!("goes on with {}", recovery.resumed.join(", "));
    }
    let mut runs = Vec::new();
    for (item, cents, address) in
        [("lamp", 4_900, "1 Lime Street"), ("chair", 12_000, ""), ("book", 1_500, "7 Elm Road")]
    {
        let order = Order { item: item.to_owned(), cents, address: address.to_owned() };
        // The same key is the same run: one that is recovered is waited for, one that has ended gives what it gave.
        runs.push(orders.start(&format!("order-{item}"), order).await?);
    }
    for run in runs {
        let key = run.key().to_owned();
        match run.await {
            Ok(parcel) => println!("{key}: {parcel}"),
            Err(RunError::Failed(error)) => println!("{key}: {error}"),
            Err(error) => return Err(error.into()),
        }
    }
    println!("all is written down in {}", folder.display());
    Ok(())
}

/// The runs of the file, and what they have asked for.
async fn list(folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let journal = Journal::open(folder.join("runs.db"))?;
    for run in journal.list(&Filter::new()).await? {
        println!("{} of {}: {}", run.key, run.pipeline, run.status);
        for step in journal.steps(&run.key).await? {
            let outcome = match (&step.outcome, step.is_given_up) {
                (Some(outcome), _) => outcome.as_str(),
                (None, true) => "given up",
                (None, false) => "under way",
            };
            println!("    {:>6} ms  {}  {outcome}", step.at.as_millis(), step.asked);
        }
        if let Some(text) = run.fault.or(run.result) {
            println!("    {text}");
        }
    }
    Ok(())
}
