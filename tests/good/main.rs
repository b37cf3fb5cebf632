//! Programs that compile, without a warning, and run: one module each, in a folder for its topic.
//!
//! They are code as users have it, not as one would write it: macros that make tasks, items that are called as those of an
//! expansion, attributes of every kind. `edition-2018` and `edition-2021` beside this file compile many of them again, and
//! `library` is a crate that others see.
#![deny(warnings)]
#![forbid(unsafe_code)]
// Odd code is what they are for.
#![allow(clippy::style, clippy::complexity, clippy::never_loop)]

mod attributes;
mod bodies;
mod conditions;
mod deprecated;
pub mod forms;
mod fragments;
mod generics;
mod lints;
mod names;
mod patterns;
mod prelude;
mod results;
mod support;
mod visibility;

use support::now;
