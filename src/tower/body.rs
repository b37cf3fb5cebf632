//! The body of a `with`, as the innermost service of a layer's.

use std::error::Error as StdError;
use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use orch_core::{Again, Error, Failure, Once};
use tower_service::Service;

use super::link::{Asking, Link};

/// A request to run the body of a `with` block, on its way through a layer.
///
/// The value that is piped stays where it is, and so does the output. With `Runs` = [`Once`] it is the only request of its run;
/// with [`Again`] it can be cloned, as `tower::retry` does, and each clone runs the body.
pub struct Call<Runs = Once> {
    pub(super) link: Arc<Link>,
    runs: PhantomData<fn() -> Runs>,
}

impl<Runs> Call<Runs> {
    pub(super) fn new(link: &Arc<Link>) -> Self {
        Call { link: Arc::clone(link), runs: PhantomData }
    }
}

impl Clone for Call<Again> {
    fn clone(&self) -> Self {
        Call::new(&self.link)
    }
}

impl<Runs> fmt::Debug for Call<Runs> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Call")
    }
}

/// That the body of a `with` block has succeeded: the response to a [`Call`]. The output itself waits in the block.
///
/// Only a body that was run gives one, so a layer can answer for no body.
#[derive(Debug)]
#[must_use = "it is what the layer's service gives back"]
pub struct Succeeded {
    _private: (),
}

/// That the body of a `with` block has failed: the error of a [`Call`]. If it comes out of the layer, boxed or as the source of
/// another error, the block fails with the body's own error, which keeps its type and place.
#[derive(Clone, Debug)]
pub struct BodyError {
    text: Arc<str>,
    is_retryable: bool,
    is_rejection: bool,
}

impl BodyError {
    pub(super) fn of<E: Failure>(error: &Error<E>) -> Self {
        BodyError {
            text: error.to_string().into(),
            is_retryable: error.is_retryable(),
            is_rejection: error.kind().is_rejection(),
        }
    }

    /// The run of the block was over before the body could run.
    fn too_late() -> Self {
        BodyError { text: "the run is over".into(), is_retryable: false, is_rejection: true }
    }

    /// Whether a `retry` would try again: [`Error::is_retryable`] of the body's error.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.is_retryable
    }

    /// Whether the body's error is a rejection: [`ErrorKind::is_rejection`](crate::ErrorKind::is_rejection).
    #[must_use]
    pub fn is_rejection(&self) -> bool {
        self.is_rejection
    }

    /// Whether an error is one, or comes from one.
    pub(super) fn is_in(error: &(dyn StdError + 'static)) -> bool {
        error.is::<BodyError>() || error.source().is_some_and(BodyError::is_in)
    }
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl StdError for BodyError {}

/// The innermost service of a layer that stands around the body of a `with`. It is always ready, and holds nothing: which body it
/// runs is in the request.
pub struct Body<Runs = Once>(PhantomData<fn() -> Runs>);

impl<Runs> Body<Runs> {
    pub(super) fn new() -> Self {
        Body(PhantomData)
    }
}

impl<Runs> Clone for Body<Runs> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Runs> Copy for Body<Runs> {}

impl<Runs> fmt::Debug for Body<Runs> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Body")
    }
}

impl<Runs> Service<Call<Runs>> for Body<Runs> {
    type Response = Succeeded;
    type Error = BodyError;
    type Future = Running;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), BodyError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: Call<Runs>) -> Running {
        Running(Asking::new(call.link))
    }
}

/// A run of the body, as a layer waits for it. The body itself is polled where its block is.
pub struct Running(Asking);

impl Future for Running {
    type Output = Result<Succeeded, BodyError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll(cx).map(|ended| match ended {
            Some(Ok(())) => Ok(Succeeded { _private: () }),
            Some(Err(error)) => Err(error),
            None => Err(BodyError::too_late()),
        })
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Running")
    }
}
