//! Expansions are no text of the user's to lints.

mod allowed_by_default;
mod dead;
mod group;
mod pedantic;
