//! What a task's function gives: whether that is a `Result`, where the letters of its type do not tell.
//!
//! `#[task]` sees letters, and an alias may stand for anything. So the type is asked, in a constant of its own, and what is
//! said of the task goes through that constant: where it is an error, nothing that follows from it is one.

use std::fmt;
use std::marker::PhantomData;

use crate::error::ErrorKind;

/// `Result`, also behind an alias such as `io::Result<T>`.
#[diagnostic::on_unimplemented(
    message = "a task that can fail gives a `Result`, and `{Self}` is not `std::result::Result`",
    label = "not `std::result::Result`",
    note = "a return type is taken for one if its last name is `Result`, or `#[task(fallible)]` says that it is"
)]
pub trait ResultType {
    /// The value.
    type Ok;
    /// The error.
    type Err;

    /// Asks for one. (The number is the length of an array, as what it stands in is a type.)
    const ONE: usize = 1;
}

#[diagnostic::do_not_recommend]
impl<T, E> ResultType for Result<T, E> {
    type Ok = T;
    type Err = E;
}

/// A type, in an array whose length is the constant that asks something of it.
pub trait Whole {
    /// The type.
    type Whole;
}

impl<T> Whole for [T; 1] {
    type Whole = T;
}

/// As [`Whole`], of a `Result`.
pub trait Parts {
    /// The value.
    type Ok;
    /// The error.
    type Err;
}

impl<R: ResultType> Parts for [R; 1] {
    type Ok = R::Ok;
    type Err = R::Err;
}

/// As [`ResultType`], of what a function gave.
#[diagnostic::on_unimplemented(
    message = "a task that can fail gives a `Result`, and `{Self}` is not `std::result::Result`",
    label = "not `std::result::Result`",
    note = "a return type is taken for one if its last name is `Result`, or `#[task(fallible)]` says that it is"
)]
pub trait Gives<T, X> {
    /// The result, with the error as a run has it.
    fn given(self) -> Result<T, ErrorKind<X>>;
}

#[diagnostic::do_not_recommend]
impl<T, X> Gives<T, X> for Result<T, X> {
    #[inline(always)]
    fn given(self) -> Result<T, ErrorKind<X>> {
        self.map_err(ErrorKind::Task)
    }
}

/// What a function gives, where its name does not tell whether that is a `Result`.
pub struct Returned<T>(PhantomData<fn() -> T>);

/// What [`Returned`] was found to be: `()` for a plain output.
pub struct Judged<V>(PhantomData<V>);

/// Finds a plain output. A `Result` is found before, as what the type itself has.
pub trait Judge {
    /// That it is one.
    const JUDGED: Judged<()> = Judged(PhantomData);
}

impl<T> Judge for Returned<T> {}

impl<T, E> Returned<Result<T, E>> {
    /// That it is none.
    pub const JUDGED: Judged<Result<T, E>> = Judged(PhantomData);
}

/// A return type is a plain output, and no `Result` by another name.
#[diagnostic::on_unimplemented(
    message = "this is `{Self}` by another name: write `#[task(fallible)]`, so that its errors are errors of the step",
    label = "a `Result`"
)]
pub trait PlainOutput {}

#[diagnostic::do_not_recommend]
impl PlainOutput for () {}

/// Asks for a plain output.
pub const fn plain_output<V: PlainOutput>(_: Judged<V>) -> usize {
    1
}

impl<T> fmt::Debug for Returned<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Returned")
    }
}

impl<V> fmt::Debug for Judged<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Judged")
    }
}
