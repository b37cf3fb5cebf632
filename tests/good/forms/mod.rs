//! Every form of the language, as one would write it.

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
