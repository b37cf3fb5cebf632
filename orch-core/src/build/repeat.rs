//! The body of a block that runs it more than once: the point inside, and how each attempt gets its input.
//!
//! Apart from the feeds themselves, which know no builder.

use crate::build::builder::Builder;
use crate::build::feed::{Again, CanBeCloned, Ignores, Uses, clones};
use crate::build::scope::Scope;
use crate::error::Failure;

/// What each attempt of a repeated body takes of the piped value.
pub trait Repeat<S: Scope, In, E: Failure> {
    /// The input of an attempt.
    type Takes: Send + 'static;

    /// The builder of the body, and how it gets its input.
    fn enter(
        self,
        builder: &Builder<S, In, E>,
    ) -> (Builder<S, Self::Takes, E>, impl Again<In, Takes = Self::Takes> + use<Self, S, In, E>);
}

impl<S: Scope, In: CanBeCloned + Send + 'static, E: Failure> Repeat<S, In, E> for Uses {
    type Takes = In;

    fn enter(
        self,
        builder: &Builder<S, In, E>,
    ) -> (Builder<S, In, E>, impl Again<In, Takes = In> + use<S, In, E>) {
        (*builder, clones())
    }
}

impl<S: Scope, In: Send + 'static, E: Failure> Repeat<S, In, E> for Ignores {
    type Takes = ();

    fn enter(
        self,
        _builder: &Builder<S, In, E>,
    ) -> (Builder<S, (), E>, impl Again<In, Takes = ()> + use<S, In, E>) {
        (Builder::new(), Ignores)
    }
}
