//! What the compiler says of a pipeline while it is being typed.
//!
//! A [`Fixture`] is a program with one pipeline. Its [`cuts`](Fixture::cuts) end the pipeline after each of its tokens, with
//! what is open closed as an editor does it; its [`deletions`](Fixture::deletions) leave out one token each. A [`Bench`] compiles many such
//! texts at once, each as a module of one crate, and tells the errors of each.

mod bench;
mod fixture;

pub use bench::{Bench, BenchError, Said};
pub use fixture::{Fixture, Text};
