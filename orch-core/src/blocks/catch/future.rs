//! The block `catch`.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::blocks::shell::{Block, Held};
use crate::build::scope::{Point, RefOf};
use crate::error::{Error, ErrorKind, Failure, Panicked};
use crate::graph::{Describe, Load};
use crate::node::{Meta, Origin};
use crate::run::Cx;
use crate::run::Step;

/// The block `catch`.
#[derive(Debug)]
pub struct Catch<B> {
    pub(super) body: B,
    pub(super) meta: &'static Meta,
}

impl<P: Point, E: Failure, B: Step<P, E>> Block<P, E> for Catch<B> {
    type Out = B::Out;
    type Asks = B::Asks;

    #[inline(always)]
    fn start<'a, R: Cx + 'a>(
        &'a self,
        scope: RefOf<'a, P>,
        input: P::In,
        held: Held<R>,
    ) -> impl Future<Output = Result<B::Out, Error<E>>> + Send + 'a {
        let run = held.cx;
        // The guard is not told of the polls: a panic inside them is not one of this block.
        let body = match Panicked::catch(|| self.body.enter(scope, input, run)) {
            Ok(fut) => Body::Running { fut },
            Err(panicked) => Body::Panicked { panicked: Some(panicked) },
        };
        CatchFuture { body, meta: self.meta, held }
    }

    fn load(&self) -> Load {
        Load::Row
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        self.body.describe(graph);
    }
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
        held: Held<R>,
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
            BodyProjection::Running { fut } => Panicked::catch(|| fut.poll(cx)),
            BodyProjection::Panicked { panicked } => {
                Err(panicked.take().expect("a future is not polled again after it has finished"))
            }
        };
        let result = match polled {
            Ok(polled) => ready!(polled),
            Err(panicked) => {
                // The steps inside end before the block does. Should their destructors panic too, the first panic is told.
                let _ = Panicked::catch(|| this.body.set(Body::Panicked { panicked: None }));
                Err(Error::new(ErrorKind::Panicked(panicked), Origin::block(this.meta)))
            }
        };
        this.held.finish(&result);
        Poll::Ready(result)
    }
}
