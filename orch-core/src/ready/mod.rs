//! The poll machinery of `par` and `each`: places that stay where they are. All of the crate's `unsafe` is here.

mod pinned;

pub(crate) use pinned::Pinned;
