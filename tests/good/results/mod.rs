//! What can fail: a `Result`, however its type is written.

mod alias;
mod by_name;
mod inline;
mod never;
mod own;
mod plain;
mod renamed;
