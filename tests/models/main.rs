//! Blocks against models of them, in paused time: ten thousand random cases each.
//!
//! A model says what the rules of docs/semantics.md say, in the plainest way: which step starts when, until when it runs and how
//! that ends, what comes of the block, and when. Each model can be given a flaw, and then there has to be a case among the same
//! ten thousand in which it is found out: a comparison that finds nothing would say nothing.

#[path = "../common/mod.rs"]
mod common;
mod compare;
mod stage;

mod bounds;
mod bulkhead;
mod circuit;
mod each;
mod fallback;
mod hedge;
mod par;
mod race;
mod repeat;
mod retry;
mod saga;
mod settle;
mod throttle;
mod tree;
