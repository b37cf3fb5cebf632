//! The same work twice: by hand and as pipelines.

#![allow(unreachable_pub, dead_code, reason = "several binaries share this folder, each a part of it")]

pub mod counting;
pub mod hand;
pub mod orch;
pub mod tasks;
