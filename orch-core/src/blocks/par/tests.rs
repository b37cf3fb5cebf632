//! The rules of `par`, each by name; random schedules against its invariants; how types and futures grow.

pub(crate) mod model;
mod rules;
pub(crate) mod scripted;
mod size;
