//! The blocks of the language: a folder each, in the shell that all of them have.

pub mod peers;
pub mod race;
pub mod settle;
pub(crate) mod shell;

pub use shell::Shell;
