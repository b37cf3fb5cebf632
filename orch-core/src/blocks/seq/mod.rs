//! `seq`: one step after another. What it is made of is the room `sequence`.

mod future;

pub use crate::sequence::{Bind, BindInput, BindPart, Group, Keep, Last, NamedGroup, Pipe, Sequence, Store};
pub use future::Seq;

use crate::blocks::Shell;
use crate::node::Meta;

/// The options of `seq`.
#[derive(Clone, Copy, Debug)]
pub struct Options<F> {
    /// With the flag `collect`, the block gives the tuple of the outputs of its unnamed steps, in order, instead of
    /// the last output.
    pub collect: F,
}

/// What an option not given is.
pub mod default {
    use super::Last;

    /// The block gives its last output.
    pub fn collect() -> Last {
        Last
    }
}

/// The steps inside run one after another, each with the output of the one before piped into it.
pub fn seq<B, F>(meta: &'static Meta, options: Options<F>, body: B) -> Shell<Seq<B, F>> {
    Shell::new(meta, Seq { body, finish: options.collect })
}
