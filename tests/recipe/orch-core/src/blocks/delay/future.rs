//! The block `delay`.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;

use crate::blocks::shell::{Block, Held};
use crate::blocks::values::Given;
use crate::build::scope::{Point, RefOf};
use crate::error::{Error, Failure};
use crate::graph::{Bound, Describe, Load};
use crate::node::{Meta, Origin};
use crate::run::lazy::Lazy;
use crate::run::{Cx, Step};

/// The block `delay`.
#[derive(Debug)]
pub struct Delay<B, G> {
    pub(super) body: B,
    pub(super) by: G,
    pub(super) meta: &'static Meta,
}

impl<P: Point, E: Failure, B: Step<P, E>, G: Given<P, Value = Duration>> Block<P, E> for Delay<B, G> {
    type Out = B::Out;
    type Asks = B::Asks;

    #[inline(always)]
    fn start<'a, R: Cx + 'a>(
        &'a self,
        scope: RefOf<'a, P>,
        input: P::In,
        held: Held<R>,
    ) -> impl Future<Output = Result<Self::Out, Error<E>>> + Send + 'a {
        let cx = held.cx;
        let by = *self.by.get(self.by.see(scope));
        let wait = (!by.is_zero()).then(|| cx.sleep(by, Some(Origin::block(self.meta))));
        // A step starts when its `run` is called: here after the wait.
        let body = Lazy::Waiting { start: move || self.body.enter(scope, input, cx) };
        DelayFuture { wait, body, held }
    }

    fn load(&self) -> Load {
        Load::Gate { places: Bound::NONE, wait: self.by.known().copied().into() }
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        self.body.describe(graph);
    }
}

pin_project! {
    struct DelayFuture<Wait, Fut, R: Cx> {
        #[pin]
        wait: Option<Wait>,
        #[pin]
        body: Fut,
        // Last: a block ends after the steps inside it.
        held: Held<R>,
    }
}

impl<Wait, Fut, T, E, R> Future for DelayFuture<Wait, Fut, R>
where
    Wait: Future<Output = ()>,
    Fut: Future<Output = Result<T, Error<E>>>,
    E: Failure,
    R: Cx,
{
    type Output = Result<T, Error<E>>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Some(wait) = this.wait.as_mut().as_pin_mut() {
            ready!(wait.poll(cx));
            this.wait.set(None);
        }
        let body = this.body;
        let result = ready!(this.held.poll(|| body.poll(cx)));
        this.held.finish(&result);
        Poll::Ready(result)
    }
}
