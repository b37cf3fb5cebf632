//! Other attributes on a task, above and below.

mod builtin;
mod kinds;
mod lints;
mod parameters;
