//! Programs that compile, without a warning, and run.
#![deny(warnings)]
#![forbid(unsafe_code)]

mod attributes;
mod bodies;
mod conditions;
mod deprecated;
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
