//! The blocks of the language: a folder each, in the shell that all of them have. What several need is beside them: `values` for what their options are, `written` for what these say
//! before they are values, `peers`
//! for steps at once, `gatekeepers` for those that let through or turn away, `backoff` for waits between runs of a body. A block names no other block.

pub(crate) mod backoff;
pub mod bulkhead;
pub mod catch;
pub mod choose;
pub mod circuit;
pub mod each;
pub mod fallback;
pub(crate) mod gatekeepers;
pub mod hedge;
pub mod par;
pub(crate) mod peers;
pub mod race;
pub mod repeat;
pub mod retry;
pub mod saga;
pub mod seq;
pub mod settle;
pub(crate) mod shell;
pub mod throttle;
pub mod timeout;
pub(crate) mod values;
pub mod when;
pub mod with;
pub mod written;

pub(crate) use shell::Shell;
