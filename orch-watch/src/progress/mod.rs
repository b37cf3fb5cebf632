//! Progress on a terminal: a tree of bars.
//!
//! ```
//! use async_orch::progress::ProgressBus;
//! use async_orch::{pipeline, task};
//!
//! #[task]
//! async fn fetch(id: u32) -> std::io::Result<u32> {
//!     Ok(id)
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), async_orch::Error> {
//! let crawl = pipeline! { |_: Vec<u32>| seq(name = "crawl") < each(limit = 8) < retry < fetch > > > };
//! crawl.with_bus(ProgressBus::new()).run((0..40).collect()).await?;
//! # Ok(())
//! # }
//! ```
//!
//! While it runs, on a terminal:
//!
//! ```text
//! • crawl  3.1s
//! └─ • each  ████████░░░░░░░░░░░░ 17/40  5.4/s  4s left  1 failed
//!    ├─ • fetch[17]  0.4s
//!    ├─ ↻ fetch[18]  attempt 2 in 0.8s: connection refused
//!    └─ • fetch[19]  0.3s  attempt 2
//! ```
//!
//! and when it is over, the tree is gone and this is left:
//!
//! ```text
//! ✓ crawl  7.2s: 40 steps, 3 retries
//! ```

mod bus;
mod model;
mod rows;
mod terminal;
#[cfg(test)]
mod tests;
mod text;

pub use bus::ProgressBus;
