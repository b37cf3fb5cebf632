//! The block `when`.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::Gives;
use crate::blocks::shell::{Block, Held};
use crate::build::scope::{Point, RefOf, Scope};
use crate::error::{Error, Failure};
use crate::graph::{Describe, Load};
use crate::run::Cx;
use crate::run::Step;

/// The block `when`.
pub struct When<C, U, B> {
    pub(super) condition: C,
    pub(super) gives: PhantomData<fn() -> U>,
    pub(super) body: B,
}

impl<P, E, C, U, B> Block<P, E> for When<C, U, B>
where
    P: Point,
    E: Failure,
    C: for<'e, 'i> Fn(<P::Scope as Scope>::Ref<'e>, &'i P::In) -> bool + Send + Sync,
    U: Gives<P::In, B::Out>,
    B: Step<P, E>,
{
    type Out = U::Out;
    type Asks = B::Asks;

    #[inline(always)]
    fn start<'a, R: Cx + 'a>(
        &'a self,
        scope: RefOf<'a, P>,
        input: P::In,
        mut held: Held<R>,
    ) -> impl Future<Output = Result<U::Out, Error<E>>> + Send + 'a {
        let cx = held.cx;
        let course = held.poll(|| {
            if (self.condition)(scope, &input) {
                Course::Running { fut: self.body.enter(scope, input, cx) }
            } else {
                Course::Skipped { piped: Some(input) }
            }
        });
        WhenFuture::<_, _, U, R> { course, gives: PhantomData, held }
    }

    fn load(&self) -> Load {
        Load::One
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        self.body.describe(graph);
    }
}

pin_project! {
    #[project = CourseProjected]
    enum Course<Fut, In> {
        Running {
            #[pin]
            fut: Fut,
        },
        Skipped {
            piped: Option<In>,
        },
    }
}

pin_project! {
    struct WhenFuture<Fut, In, U, R: Cx> {
        #[pin]
        course: Course<Fut, In>,
        gives: PhantomData<fn() -> U>,
        // Last: a block ends after the steps inside it.
        held: Held<R>,
    }
}

impl<Fut, In, T, E, U, R> Future for WhenFuture<Fut, In, U, R>
where
    Fut: Future<Output = Result<T, Error<E>>>,
    E: Failure,
    U: Gives<In, T>,
    R: Cx,
{
    type Output = Result<U::Out, Error<E>>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        match this.course.project() {
            CourseProjected::Running { fut } => {
                // What the body gives may be dropped here, which is the user's code.
                let result = ready!(this.held.poll(|| fut.poll(cx).map_ok(U::gave)));
                this.held.finish(&result);
                Poll::Ready(result)
            }
            CourseProjected::Skipped { piped } => {
                let piped = piped.take().expect("a future is not polled again after it has finished");
                R::skip_block(&mut this.held.guard);
                Poll::Ready(Ok(U::skipped(piped)))
            }
        }
    }
}

impl<C, U, B> fmt::Debug for When<C, U, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("When")
    }
}
