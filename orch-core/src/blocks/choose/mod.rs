//! `choose`: one of several steps, by a pattern.
//!
//! - The scrutinee is looked at once, when the block starts. It sees the names and, by reference, what is piped. The first arm
//!   whose pattern fits, and whose guard holds, is the one that runs.
//! - What is piped is moved into that arm. Only its step has events; the graph has all of them.
//! - A pattern's names are for its arm. They are read off the scrutinee again where that is a place that the run or the pipeline
//!   owns; of any other scrutinee the run keeps the value as long as the arm runs.
//! - A panic of the scrutinee or of a guard is the block's.
//!
//! It has room for the largest of its arms alone, and allocates nothing.

mod arms;
mod future;
mod options;
#[cfg(test)]
mod tests;
mod text;

pub use crate::blocks::peers::fork;
pub use arms::{Arms, Part, Share, arm, part};
pub use future::Choose;
pub use options::{Options, choose, given};
pub use text::IsText;
