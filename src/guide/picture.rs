//! A pipeline with a picture in its documentation. `tests/graph.rs` has it too, and holds the picture to it.

use async_orch::{BoxError, Run, pipeline, task};
use std::io;

/// How an order is paid.
#[derive(Clone, Copy, Debug)]
pub enum Payment {
    /// By a card with this number.
    Card(u64),
    /// Later.
    Invoice,
}

#[task]
fn price(items: Vec<u32>) -> u32 {
    items.iter().sum()
}

#[task]
async fn reserve(items: Vec<u32>) -> io::Result<u64> {
    Ok(items.len() as u64)
}

#[task]
async fn release(_reservation: u64) {}

#[task]
async fn charge(_card: u64, cents: u32) -> io::Result<String> {
    Ok(format!("{cents} cents by card"))
}

#[task]
async fn invoice(cents: u32) -> String {
    format!("{cents} cents by invoice")
}

#[task]
async fn pack(item: u32) -> u32 {
    item
}

#[task]
async fn send_mail(_text: String) -> io::Result<()> {
    Ok(())
}

#[task]
async fn send_letter(_text: String) {}

/// Sells things.
#[doc = include_str!("../../docs/order.svg")]
pub fn order(payment: Payment) -> impl Run<In = Vec<u32>, Out = String, Error = BoxError> {
    pipeline! {
        move |items: Vec<u32>|
        saga(name = "order") <
            let cents = price(items.clone())
            retry(max_attempts = 3, backoff = exponential(100ms)) < timeout(2s) < reserve(items.clone()) > >
                undo release(_)
            let paid = choose(payment) <
                Payment::Card(number) => circuit(fail_max = 5, reset_timeout = 30s) <
                    charge(*number, *cents)
                >,
                Payment::Invoice => invoice(*cents),
            >
            par(limit = 2) <
                seq < |_| { items.clone() } as "items" each(limit = 8) < pack > >
                fallback < send_mail(paid.clone()) send_letter(paid.clone()) >
            >
            |_| { paid.clone() } as "receipt"
        >
    }
}
