//! The block `saga`.

use std::fmt;
use std::future::{Future, poll_fn};
use std::marker::PhantomData;
use std::pin::pin;
use std::task::Poll;

use super::events::SagaEvent;
use super::log::{Entry, Lasting, Log};
use super::undo::Undos;
use crate::blocks::shell::{Block, Held};
use crate::build::scope::{At, Names, Point, RefOf, Scope, With};
use crate::error::{Error, ErrorKind, Failure, Panicked};
use crate::graph::{Describe, Load};
use crate::node::{Meta, Origin};
use crate::run::{Asks, Cx};
use crate::sequence::{Body, Finish};

/// The block `saga`.
pub struct Saga<B, F, U, Pl> {
    pub(super) body: B,
    pub(super) finish: F,
    pub(super) undos: U,
    pub(super) place: Pl,
    pub(super) meta: &'static Meta,
}

/// Where a saga stands: in which scope its undos run, and which saga is around it.
pub trait Placed<S: Scope>: Send + Sync {
    /// The scope of the outermost saga.
    type Base: Scope;

    /// References to the names that the outermost saga sees.
    fn base<'e>(&self, scope: S::Ref<'e>) -> <Self::Base as Scope>::Ref<'e>;

    /// The log of the saga around.
    fn outer<'e>(&self, scope: S::Ref<'e>) -> Option<&'e Log>;
}

/// It is in no other saga.
#[derive(Clone, Copy, Debug)]
pub struct Alone;

impl<S: Scope> Placed<S> for Alone {
    type Base = S;

    #[inline(always)]
    fn base<'e>(&self, scope: S::Ref<'e>) -> S::Ref<'e> {
        scope
    }

    fn outer<'e>(&self, _scope: S::Ref<'e>) -> Option<&'e Log> {
        None
    }
}

/// It is inside another saga; the outermost has the scope `Base`.
pub struct Inside<Base, O, L> {
    pub(super) outermost: O,
    pub(super) log: L,
    pub(super) scope: PhantomData<fn() -> Base>,
}

impl<S, Base, O, L> Placed<S> for Inside<Base, O, L>
where
    S: Scope,
    Base: Scope,
    O: for<'e> Fn(Lasting<'e>, S::Ref<'e>) -> Base::Ref<'e> + Send + Sync,
    L: for<'e> Fn(Lasting<'e>, S::Ref<'e>) -> &'e Log + Send + Sync,
{
    type Base = Base;

    #[inline(always)]
    fn base<'e>(&self, scope: S::Ref<'e>) -> Base::Ref<'e> {
        (self.outermost)(Lasting::new(), scope)
    }

    fn outer<'e>(&self, scope: S::Ref<'e>) -> Option<&'e Log> {
        Some((self.log)(Lasting::new(), scope))
    }
}

impl<P, E, B, F, U, Pl> Block<P, E> for Saga<B, F, U, Pl>
where
    P: Point,
    E: Failure,
    B: Body<At<With<P::Scope, Log>, P::In>, E>,
    F: Finish<B::Slots, <B::Last as Point>::In>,
    Pl: Placed<P::Scope>,
    U: Undos<Pl::Base, E>,
{
    type Out = F::Out;
    type Asks = <<B::Asks as Asks>::Or<U::Asks> as Asks>::AndEnd;

    #[allow(clippy::manual_async_fn, reason = "`Send` is promised, not found out")]
    #[inline(always)]
    fn start<'a, R: Cx + 'a>(
        &'a self,
        scope: RefOf<'a, P>,
        input: P::In,
        held: Held<R>,
    ) -> impl Future<Output = Result<F::Out, Error<E>>> + Send + 'a {
        async move {
            let log = Log::new();
            // Before the body, which is dropped before it therefore.
            let mut running = Running { held, log: &log, undoing: 0 };
            let cx = running.held.cx;
            // The steps end before the first of them is undone.
            let seen = Names(P::Scope::shorten(scope), &log);
            let body = caught(self.body.go(seen, input, cx, &self.finish)).await;
            let mut result = body.unwrap_or_else(|panicked| {
                Err(Error::new(ErrorKind::Panicked(panicked), Origin::block(self.meta)))
            });
            let base = self.place.base(scope);
            while result.is_ok()
                && let Some(entry) = running.next(Log::last_to_end)
            {
                if let Err(error) = self.undos.undo(entry, base, cx).await {
                    result = Err(error);
                }
            }
            if let Err(error) = result {
                running.tell(|steps| SagaEvent::Undoing { steps });
                let mut failures = Vec::new();
                while let Some(entry) = running.next(Log::last) {
                    failures.extend(self.undos.undo(entry, base, cx).await.err());
                }
                result = Err(error.with_undo_failures(failures));
            } else {
                running.held.poll(|| log.hand_to(self.place.outer(scope)));
            }
            running.held.finish(&result);
            result
        }
    }

    // A coroutine does nothing before it is polled, and a run that is observed has begun when it gets here.
    #[inline(always)]
    fn lazily<Fut: Future + Send>(
        start: impl FnOnce() -> Fut + Send,
    ) -> impl Future<Output = Fut::Output> + Send {
        start()
    }

    fn load(&self) -> Load {
        Load::Saga
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        self.body.describe(graph);
    }
}

/// Awaits a future and drops it; a panic on the way is an error. Of several, the first.
pub(super) async fn caught<Fut: Future>(fut: Fut) -> Result<Fut::Output, Panicked> {
    let mut fut = pin!(Some(fut));
    let polled = poll_fn(|cx| {
        let polled = Panicked::catch(|| match fut.as_mut().as_pin_mut() {
            Some(fut) => fut.poll(cx),
            None => unreachable!("a future is not polled again after it has ended"),
        });
        match polled {
            Ok(polled) => polled.map(Ok),
            Err(panicked) => Poll::Ready(Err(panicked)),
        }
    })
    .await;
    let dropped = Panicked::catch(|| fut.set(None));
    polled.and_then(|output| dropped.map(|()| output))
}

/// A saga under way. Dropped before its log is empty it tells so.
struct Running<'l, R: Cx> {
    held: Held<R>,
    log: &'l Log,
    /// How many steps are being undone: one, or none.
    undoing: usize,
}

impl<R: Cx> Running<'_, R> {
    /// The entry that is undone next, if there is one.
    fn next(&mut self, next: impl FnOnce(&Log) -> Option<Entry>) -> Option<Entry> {
        let entry = next(self.log);
        self.undoing = entry.is_some().into();
        entry
    }

    /// Tells of the steps that have not been undone, if there are any.
    fn tell(&self, event: impl FnOnce(usize) -> SagaEvent) {
        let steps = self.log.len() + self.undoing;
        if steps > 0 {
            R::tell(&self.held.guard, || event(steps));
        }
    }
}

impl<R: Cx> Drop for Running<'_, R> {
    fn drop(&mut self) {
        self.tell(|steps| SagaEvent::Abandoned { steps });
    }
}

impl<B, F, U, Pl> fmt::Debug for Saga<B, F, U, Pl> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Saga")
    }
}

impl<Base, O, L> fmt::Debug for Inside<Base, O, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Inside")
    }
}
