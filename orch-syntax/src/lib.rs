//! The grammar of `pipeline!`, the macro of [async-orch](https://docs.rs/async-orch), without what the macro makes of it.
//!
//! Whatever reads pipelines reads them with this crate: the macro, which expands them, and tools that format, check, draw or
//! describe them. It is a library like any other, so that it runs where there is no compiler around it. Of a text it gives
//! the [tree](ast) and the [mistakes](Errors), with their places; what there is to know of a block is its row in the
//! [table](blocks::BLOCKS).
//!
//! A text is read in two steps, neither of which ever fails: [`parse`] asks what fits the grammar, [`validate`] what needs the
//! whole tree.
//!
//! ```
//! use orch_syntax::{ast::Step, blocks, parse, validate};
//! use proc_macro2::TokenStream;
//!
//! let text = "seq <
//!     par(limits = 2) < north south >
//!     retry(max_attempts = 0) < merge >
//! >";
//! let mut parsed = parse(text.parse::<TokenStream>().unwrap());
//! validate(&mut parsed);
//!
//! let mistakes: Vec<String> = parsed
//!     .errors
//!     .iter()
//!     .map(|mistake| format!("{}:{}: {mistake}", mistake.start().line, mistake.start().column))
//!     .collect();
//! assert_eq!(
//!     mistakes,
//!     [
//!         "2:8: `par` has no option `limits`; did you mean `limit`? it has `limit`, `settle` and `name`",
//!         "3:25: `max_attempts` must be at least 1",
//!     ]
//! );
//!
//! // The tree is there all the same, and each block in it knows its row.
//! let Step::Block(seq) = &parsed.tree.root else { panic!("a block") };
//! assert_eq!(seq.body.len(), 2);
//! assert_eq!(seq.spec.names(), ["collect", "name"]);
//! assert!(blocks::keywords().contains(&"retry"));
//! ```

// It runs at every keystroke, on text that is half typed.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::unreachable,
        clippy::todo
    )
)]

pub mod ast;
// Hidden is what the macros share with the parser, and no reader of a tree needs.
#[doc(hidden)]
pub mod attributes;
pub mod blocks;
mod duration;
mod errors;
mod parse;
pub mod pattern;
mod reader;
#[doc(hidden)]
pub mod suggest;
#[doc(hidden)]
pub mod tokens;
mod types;
mod validate;
#[doc(hidden)]
pub mod written;

#[cfg(test)]
mod tests;

pub use duration::UNITS;
pub use errors::{Errors, Mistake};
pub use parse::{Conditional, Parsed, conditional, parse};
pub use validate::validate;
