//! What the steps of a run do, in the midst of something that a bus knows of.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

/// Something that an execution is polled in: a span, so that what a task logs by itself is found under its step.
///
/// An event is told before or after; this is around. A run asks for it once for each execution of a task, and only if its bus
/// has any. It lasts as long as the work that has left its run.
#[doc(hidden)]
pub trait Ambient: Send + Sync {
    /// A poll, or a call, begins on this thread.
    fn enter(&self);

    /// It is over.
    fn exit(&self);
}

/// While it lasts, this thread is in an ambient, if there is one.
pub(crate) struct Entered<'s>(Option<&'s dyn Ambient>);

impl<'s> Entered<'s> {
    pub(crate) fn new(ambient: Option<&'s dyn Ambient>) -> Self {
        if let Some(ambient) = ambient {
            ambient.enter();
        }
        Entered(ambient)
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        if let Some(ambient) = self.0 {
            ambient.exit();
        }
    }
}

pin_project! {
    /// A future that is polled in an ambient, wherever it is polled.
    pub(crate) struct Surrounded<F> {
        #[pin]
        fut: F,
        ambient: Option<Arc<dyn Ambient>>,
    }
}

impl<F> Surrounded<F> {
    pub(crate) fn new(fut: F, ambient: Option<Arc<dyn Ambient>>) -> Self {
        Surrounded { fut, ambient }
    }
}

impl<F: Future> Future for Surrounded<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _entered = Entered::new(this.ambient.as_deref());
        this.fut.poll(cx)
    }
}

/// Those of several buses in one: entered in their order, and left the other way around.
pub(super) fn all(mut ambients: Vec<Arc<dyn Ambient>>) -> Option<Arc<dyn Ambient>> {
    if ambients.len() > 1 { Some(Arc::new(All(ambients))) } else { ambients.pop() }
}

struct All(Vec<Arc<dyn Ambient>>);

impl Ambient for All {
    fn enter(&self) {
        self.0.iter().for_each(|ambient| ambient.enter());
    }

    fn exit(&self) {
        self.0.iter().rev().for_each(|ambient| ambient.exit());
    }
}

impl fmt::Debug for dyn Ambient + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ambient")
    }
}
