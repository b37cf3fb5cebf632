//! Bodies of inline steps: where they end, and which error that has.

mod awaiting;
mod blocks;
mod branches;
mod diverging;
mod loops;
mod matches;
mod own_error;
mod returns;

/// An error that nobody converts by accident.
#[derive(Debug, PartialEq)]
struct Oops;

impl std::fmt::Display for Oops {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("oops")
    }
}

impl std::error::Error for Oops {}

async fn get(n: u32) -> Result<u32, Oops> {
    tokio::task::yield_now().await;
    if n == 13 { Err(Oops) } else { Ok(n) }
}

fn parse(text: &str) -> Result<u32, std::num::ParseIntError> {
    text.parse()
}
