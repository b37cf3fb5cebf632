//! What can be the error type of a pipeline, and the one of a pipeline that names no other.

use std::error::Error as StdError;
use std::fmt;
use std::ops::Deref;

use super::{Error, ErrorKind};

/// What can be the error type of a pipeline: every [`std::error::Error`] that is `Send + Sync`, and
/// [`BoxError`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error type of a pipeline",
    label = "does not implement `std::error::Error + Send + Sync`",
    note = "without `error = …;` a pipeline takes the errors of all types, `anyhow::Error` and `Box<dyn Error + Send + Sync>` \
            among them, as `BoxError`, which `?` turns into any of them"
)]
pub trait Failure: fmt::Debug + fmt::Display + Send + Sync + 'static {
    /// The error itself, out of its box.
    fn as_dyn(&self) -> &(dyn StdError + 'static);
}

#[diagnostic::do_not_recommend]
impl<E: StdError + Send + Sync + 'static> Failure for E {
    fn as_dyn(&self) -> &(dyn StdError + 'static) {
        match (self as &(dyn StdError + 'static)).downcast_ref::<BoxError>() {
            Some(boxed) => &*boxed.0,
            None => self,
        }
    }
}

/// Any error, boxed: the error type of a pipeline that names no other.
///
/// Everything that converts into `Box<dyn std::error::Error + Send + Sync>` converts into it, so tasks with
/// different errors fit one pipeline: `io::Error`, an error of your own, a `&str`, `anyhow::Error`. With `?` it goes on into
/// `Box<dyn Error>`, `Box<dyn Error + Send + Sync>` and `anyhow::Error`.
///
/// It is transparent: it displays as the error inside, has the source of that, and derefs to it.
///
/// ```
/// use async_orch::BoxError;
///
/// async fn fetch(id: u32) -> Result<String, BoxError> {
///     let text = tokio::fs::read_to_string(format!("/no such folder/{id}")).await?;
///     if text.is_empty() { Err("an empty file")? }
///     Ok(text)
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// async fn program() -> Result<(), Box<dyn std::error::Error>> {
///     fetch(7).await?;
///     Ok(())
/// }
///
/// let error = fetch(7).await.unwrap_err();
/// assert!(error.is::<std::io::Error>());
/// assert_eq!(program().await.unwrap_err().to_string(), error.to_string());
/// # }
/// ```
///
/// It is a type of its own because the standard box does not implement [`std::error::Error`]. And it is not `Unpin`, which is
/// what tells it from the errors that convert into it. An error of your own that *holds* a `BoxError` converts only with the
/// line `impl Unpin for MyError {}`.
pub struct BoxError(pub(super) Box<dyn StdError + Send + Sync + 'static>);

/// For [`BoxError`] not to be `Unpin`: a bound that does not hold, and has a lifetime so that the compiler does not say so.
#[doc(hidden)]
#[derive(Debug)]
pub struct IsBoxError<'a>(std::marker::PhantomData<&'a ()>);

/// See [`IsBoxError`].
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "an error that holds a `BoxError` does not convert into `BoxError` by itself",
    label = "holds a `BoxError`",
    note = "write `impl Unpin for MyError {{}}`, with the name of the error that holds it"
)]
pub trait Movable {}

// An error is never polled, so nothing depends on its pinning.
#[doc(hidden)]
impl<'a> Unpin for BoxError where IsBoxError<'a>: Movable {}

impl<E> Unpin for Error<E> {}

impl<E> Unpin for ErrorKind<E> {}

impl BoxError {
    /// The standard box.
    #[must_use]
    pub fn into_inner(self) -> Box<dyn StdError + Send + Sync + 'static> {
        self.0
    }

    /// The error inside, by value, if it is a `T`.
    ///
    /// # Errors
    ///
    /// Gives the error back as it is if it is no `T`.
    pub fn downcast<T: StdError + 'static>(self) -> Result<T, Self> {
        self.0.downcast().map(|error| *error).map_err(BoxError)
    }
}

/// `Unpin`, so that `BoxError` itself, which is a standard error as well, is not among those that convert.
impl<T: Into<Box<dyn StdError + Send + Sync + 'static>> + Unpin> From<T> for BoxError {
    fn from(error: T) -> Self {
        BoxError(error.into())
    }
}

impl Deref for BoxError {
    type Target = dyn StdError + Send + Sync + 'static;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl fmt::Display for BoxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for BoxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The source is that of the error inside, since the two say the same.
impl StdError for BoxError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}
