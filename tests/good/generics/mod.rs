//! Generics: constants of every type, `impl Trait`, and no more bounds than the function has.

mod alias;
mod bounds;
mod constants;
mod lifetimes;
mod mixed;
mod unnamed;
