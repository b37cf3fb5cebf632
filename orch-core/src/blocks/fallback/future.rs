//! The block `fallback`.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::alternatives::{Alternatives, Trying};
use super::events::FallingBack;
use super::failures::Failures;
use crate::blocks::shell::{Block, Held};
use crate::blocks::values::Predicate;
use crate::build::scope::{Point, RefOf};
use crate::error::{Error, Failure};
use crate::graph::{Describe, Load};
use crate::run::Cx;

/// The block `fallback`.
pub struct Fallback<C, W> {
    pub(super) children: C,
    pub(super) when: W,
}

impl<P, E, C, W> Block<P, E> for Fallback<C, W>
where
    P: Point,
    E: Failure,
    C: Alternatives<P, E>,
    W: Predicate<P::Scope, E>,
{
    type Out = C::Out;
    type Asks = C::Asks;

    #[inline(always)]
    fn start<'a, R: Cx + 'a>(
        &'a self,
        scope: RefOf<'a, P>,
        input: P::In,
        mut held: Held<R>,
    ) -> impl Future<Output = Result<C::Out, Error<E>>> + Send + 'a {
        let cx = held.cx;
        let (trying, piped) = held.poll(|| {
            // What no alternative uses of the value is dropped here.
            let piped = if C::USES { Some(input) } else { drop_now(input) };
            self.children.start(scope, piped, cx)
        });
        let seen = self.when.see(scope);
        let when = move |error: &Error<E>| self.when.ask(seen, error);
        FallbackFuture { trying, piped, failures: Failures::none(), when, held }
    }

    fn load(&self) -> Load {
        Load::Apart
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        self.children.describe(graph);
    }
}

#[inline(always)]
fn drop_now<T>(_value: T) -> Option<T> {
    None
}

pin_project! {
    struct FallbackFuture<Try, In, E, W, R>
    where
        R: Cx,
        E: Failure,
    {
        #[pin]
        trying: Try,
        piped: Option<In>,
        failures: Failures<R, E>,
        when: W,
        // Last: a block ends after the steps inside it.
        held: Held<R>,
    }
}

impl<Try, In, E, W, R> Future for FallbackFuture<Try, In, E, W, R>
where
    Try: Trying<In, E, R>,
    E: Failure,
    W: Fn(&Error<E>) -> bool,
    R: Cx,
{
    type Output = Result<Try::Out, Error<E>>;

    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            let this = self.as_mut().project();
            let trying = this.trying;
            match ready!(this.held.poll(|| trying.poll(cx))) {
                Ok(out) => {
                    R::succeed_block(&mut this.held.guard);
                    return Poll::Ready(Ok(out));
                }
                Err(error) => {
                    if let Err(error) = self.as_mut().fall_back(error) {
                        return Poll::Ready(Err(error));
                    }
                }
            }
        }
    }
}

impl<Try, In, E, W, R> FallbackFuture<Try, In, E, W, R>
where
    Try: Trying<In, E, R>,
    E: Failure,
    W: Fn(&Error<E>) -> bool,
    R: Cx,
{
    /// After a failure: starts the next alternative, or gives the block's error if there is none.
    #[cold]
    fn fall_back(self: Pin<&mut Self>, error: Error<E>) -> Result<(), Error<E>> {
        let this = self.project();
        let (mut trying, held, failures) = (this.trying, this.held, this.failures);
        let falls_back = |error: &Error<E>| error.undo_failures().is_empty() && (this.when)(error);
        if trying.as_mut().is_last() || !held.poll(|| falls_back(&error)) {
            // What has failed is let go of here, which may be the user's code.
            let error = held.poll(|| failures.before(error));
            R::fail(&mut held.guard, &error);
            return Err(error);
        }
        R::tell(&held.guard, || FallingBack {
            step: error.step(),
            to: trying.as_mut().next_name().unwrap_or_default(),
        });
        let run = held.cx;
        let piped = this.piped;
        held.poll(|| {
            let run = failures.add(run, error);
            *piped = trying.go_on(piped.take(), run);
        });
        Ok(())
    }
}

impl<C, W> fmt::Debug for Fallback<C, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fallback")
    }
}
