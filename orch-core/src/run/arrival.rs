//! A run that arrives at a gatekeeper, handed to a runtime of the user's to ask it or to answer for it.

use std::convert::Infallible;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::full::as_rejection;
use super::{Done, Position};
use crate::error::ErrorKind;
use crate::runtime::Gatekeeper;

/// A run that arrives at a [`Gatekeeper`], in the hands of a [`Runtime`](crate::Runtime): the gatekeeper is asked, or answered for.
///
/// Each of the three ways gives a [`Done`], which is what [`arrive`](crate::Runtime::arrive) has to give back.
pub struct Arrival<'a> {
    asking: Pin<&'a mut (dyn Asks + 'a)>,
    position: Position<'a>,
    gatekeeper: Gatekeeper<'a>,
}

/// What asks a gatekeeper, whatever it gives to a run that it lets through.
trait Asks: Send {
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), ErrorKind<Infallible>>>;

    fn answer(self: Pin<&mut Self>, answer: Result<(), ErrorKind<Infallible>>);
}

pin_project! {
    /// What asks a gatekeeper, and its answer. It is `None` in a run that was let through without being asked.
    pub(super) struct Asking<F, T> {
        #[pin]
        asks: F,
        answer: Option<Result<Option<T>, ErrorKind<Infallible>>>,
    }
}

impl<F, T> Asking<F, T> {
    pub(super) fn new(asks: F) -> Self {
        Asking { asks, answer: None }
    }

    /// The answer.
    ///
    /// # Panics
    ///
    /// If there is none yet.
    pub(super) fn take(self: Pin<&mut Self>) -> Result<Option<T>, ErrorKind<Infallible>> {
        self.project().answer.take().expect("who has a `Done` has left an answer")
    }
}

impl<F, T> Asks for Asking<F, T>
where
    F: Future<Output = Result<T, ErrorKind<Infallible>>> + Send,
    T: Send,
{
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), ErrorKind<Infallible>>> {
        let this = self.project();
        this.asks.poll(cx).map(|answer| {
            let told = answer.as_ref().map(|_| ()).map_err(Clone::clone);
            *this.answer = Some(answer.map(Some));
            told
        })
    }

    fn answer(self: Pin<&mut Self>, answer: Result<(), ErrorKind<Infallible>>) {
        *self.project().answer = Some(answer.map(|()| None).map_err(as_rejection));
    }
}

impl<'a> Arrival<'a> {
    pub(super) fn new<F, T>(
        asking: Pin<&'a mut Asking<F, T>>,
        position: Position<'a>,
        gatekeeper: Gatekeeper<'a>,
    ) -> Self
    where
        F: Future<Output = Result<T, ErrorKind<Infallible>>> + Send + 'a,
        T: Send + 'a,
    {
        Arrival { asking, position, gatekeeper }
    }

    /// Which block of which run it is, for which item, in which attempt.
    #[must_use]
    pub fn position(&self) -> Position<'a> {
        self.position
    }

    /// What it arrives at.
    #[must_use]
    pub fn gatekeeper(&self) -> Gatekeeper<'a> {
        self.gatekeeper
    }

    /// Asks the gatekeeper, and waits for its answer. Dropping the future takes the run away from it.
    pub async fn ask(mut self) -> Done<'a> {
        // What the answer is shows where it is looked up.
        let _ = poll_fn(|cx| self.poll_ask(cx)).await;
        Done::new()
    }

    /// The same, with the answer, for who writes that down.
    pub(crate) fn poll_ask(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ErrorKind<Infallible>>> {
        self.asking.as_mut().poll(cx)
    }

    /// Has the gatekeeper's answer count that was asked for.
    #[cfg(feature = "durable")]
    pub(crate) fn asked(self) -> Done<'a> {
        Done::new()
    }

    /// Lets the run through. The gatekeeper is not asked, and not told what becomes of it.
    pub fn pass(mut self) -> Done<'a> {
        self.asking.as_mut().answer(Ok(()));
        Done::new()
    }

    /// Turns the run away, with an error of this kind, which is one of a [rejection](ErrorKind::is_rejection); any other stands for
    /// [`ErrorKind::Rejected`]. The gatekeeper is not asked.
    pub fn reject(mut self, kind: ErrorKind<Infallible>) -> Done<'a> {
        self.asking.as_mut().answer(Err(kind));
        Done::new()
    }
}

impl fmt::Debug for Arrival<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arrival")
            .field("position", &self.position)
            .field("gatekeeper", &self.gatekeeper)
            .finish_non_exhaustive()
    }
}
