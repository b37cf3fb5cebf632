//! What a step can see: the names bound before it, and the value piped into it.
//!
//! A [`Scope`] is a *shape* without a lifetime, so that it can stand in the type of a pipeline; the references
//! themselves, [`Scope::Ref`], exist only while a run is under way. A sequence owns each named value inside its
//! own future and hands references down, so a name costs neither a clone nor an allocation.

use std::fmt;
use std::marker::PhantomData;

use crate::node::{Meta, Table};

/// The shape of the names that a step can see.
///
/// [`Root<T>`] is the empty scope of a pipeline, [`With<P, T>`] adds one value to another scope.
pub trait Scope: 'static {
    /// References to the named values, for as long as `'e`.
    type Ref<'e>: Copy + Send + Sync;

    /// The table of the pipeline that it is a part of.
    fn entries() -> &'static [Meta];

    /// The same references for a shorter time. (A projection is invariant to the compiler; this is the proof
    /// that ours is not.)
    fn shorten<'s, 'l: 's>(scope: Self::Ref<'l>) -> Self::Ref<'s>;
}

/// The references of the scope `With<P, T>`: those of `P`, and one more.
///
/// A type of its own, with the lifetime in one place whatever the depth. As the pair that it is, it would be walked through
/// to the bottom wherever the compiler replaces a lifetime, many times at each step.
pub struct Names<'e, P: Scope, T>(pub P::Ref<'e>, pub &'e T);

impl<P: Scope, T> Clone for Names<'_, P, T> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<P: Scope, T> Copy for Names<'_, P, T> {}

/// The empty scope of the pipeline with the table `T`, and the header that makes it.
pub struct Root<T>(PhantomData<fn() -> T>);

impl<T> Root<T> {
    /// The header without values.
    #[inline(always)]
    pub const fn new() -> Self {
        Root(PhantomData)
    }
}

impl<T> Default for Root<T> {
    fn default() -> Self {
        Root::new()
    }
}

impl<T: Table> Scope for Root<T> {
    type Ref<'e> = ();

    #[inline(always)]
    fn entries() -> &'static [Meta] {
        T::entries()
    }

    #[inline(always)]
    fn shorten<'s, 'l: 's>((): ()) {}
}

/// The empty scope where there is no table.
impl Scope for () {
    type Ref<'e> = ();

    fn entries() -> &'static [Meta] {
        &[]
    }

    #[inline(always)]
    fn shorten<'s, 'l: 's>((): ()) {}
}

/// The scope `P` with one more value, of type `T`.
pub struct With<P, T>(PhantomData<fn() -> (P, T)>);

impl<P: Scope, T: Send + Sync + 'static> Scope for With<P, T> {
    type Ref<'e> = Names<'e, P, T>;

    #[inline(always)]
    fn entries() -> &'static [Meta] {
        P::entries()
    }

    #[inline(always)]
    fn shorten<'s, 'l: 's>(Names(outer, value): Names<'l, P, T>) -> Names<'s, P, T> {
        Names(P::shorten(outer), value)
    }
}

/// A place in a pipeline: the scope and the input of the step that stands there.
///
/// Scope and input are one type because a chain of steps projects from one place to the next: with two
/// projections for each link the types double in length at every step.
pub trait Point: 'static {
    /// The names in scope.
    type Scope: Scope;
    /// The piped value.
    type In: Send + 'static;
}

/// The [`Point`] with the scope `S` and the input `In`.
pub struct At<S, In>(PhantomData<fn() -> (S, In)>);

impl<S: Scope, In: Send + 'static> Point for At<S, In> {
    type Scope = S;
    type In = In;
}

/// References to the names in scope at the point `P`.
pub(crate) type RefOf<'e, P> = <<P as Point>::Scope as Scope>::Ref<'e>;

/// Values that a pipeline owns: what the `let`s of its header bound, as a tuple beside the root.
pub trait Header: Send + Sync {
    /// The scope that they make.
    type Scope: Scope;

    /// References to them.
    fn refs(&self) -> <Self::Scope as Scope>::Ref<'_>;
}

impl<T: Table> Header for Root<T> {
    type Scope = Root<T>;

    #[inline(always)]
    fn refs(&self) {}
}

impl Header for () {
    type Scope = ();

    #[inline(always)]
    fn refs(&self) {}
}

impl<H: Header, T: Send + Sync + 'static> Header for (H, T) {
    type Scope = With<H::Scope, T>;

    #[inline(always)]
    fn refs(&self) -> <Self::Scope as Scope>::Ref<'_> {
        Names(self.0.refs(), &self.1)
    }
}

impl<T> fmt::Debug for Root<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Root")
    }
}

impl<P, T> fmt::Debug for With<P, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("With")
    }
}

impl<P: Scope, T> fmt::Debug for Names<'_, P, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Names")
    }
}

impl<S, In> fmt::Debug for At<S, In> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("At")
    }
}
