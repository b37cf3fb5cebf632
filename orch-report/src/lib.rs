//! What runs of [async-orch](https://docs.rs/async-orch) did: as a page to look at, as a trace for Perfetto, as lines of JSON.
//!
//! | | |
//! |---|---|
//! | [`Record`] | a bus that keeps what runs do, as much as it has room for |
//! | [`Report`] | what a record has kept: [a page](Report::to_html), [a trace](Report::to_perfetto), [numbers](Report::steps) |
//! | [`EventWriter`] | a bus that writes every event to a file, a line of JSON each; [`read`] makes a report of it later, as does the program `orch-report` |
//! | `live`, with the feature of that name | the page on loopback, while runs go on; with the feature `journal` of the durable runs in a file too |
//!
//! ```
//! use async_orch::{pipeline, task};
//! use orch_report::Record;
//!
//! #[task]
//! async fn fetch(id: u32) -> String {
//!     format!("record {id}")
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), async_orch::BoxError> {
//! let record = Record::new();
//! let fetched = pipeline! { |_: Vec<u32>| each(limit = 2) < fetch > };
//! record.add_graph(&fetched.graph());
//! fetched.with_bus(record.clone()).run(vec![1, 2, 3]).await?;
//!
//! let report = record.report();
//! assert_eq!(report.step("each/fetch").unwrap().succeeded, 3);
//! let page = report.to_html("three records");
//! assert!(page.starts_with("<!DOCTYPE html>"));
//! // std::fs::write("run.html", page)?;
//! # Ok(())
//! # }
//! ```

#[cfg(feature = "live")]
pub mod live;

mod page;
mod perfetto;
mod read;
mod record;
mod report;
mod schema;
mod write;

pub use read::{Read, ReadError, read};
pub use record::Record;
pub use report::{Report, StepReport};
pub use write::EventWriter;
