#![doc = include_str!("../README.md")]

mod breaker;
mod client;
mod engine;
mod error;
mod http;
mod journal;
mod runtime;
mod serve;

pub use client::{Client, Runs, Status};
pub use error::{Error, Failed, RunError, WorkerError};
pub use serve::{Keepable, Options, Worker};
