//! `seq`: one step after another.
//!
//! A sequence is one coroutine, names included: the future holds the step that runs and the values bound so far,
//! nothing else. It is generated for up to twelve entries; the macro packs longer ones into a [`Group`]
//! for each twelve. (What a width costs is compile time: the widest impl is most of this crate's.)

mod body;
mod future;
mod item;

pub use body::{Body, Both, Collected, Finish, Last};
pub use future::{Seq, Sequence};
pub use item::{Bind, BindInput, Group, Item, Keep, NamedGroup, Pipe, Store};

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
pub fn seq<B, F>(meta: &'static Meta, options: Options<F>, body: B) -> Seq<B, F> {
    Seq { body, finish: options.collect, meta }
}
