// The same beside a name, of another error type, and with what it gives.
use async_orch::{Error, pipeline, task};

#[derive(Debug, thiserror::Error)]
#[error("declined")]
struct Declined;

#[task]
async fn pay(amount: u32) -> Result<u32, Declined> {
    Ok(amount)
}

fn main() {
    let _ = pipeline! {
        error = Declined;
        |most: u32|
        retry(when = |e: &Error| -> bool { e.attempts() < *most }) < pay(*most) >
    };
}
//~         retry(when = |e: &Error| -> bool { e.attempts() < *most }) < pay(*most) >
//~                          ^
