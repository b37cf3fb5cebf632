//! Macros of the user's that make tasks and pipelines: every kind of fragment, wherever it may stand.

mod block;
mod expression;
mod function;
mod header;
mod lifetime;
mod literal;
mod meta;
mod nested;
mod option;
mod path;
mod pattern;
mod repetition;
mod statement;
mod token_tree;
mod ty;
mod visibility;
