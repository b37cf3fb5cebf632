//! The options of `saga`: those of `seq`.

use std::marker::PhantomData;

use super::Saga;
use super::future::{Alone, Inside};
use super::log::{Lasting, Log};
use crate::blocks::Shell;
use crate::build::builder::Builder;
use crate::build::feed::CanBeCloned;
use crate::build::scope::{Scope, With};
use crate::error::Failure;
use crate::node::Meta;

/// The options of `saga`.
#[derive(Clone, Copy, Debug)]
pub struct Options<F> {
    /// With the flag `collect`, the block gives the tuple of the outputs of its unnamed steps, in order, instead of
    /// the last output.
    pub collect: F,
}

/// What an option not given is.
pub mod default {
    use crate::sequence::Last;

    /// The block gives its last output.
    pub fn collect() -> Last {
        Last
    }
}

/// The point inside a saga, where its log is in scope.
pub fn enter<S: Scope, In: Send + 'static, E: Failure>(
    _builder: &Builder<S, In, E>,
) -> Builder<With<S, Log>, In, E> {
    Builder::new()
}

/// The steps inside run one after another, and are undone if one of them fails.
///
/// The undos run at the point `base`, that of the outermost of the sagas around, which `place` relates to this one's.
pub fn saga<S, In, E: Failure, B, F, U, Pl>(
    _builder: &Builder<S, In, E>,
    meta: &'static Meta,
    options: Options<F>,
    body: B,
    undos: U,
    place: Pl,
) -> Shell<Saga<B, F, U, Pl>> {
    Shell::new(meta, Saga { body, finish: options.collect, undos, place, meta })
}

/// The place of a saga in no other.
pub fn alone() -> Alone {
    Alone
}

impl<S: Scope, In: Send + 'static, E: Failure> Builder<S, In, E> {
    /// The place of a saga inside another one: where the scope of the outermost is, and the log of the one around.
    pub fn inside_saga<Base, O, L>(self, _base: &Base, outermost: O, log: L) -> Inside<Base::Scope, O, L>
    where
        Base: IsBuilder,
        O: for<'e> Fn(Lasting<'e>, S::Ref<'e>) -> <Base::Scope as Scope>::Ref<'e>,
        L: for<'e> Fn(Lasting<'e>, S::Ref<'e>) -> &'e Log,
    {
        Inside { outermost, log, scope: PhantomData }
    }
}

/// A builder, whose scope is asked for.
pub trait IsBuilder {
    /// The scope.
    type Scope: Scope;
}

impl<S: Scope, In, E> IsBuilder for Builder<S, In, E> {
    type Scope = S;
}

/// The output of a step, for its undo.
#[inline]
pub fn output<T: CanBeCloned>(output: &T) -> T {
    output.duplicate()
}

/// The value of a name that lives no longer than the saga's steps.
#[diagnostic::on_unimplemented(
    message = "an undo keeps a clone of what it names, and `{Self}` cannot be cloned",
    label = "is a `{Self}`, which cannot be cloned",
    note = "derive `Clone` for it, put it into an `Arc`, or hand the undo a part of it as an argument: `undo refund(order.id)`"
)]
#[doc(hidden)]
pub trait CanBeClonedForUndo {
    /// A clone.
    fn keep(&self) -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Clone> CanBeClonedForUndo for T {
    fn keep(&self) -> T {
        self.clone()
    }
}

/// What is kept of the arguments of an undo.
#[diagnostic::on_unimplemented(
    message = "an undo keeps the arguments that mention names of its saga, and `{Self}` cannot be sent between threads",
    label = "is a `{Self}`",
    note = "make it in the undo: `undo |_| {{ … }}`"
)]
#[doc(hidden)]
pub trait CanBeKeptForUndo: Send + 'static {
    /// The value.
    #[inline]
    fn keep(value: Self) -> Self
    where
        Self: Sized,
    {
        value
    }
}

#[diagnostic::do_not_recommend]
impl<T: Send + 'static> CanBeKeptForUndo for T {}
