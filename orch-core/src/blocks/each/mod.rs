//! `each`: a body once per item.
//!
//! An item is taken from the collection when there is a place for it, so a limit also bounds how many items are
//! looked at ahead. The runs share one slab of pinned places.

mod future;
mod options;
mod outputs;
mod slab;
#[cfg(test)]
mod tests;

pub use crate::blocks::peers::{default, given};
pub use future::Each;
pub use options::{Options, Unpack, Values, each, enter, enter_stream};
