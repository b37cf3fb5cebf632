//! Who gets the piped value, and who a clone of it.
//!
//! Whether a step uses the piped value is written in its text, so the macro says it in a type. A value that at
//! most one step uses is moved to it and needs no `Clone`.

use std::fmt;

use crate::build::spot::Spot;

/// A value that several steps, or several attempts, need.
#[diagnostic::on_unimplemented(
    message = "the piped `{Self}` is needed more than once here, but it cannot be cloned",
    label = "needs a clone of `{Self}`",
    note = "derive `Clone` for it, put it into an `Arc`, or let one step only use it"
)]
// It holds for types of every crate: shown, it would stand in the documentation of each of them.
#[doc(hidden)]
pub trait CanBeCloned {
    /// A clone.
    fn duplicate(&self) -> Self;

    /// Asks for it.
    fn __orch_holds(_spot: Spot<(Self,)>)
    where
        Self: Sized,
    {
    }
}

#[diagnostic::do_not_recommend]
impl<T: Clone> CanBeCloned for T {
    #[inline]
    fn duplicate(&self) -> T {
        self.clone()
    }
}

/// What one of several steps takes of the piped value.
pub trait Feed<In>: Send + Sync + 'static {
    /// The step's own input.
    type Takes: Send + 'static;
    /// Whether it is the value or a clone.
    const USES: bool;

    /// Takes it.
    fn feed(&self, piped: &mut Option<In>) -> Self::Takes;
}

/// The step does not use the piped value.
#[derive(Clone, Copy, Debug)]
pub struct Ignores;

/// The step is the last to use the piped value, and gets the value itself.
#[derive(Clone, Copy, Debug)]
pub struct Takes;

/// The step uses the piped value before others, and gets a clone.
///
/// `F` is the function that clones, as a type: the proof that there is one is made once, where the value is known,
/// and the call is as direct as one of `clone`.
#[derive(Clone, Copy)]
pub struct Clones<F>(F);

impl<F> Clones<F> {
    /// A clone of a value.
    #[inline(always)]
    pub fn of<In>(&self, value: &In) -> In
    where
        F: Fn(&In) -> In,
    {
        (self.0)(value)
    }
}

/// How to clone an `In`.
pub(crate) fn clones<In: CanBeCloned + 'static>() -> Clones<impl Fn(&In) -> In + Copy + Send + Sync + 'static>
{
    Clones(In::duplicate)
}

impl<In: Send + 'static> Feed<In> for Ignores {
    type Takes = ();
    const USES: bool = false;

    #[inline(always)]
    fn feed(&self, _piped: &mut Option<In>) {}
}

impl<In: Send + 'static> Feed<In> for Takes {
    type Takes = In;
    const USES: bool = true;

    #[inline(always)]
    fn feed(&self, piped: &mut Option<In>) -> In {
        piped.take().expect("the value is taken once, by the last step that uses it")
    }
}

impl<In: Send + 'static, F: Fn(&In) -> In + Send + Sync + 'static> Feed<In> for Clones<F> {
    type Takes = In;
    const USES: bool = true;

    #[inline]
    fn feed(&self, piped: &mut Option<In>) -> In {
        self.of(piped.as_ref().expect("the value is still there: it is taken by the last step that uses it"))
    }
}

/// The body of a block uses the piped value.
#[derive(Clone, Copy, Debug)]
pub struct Uses;

/// How the attempts of a repeated body get their input from what is kept between them.
pub trait Again<In>: Feed<In> {
    /// What is kept of the piped value: nothing if the body does not use it.
    fn keep(piped: In) -> Self::Takes;

    /// The input of an attempt that may not be the last.
    fn again(&self, kept: &Self::Takes) -> Self::Takes;
}

impl<In: Send + 'static> Again<In> for Ignores {
    #[inline(always)]
    fn keep(_piped: In) {}

    #[inline(always)]
    fn again(&self, (): &()) {}
}

impl<In: Send + 'static, F: Fn(&In) -> In + Send + Sync + 'static> Again<In> for Clones<F> {
    #[inline(always)]
    fn keep(piped: In) -> In {
        piped
    }

    #[inline(always)]
    fn again(&self, kept: &In) -> In {
        self.of(kept)
    }
}

impl<F> fmt::Debug for Clones<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clones")
    }
}
