//! `cargo orch`: a command for the pipelines of [async-orch](https://docs.rs/async-orch) as they stand in files.
//!
//! - `cargo orch fmt` lays them out, as rustfmt does the code around them.
//! - `cargo orch graph FILE` draws them.
//! - `cargo orch check` says what in them has no effect or cannot work, and how much each can do at once.
//!
//! Nothing is compiled for it: the files are read by `orch-syntax`, as the macro reads them. docs/tooling.md of the repository is
//! the page for its users. This is the program as a library, so that other tools can format and check a text:
//!
//! ```
//! use orch_cli::fmt::{Style, format};
//!
//! let names = ["pipeline".to_owned()];
//! let text = "fn f() { let p = pipeline!{seq<a   b>}; }\n";
//! let formatted = format("f.rs", text, &Style::default(), &names).unwrap();
//! assert_eq!(formatted.text, "fn f() { let p = pipeline! { seq < a b > }; }\n");
//!
//! let text = "fn f() { let p = pipeline! { timeout(1s) < seq < timeout(2s) < a > b > > }; }\n";
//! let checked = orch_cli::check::check("f.rs", text, &names);
//! assert!(checked.reports[0].starts_with("warning[orch::timeout_without_effect]: this `timeout(2s)` never ends anything"));
//! ```

#![forbid(unsafe_code)]

mod args;
mod cases;
pub mod check;
mod config;
mod files;
pub mod find;
pub mod fmt;
pub mod graph;
mod problem;
mod run;
mod source;

pub use problem::{Error, Problem};
pub use run::{Outcome, World, run};
pub use source::{Position, Source};
