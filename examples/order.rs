//! A batch of orders, each a saga: what was done for an order that fails is undone, and the books balance to the cent.
//!
//! ```text
//! cargo run --example order
//! ```
//!
//! The bank is a server on loopback, which takes the money of some orders and answers too late. The warehouse is a directory: an item
//! on the shelf is a file, and to reserve it is to move the file. Addresses without a street cannot be shipped to.
//!
//! - The key of a payment is made before it, and its undo voids the payment, so that a charge of which nobody knows is undone too.
//! - The lock on an order is given back by `finally`, whatever becomes of it.
//! - The first batch ends with the first failure: no further order starts, and those under way come to their end, since a saga that is
//!   dropped undoes nothing. The second one is for the orders that were not tried, and settles.
//!
//! It counts the money, the items and the locks at the end.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_orch::bus::Recorder;
use async_orch::{Run, SagaEvent, TaskState, pipeline, task};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// All that an order can fail with.
#[derive(Debug, thiserror::Error)]
enum OrderError {
    #[error("the bank cannot be reached: {0}")]
    Bank(#[source] io::Error),
    #[error("the bank says: {0}")]
    Declined(String),
    #[error("there is no `{0}` left")]
    SoldOut(&'static str),
    #[error("there is no street in `{0}`")]
    Address(&'static str),
    #[error("a file of the warehouse: {0}")]
    Warehouse(#[from] io::Error),
}

#[derive(Clone, Copy, Debug)]
struct Order {
    id: u32,
    item: &'static str,
    cents: u64,
    address: &'static str,
}

/// What the bank has booked under each key.
type Books = Arc<Mutex<BTreeMap<String, u64>>>;

/// A bank that books at once, and answers some keys after half a second.
async fn bank(listener: TcpListener, books: Books) {
    while let Ok((stream, _)) = listener.accept().await {
        let books = books.clone();
        tokio::spawn(async move {
            let mut stream = BufReader::new(stream);
            let mut line = String::new();
            stream.read_line(&mut line).await?;
            let answer = match *line.split_whitespace().collect::<Vec<_>>() {
                ["charge", key, cents] => {
                    let cents: u64 = cents.parse().unwrap_or(0);
                    if cents > 50_000 {
                        "declined".to_owned()
                    } else {
                        lock(&books).insert(key.to_owned(), cents);
                        if key.ends_with("-3") {
                            tokio::time::sleep(Duration::from_millis(500)).await;
                        }
                        "ok".to_owned()
                    }
                }
                // Whatever was booked under the key, if anything was: it may be asked for any number of times.
                ["void", key] => {
                    lock(&books).remove(key);
                    "ok".to_owned()
                }
                _ => "what?".to_owned(),
            };
            stream.write_all(format!("{answer}\n").as_bytes()).await
        });
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Asks the bank.
async fn ask(port: u16, question: String) -> Result<(), OrderError> {
    let answer = async {
        let mut stream = BufReader::new(TcpStream::connect(("127.0.0.1", port)).await?);
        stream.write_all(question.as_bytes()).await?;
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        Ok(line)
    };
    match answer.await.map_err(OrderError::Bank)?.trim() {
        "ok" => Ok(()),
        other => Err(OrderError::Declined(other.to_owned())),
    }
}

#[task]
async fn charge(port: u16, key: String, cents: u64) -> Result<(), OrderError> {
    ask(port, format!("charge {key} {cents}\n")).await
}

#[task]
async fn void(port: u16, key: String) -> Result<(), OrderError> {
    ask(port, format!("void {key}\n")).await
}

/// A file that says that somebody is at this order.
#[task(blocking)]
fn lock_order(root: PathBuf, id: u32) -> Result<PathBuf, OrderError> {
    let path = root.join("locks").join(id.to_string());
    std::fs::File::create_new(&path)?;
    Ok(path)
}

#[task(blocking)]
fn unlock(path: PathBuf) -> Result<(), OrderError> {
    Ok(std::fs::remove_file(path)?)
}

/// Takes an item off the shelf.
#[task(blocking)]
fn reserve(root: PathBuf, item: &'static str, id: u32) -> Result<Reserved, OrderError> {
    for entry in std::fs::read_dir(root.join("shelf"))? {
        let shelf = entry?.path();
        let name = shelf.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let reserved = root.join("reserved").join(format!("{name}-for-{id}"));
        // Somebody else may have been faster.
        if name.starts_with(item) && std::fs::rename(&shelf, &reserved).is_ok() {
            return Ok(Reserved { shelf, reserved });
        }
    }
    Err(OrderError::SoldOut(item))
}

/// Where the item was, and where it is.
#[derive(Clone, Debug)]
struct Reserved {
    shelf: PathBuf,
    reserved: PathBuf,
}

#[task(blocking)]
fn put_back(reserved: Reserved) -> Result<(), OrderError> {
    Ok(std::fs::rename(reserved.reserved, reserved.shelf)?)
}

#[task(blocking)]
fn ship(root: PathBuf, order: Order, reserved: PathBuf) -> Result<u64, OrderError> {
    if !order.address.contains(' ') {
        return Err(OrderError::Address(order.address));
    }
    std::fs::rename(reserved, root.join("shipped").join(order.id.to_string()))?;
    Ok(order.cents)
}

/// One order from the lock to the parcel.
fn checkout(
    root: PathBuf,
    port: u16,
) -> impl Run<In = Order, Out = u64, Error = async_orch::BoxError> + 'static {
    pipeline! {
        let root = root;
        move |order: Order|
        saga(name = "checkout") <
            lock_order(root.clone(), order.id) finally unlock
            // Before the charge, so that one whose answer never came is voided as well.
            let key = |_| { format!("order-{}", order.id) }
                undo retry(max_attempts = 5) < void(port, key.clone()) >
            timeout(200ms) < charge(port, key.clone(), order.cents) >
            let item = reserve(root.clone(), order.item, order.id) undo put_back
            ship(root.clone(), *order, item.reserved.clone())
        >
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let directory = tempfile::tempdir()?;
    let root = directory.path().to_owned();
    for room in ["shelf", "reserved", "shipped", "locks"] {
        std::fs::create_dir(root.join(room))?;
    }
    for (item, count) in [("lamp", 4), ("chair", 2)] {
        for number in 0..count {
            std::fs::File::create_new(root.join("shelf").join(format!("{item}-{number}")))?;
        }
    }
    let books = Books::default();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    tokio::spawn(bank(listener, books.clone()));

    let orders: Vec<Order> = (0..12)
        .map(|id| Order {
            id,
            item: if id % 3 == 1 { "chair" } else { "lamp" },
            cents: if id == 9 { 99_999 } else { 1_999 + u64::from(id) },
            address: if id == 2 { "nowhere" } else { "1 High Street" },
        })
        .collect();

    // Ends with the first failure, after those under way.
    let batch = pipeline! { |_: Vec<Order>| each(limit = 4) < { checkout(root.clone(), port) } > };
    let recorder = Recorder::new();
    let error = match (&batch).with_bus(&recorder).run(orders.clone()).await {
        Ok(_) => return Err("an address without a street is no address".into()),
        Err(error) => error,
    };
    println!("the batch stopped: {error}");
    for other in error.others() {
        println!("    while it came to its end: {other}");
    }
    recorder.assert_balanced();
    let undoings = recorder.events().iter().filter(|event| event.told::<SagaEvent>().is_some()).count();
    let started = recorder
        .of("each/checkout/lock_order")
        .iter()
        .filter(|event| event.task_state() == Some(TaskState::Running))
        .count();
    println!("    {started} of {} orders had begun, {undoings} were undone", orders.len());
    assert!(error.is::<OrderError>() && started < orders.len());

    // The others, each for itself.
    let rest = pipeline! { |_: Vec<Order>| each(limit = 4, settle) < { checkout(root.clone(), port) } > };
    let results = rest.run(orders.get(started..).unwrap_or_default().to_vec()).await?;
    for (order, result) in orders.iter().skip(started).zip(&results) {
        match result {
            Ok(cents) => println!("order {:2}: shipped, {cents} cents", order.id),
            Err(error) => println!("order {:2}: {error}", order.id),
        }
        assert!(result.as_ref().err().is_none_or(|error| error.undo_failures().is_empty()));
    }

    balance(&root, &books, &orders)
}

/// Counts the money, the items and the locks.
fn balance(root: &Path, books: &Books, orders: &[Order]) -> Result<(), BoxError> {
    let names = |room: &str| -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(root.join(room))? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        Ok(names)
    };
    let (shelf, shipped) = (names("shelf")?, names("shipped")?);
    let booked: u64 = lock(books).values().sum();
    let owed: u64 =
        orders.iter().filter(|order| shipped.contains(&order.id.to_string())).map(|o| o.cents).sum();
    println!("\nledger: {} parcels, {booked} cents booked, {owed} cents owed", shipped.len());
    println!(
        "        {} items on the shelf, {} reserved, {} locks",
        shelf.len(),
        names("reserved")?.len(),
        names("locks")?.len()
    );
    assert_eq!(booked, owed, "the books balance to the cent");
    assert_eq!(shelf.len() + shipped.len(), 6, "no item is lost");
    assert!(names("reserved")?.is_empty() && names("locks")?.is_empty(), "nothing is held");
    assert!(!shipped.is_empty());
    Ok(())
}
