//! What the expansion of `pipeline!` and `#[task]` is made of: the types that know the points of a pipeline while it is built,
//! and what is asked of the user's values, so that the error is one and at the right place.
//!
//! Nothing here runs. It is a part of `__private`, and knows no block.

pub(crate) mod builder;
pub(crate) mod check;
pub(crate) mod conditions;
pub mod editor;
pub(crate) mod feed;
pub(crate) mod items;
pub(crate) mod looks;
pub mod no_task;
pub(crate) mod options;
pub(crate) mod plan;
pub(crate) mod repeat;
pub(crate) mod returned;
pub(crate) mod rounds;
pub(crate) mod same;
pub(crate) mod scope;
pub mod slot;
pub(crate) mod spot;
