//! The programs of the folders around this crate, in the edition 2021, and some that this edition alone has.
#![cfg(test)]
#![deny(warnings)]
#![forbid(unsafe_code)]
// Odd code is what they are for.
#![allow(clippy::style, clippy::complexity, clippy::never_loop)]

#[path = "../../attributes/mod.rs"]
mod attributes;
#[path = "../../bodies/mod.rs"]
mod bodies;
#[path = "../../conditions/mod.rs"]
mod conditions;
#[path = "../../deprecated/mod.rs"]
mod deprecated;
mod edition;
#[path = "../../fragments/mod.rs"]
mod fragments;
#[path = "../../generics/mod.rs"]
mod generics;
#[path = "../../lints/mod.rs"]
mod lints;
#[path = "../../names/mod.rs"]
mod names;
#[path = "../../patterns/mod.rs"]
mod patterns;
#[path = "../../prelude/mod.rs"]
mod prelude;
#[path = "../../results/mod.rs"]
mod results;
#[path = "../../visibility/mod.rs"]
mod visibility;

#[path = "../../support.rs"]
mod support;

use support::now;
