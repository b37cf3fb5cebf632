//! The shapes with other libraries, a file for each, as its own documentation does such a thing.

pub mod backon;
pub mod cano;
pub mod dagx;
pub mod failsafe;
pub mod futures;
pub mod futures_buffered;
pub mod futures_concurrency;
pub mod governor;
pub mod recloser;
pub mod sayiir;
pub mod tokio;
pub mod tower;
pub mod tower_resilience;
