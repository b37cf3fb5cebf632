//! Durable runs in every state, to look at. Not every test looks at all of them.
#![allow(dead_code)]

use std::sync::Arc;

use async_orch::durable::Coding;
use async_orch::{BoxError, Context, pipeline, task};
use orch_journal::{Journal, Keepable, Started};

/// What may do nothing but be shown.
pub(crate) const HOSTILE: &str =
    "</script><script>window.hit = 1</script><img src=x onerror='window.hit = 1'>\u{2028}&amp;";

#[task(durable)]
async fn reserve(item: String) -> String {
    format!("reserved {item}")
}

#[task(durable(error = Coding::text(std::io::Error::other)))]
async fn charge(cx: &Context<'_>, text: String) -> std::io::Result<String> {
    match cx.attempt() {
        1 => Err(std::io::Error::other("the bank is busy")),
        _ if text.contains("bankrupt") => Err(std::io::Error::other(format!("no money: {text}"))),
        _ => Ok(text),
    }
}

#[task(durable)]
async fn parcel() {
    std::future::pending().await
}

/// It fails if there is a bankrupt in the text.
pub(crate) fn order() -> impl Keepable<In = String, Out = String, Error = BoxError> + 'static {
    pipeline! {
        |_: String|
        seq(name = "order") <
            reserve
            retry(max_attempts = 3, backoff = constant(1ms), jitter = none) < charge >
        >
    }
}

/// One run in each state, in this order: `order-1` succeeded, `order-2` failed, `order-3` cancelled, `order-4` interrupted, `parcel-5` running, and
/// the last is hostile in all its texts. What is given back keeps the one that runs.
pub(crate) async fn runs(journal: &Journal) -> impl Sized + use<> {
    let order = order();
    journal.run("order-1", &order, "a book".to_owned()).await.unwrap();
    journal.run("order-2", &order, "a castle for a bankrupt".to_owned()).await.unwrap_err();
    let parcel = Arc::new(pipeline! { |_: u32| seq(name = "parcel") < |n| { n } parcel() > });
    let cancelled = journal.start("order-3", parcel.clone(), 3).await.unwrap();
    assert!(journal.cancel("order-3").await.unwrap());
    cancelled.await.unwrap_err();
    // A process that ends in the middle.
    let left =
        tokio::time::timeout(std::time::Duration::from_millis(50), journal.run("order-4", &*parcel, 4));
    left.await.unwrap_err();
    let running: Started<_, _> = journal.start("parcel-5", parcel, 5).await.unwrap();
    // It has asked for its task, and that is written by the next transaction, or after ten milliseconds.
    while journal.steps("parcel-5").await.unwrap().is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let hostile =
        pipeline! { |_: String| seq(name = "<b onclick=hit>") < reserve as "<img src=x onerror=hit=1>" > };
    journal.run(HOSTILE, &hostile, HOSTILE.to_owned()).await.unwrap();
    running
}
