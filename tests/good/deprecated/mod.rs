//! Deprecated functions and types, where that is denied.
#![deny(deprecated)]

mod message;
mod parameter;
mod step;
mod under_condition;
