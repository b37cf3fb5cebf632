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
pub trait Scope: Send + Sync {
    /// A poll, or a call, begins on this thread.
    fn enter(&self);

    /// It is over.
    fn exit(&self);
}

/// While it lasts, this thread is in a scope, if there is one.
pub(crate) struct Entered<'s>(Option<&'s dyn Scope>);

impl<'s> Entered<'s> {
    pub(crate) fn new(scope: Option<&'s dyn Scope>) -> Self {
        if let Some(scope) = scope {
            scope.enter();
        }
        Entered(scope)
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        if let Some(scope) = self.0 {
            scope.exit();
        }
    }
}

pin_project! {
    /// A future that is polled in a scope, wherever it is polled.
    pub(crate) struct Scoped<F> {
        #[pin]
        fut: F,
        scope: Option<Arc<dyn Scope>>,
    }
}

impl<F> Scoped<F> {
    pub(crate) fn new(fut: F, scope: Option<Arc<dyn Scope>>) -> Self {
        Scoped { fut, scope }
    }
}

impl<F: Future> Future for Scoped<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _entered = Entered::new(this.scope.as_deref());
        this.fut.poll(cx)
    }
}

/// Those of several buses in one: entered in their order, and left the other way around.
pub(super) fn all(mut scopes: Vec<Arc<dyn Scope>>) -> Option<Arc<dyn Scope>> {
    if scopes.len() > 1 { Some(Arc::new(All(scopes))) } else { scopes.pop() }
}

struct All(Vec<Arc<dyn Scope>>);

impl Scope for All {
    fn enter(&self) {
        self.0.iter().for_each(|scope| scope.enter());
    }

    fn exit(&self) {
        self.0.iter().rev().for_each(|scope| scope.exit());
    }
}

impl fmt::Debug for dyn Scope + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scope")
    }
}
