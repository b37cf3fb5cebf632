//! A run that has not begun.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

pin_project! {
    /// A run that has not begun: steps start when they are asked to run, a run when it is polled.
    #[project = LazyProjection]
    #[project_replace = LazyReplaced]
    pub(crate) enum Lazy<St, Fut> {
        Waiting { start: St },
        Running { #[pin] fut: Fut },
        /// On the way from one to the other.
        Gone,
    }
}

impl<St: FnOnce() -> Fut, Fut: Future> Future for Lazy<St, Fut> {
    type Output = Fut::Output;

    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Fut::Output> {
        if let LazyProjection::Waiting { .. } = self.as_mut().project()
            && let LazyReplaced::Waiting { start } = self.as_mut().project_replace(Lazy::Gone)
        {
            self.set(Lazy::Running { fut: start() });
        }
        match self.project() {
            LazyProjection::Running { fut } => fut.poll(cx),
            _ => unreachable!("a run is not polled again after it has panicked"),
        }
    }
}
