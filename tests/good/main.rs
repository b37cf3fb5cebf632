//! Programs that compile, without a warning, and run.
#![deny(warnings)]
#![forbid(unsafe_code)]

mod conditions;
mod deprecated;
mod fragments;
mod generics;
mod names;
mod support;

use support::now;
