//! `#[cfg]` and `#[cfg_attr]`, wherever they may stand: what is compiled out is as if it were not written.

mod functions;
mod generics;
mod header;
mod nested;
mod parameters;
mod steps;
mod whole;
