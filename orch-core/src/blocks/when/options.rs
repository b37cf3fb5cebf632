//! The options of `when`.

use std::fmt;
use std::marker::PhantomData;

use super::When;
use crate::blocks::Shell;
use crate::build::builder::Builder;
use crate::build::feed::{Ignores, Uses};
use crate::build::options::ErrorType;
use crate::build::scope::Scope;
use crate::error::Failure;
use crate::node::Meta;

/// The options of `when`.
pub struct Options<E, C> {
    #[doc(hidden)]
    pub error: ErrorType<E>,
    /// Whether the body runs. Written first in the parentheses, without a name.
    pub condition: C,
}

/// What an option given is, of the expression in the text.
pub mod given {
    use crate::build::looks::Condition;

    /// A condition.
    pub fn condition<C>(Condition(condition): Condition<C>) -> C {
        condition
    }
}

/// What the block gives, of an `In` that is piped and a body that gives a `T`.
pub trait Gives<In, T>: Send + Sync + 'static {
    /// The type.
    type Out: Send + 'static;

    /// The body was skipped.
    fn skipped(piped: In) -> Self::Out;

    /// The body gave this.
    fn gave(out: T) -> Self::Out;
}

/// What is piped goes on.
impl<In: Send + 'static> Gives<In, In> for Uses {
    type Out = In;

    #[inline(always)]
    fn skipped(piped: In) -> In {
        piped
    }

    #[inline(always)]
    fn gave(out: In) -> In {
        out
    }
}

/// Nothing is piped, so nothing goes on.
impl<T> Gives<(), T> for Ignores {
    type Out = ();

    #[inline(always)]
    fn skipped((): ()) {}

    #[inline(always)]
    fn gave(_out: T) {}
}

/// The point inside the block, and what the block gives.
pub fn enter<S: Scope, In: Send + 'static, E: Failure, U>(
    builder: &Builder<S, In, E>,
    usage: U,
) -> (Builder<S, In, E>, U) {
    (*builder, usage)
}

/// The body, if the condition holds.
pub fn when<S, In, E: Failure, C, U, B>(
    _builder: &Builder<S, In, E>,
    meta: &'static Meta,
    options: Options<E, C>,
    _gives: U,
    body: B,
) -> Shell<When<C, U, B>> {
    Shell::new(meta, When { condition: options.condition, gives: PhantomData, body })
}

impl<E, C> fmt::Debug for Options<E, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Options")
    }
}
