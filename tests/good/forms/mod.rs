//! Forms of the language, many in each program, as one would write them.

mod blocks;
mod captures;
mod diverging;
mod embed;
mod generics;
mod header;
mod items;
pub mod lints;
mod macros;
mod names;
mod patterns;
mod spacing;
