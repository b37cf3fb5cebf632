//! The block `catch`.

use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::error::{Error, ErrorKind, Failure, Panicked};
use crate::graph::Describe;
use crate::node::{Meta, Origin};
use crate::run::{Cx, finish_block};
use crate::scope::{Point, RefOf};
use crate::step::Step;

/// The block `catch`.
pub struct Catch<B> {
    pub(super) body: B,
    pub(super) meta: &'static Meta,
}

impl<P: Point, E: Failure, B: Step<P, E>> Step<P, E> for Catch<B> {
    type Out = B::Out;
    type Asks = B::Asks;

    #[inline(always)]
    fn run<'a, R: Cx + 'a>(
        &'a self,
        scope: RefOf<'a, P>,
        input: P::In,
        cx: R,
    ) -> impl Future<Output = Result<B::Out, Error<E>>> + Send + 'a {
        let (inside, guard) = cx.block(self.meta);
        // The guard is not told of the polls: a panic inside them is not one of this block.
        let body = match catch(|| self.body.run(scope, input, inside)) {
            Ok(fut) => Body::Running { fut },
            Err(panicked) => Body::Panicked { panicked: Some(panicked) },
        };
        CatchFuture::<_, R> { body, meta: self.meta, guard }
    }

    fn queue<R: Cx>(&self, cx: R) -> R::Queued {
        cx.queue(self.meta)
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        graph.block(self.meta, |graph| self.body.describe(graph));
    }
}

/// Calls foreign code that may panic.
#[inline(always)]
fn catch<T>(call: impl FnOnce() -> T) -> Result<T, Panicked> {
    // What the call has broken is dropped, or is the steps' own: see the module.
    catch_unwind(AssertUnwindSafe(call)).map_err(Panicked::caught)
}

pin_project! {
    #[project = BodyProjection]
    enum Body<Fut> {
        Running {
            #[pin]
            fut: Fut,
        },
        Panicked {
            // Of its start; `None` once it is told.
            panicked: Option<Panicked>,
        },
    }
}

pin_project! {
    struct CatchFuture<Fut, R: Cx> {
        #[pin]
        body: Body<Fut>,
        meta: &'static Meta,
        // Last, and apart from the body, whose destructors may panic: a block ends after the steps inside it.
        guard: R::Guard,
    }
}

impl<Fut, T, E, R> Future for CatchFuture<Fut, R>
where
    Fut: Future<Output = Result<T, Error<E>>>,
    E: Failure,
    R: Cx,
{
    type Output = Result<T, Error<E>>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let polled = match this.body.as_mut().project() {
            BodyProjection::Running { fut } => catch(|| fut.poll(cx)),
            BodyProjection::Panicked { panicked } => {
                Err(panicked.take().expect("a future is not polled again after it has finished"))
            }
        };
        let result = match polled {
            Ok(polled) => ready!(polled),
            Err(panicked) => {
                // The steps inside end before the block does. Should their destructors panic too, the first panic is told.
                let _ = catch(|| this.body.set(Body::Panicked { panicked: None }));
                Err(Error::new(ErrorKind::Panicked(panicked), Origin::block(this.meta)))
            }
        };
        finish_block::<R, _, _>(this.guard, &result);
        Poll::Ready(result)
    }
}

impl<B> fmt::Debug for Catch<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Origin::block(self.meta).fmt(f)
    }
}
