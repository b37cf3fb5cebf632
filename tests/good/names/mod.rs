//! Items of the user's that are called as something in an expansion, or as something of the language's or the library's.
#![allow(dead_code, non_camel_case_types, non_upper_case_globals)]

mod constants;
mod inherent;
mod macros;
mod modules;
mod primitives;
mod statics;
mod structs;
mod table;
mod tasks;
mod traits;
mod variants;
mod words;
