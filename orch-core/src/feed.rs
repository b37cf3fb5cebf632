//! Who gets the piped value, and who a clone of it.
//!
//! Whether a step uses the piped value is written in its text, so the macro says it in a type. A value that at
//! most one step uses is moved to it and needs no `Clone`.

use std::fmt;

use crate::error::Failure;
use crate::scope::Scope;
use crate::token::Tok;

/// A value that several steps, or several attempts, need.
#[diagnostic::on_unimplemented(
    message = "the piped `{Self}` is needed more than once here, but it cannot be cloned",
    label = "needs a clone of `{Self}`",
    note = "derive `Clone` for it, put it into an `Arc`, or let one step only use it"
)]
pub trait Duplicate {
    /// A clone.
    fn duplicate(&self) -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Clone> Duplicate for T {
    #[inline]
    fn duplicate(&self) -> T {
        self.clone()
    }
}

/// What one of several steps takes of the piped value.
pub trait Feed<In>: Send + Sync + 'static {
    /// The step's own input.
    type Takes: Send + 'static;

    /// Takes it.
    fn feed(&self, piped: &mut Option<In>) -> Self::Takes;
}

impl<In> Clones<In> {
    /// A clone of a value.
    #[inline]
    pub fn of(&self, value: &In) -> In {
        (self.0)(value)
    }
}

/// The step does not use the piped value.
#[derive(Clone, Copy, Debug)]
pub struct Ignores;

/// The step is the last to use the piped value, and gets the value itself.
#[derive(Clone, Copy, Debug)]
pub struct Takes;

/// The step uses the piped value before others, and gets a clone.
pub struct Clones<In>(fn(&In) -> In);

impl<In: Duplicate> Clones<In> {
    /// Holds the proof that there can be a clone.
    pub fn new() -> Self {
        Clones(In::duplicate)
    }
}

impl<In: Duplicate> Default for Clones<In> {
    fn default() -> Self {
        Clones::new()
    }
}

impl<In: Send + 'static> Feed<In> for Ignores {
    type Takes = ();

    #[inline(always)]
    fn feed(&self, _piped: &mut Option<In>) {}
}

impl<In: Send + 'static> Feed<In> for Takes {
    type Takes = In;

    #[inline(always)]
    fn feed(&self, piped: &mut Option<In>) -> In {
        piped.take().expect("the value is taken once, by the last step that uses it")
    }
}

impl<In: Send + 'static> Feed<In> for Clones<In> {
    type Takes = In;

    #[inline]
    fn feed(&self, piped: &mut Option<In>) -> In {
        (self.0)(piped.as_ref().expect("the value is still there: it is taken by the last step that uses it"))
    }
}

/// The body of a block uses the piped value.
#[derive(Clone, Copy, Debug)]
pub struct Uses;

/// The token of a repeated body, and how it gets its input.
pub type Entered<S, In, E, F> = (Tok<S, <F as Feed<In>>::Takes, E>, F);

/// What each attempt of a repeated body takes of the piped value.
pub trait Repeat<S: Scope, In, E: Failure> {
    /// How each attempt gets its input.
    type Feed: Feed<In>;

    /// The token of the body, and how it gets its input.
    fn enter(self, tok: &Tok<S, In, E>) -> Entered<S, In, E, Self::Feed>;
}

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

impl<In: Send + 'static> Again<In> for Clones<In> {
    #[inline(always)]
    fn keep(piped: In) -> In {
        piped
    }

    #[inline]
    fn again(&self, kept: &In) -> In {
        self.of(kept)
    }
}

impl<S: Scope, In: Duplicate + Send + 'static, E: Failure> Repeat<S, In, E> for Uses {
    type Feed = Clones<In>;

    fn enter(self, tok: &Tok<S, In, E>) -> (Tok<S, In, E>, Clones<In>) {
        (*tok, Clones::new())
    }
}

impl<S: Scope, In: Send + 'static, E: Failure> Repeat<S, In, E> for Ignores {
    type Feed = Ignores;

    fn enter(self, _tok: &Tok<S, In, E>) -> (Tok<S, (), E>, Ignores) {
        (Tok::new(), Ignores)
    }
}

impl<In> fmt::Debug for Clones<In> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clones")
    }
}
