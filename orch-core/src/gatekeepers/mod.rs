//! What the blocks that let some runs through, and not others, have in common.

#[cfg(all(test, orch_loom))]
mod loom;
#[cfg_attr(not(test), expect(dead_code))]
mod queue;
#[cfg(test)]
mod tests;

// Its first user is the half-open circuit.
#[cfg_attr(not(test), expect(unused_imports))]
pub(crate) use queue::{Calls, Queue, Ticket};
