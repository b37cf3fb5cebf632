//! Steps with an undo, and the undos.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::future::caught;
use super::log::{Entry, Kept, Lasting, Log, When};
use crate::blocks::shell::Held;
use crate::build::builder::Builder;
use crate::build::scope::{At, Names, Point, RefOf, Scope, With};
use crate::error::{Error, ErrorKind, Failure};
use crate::graph::Describe;
use crate::node::{Meta, Origin};
use crate::run::{Asks, Cx, Here, No, Step};
use crate::runtime::BoxFuture;

/// What is kept of a step for its undo: the function that looks for it when the step has succeeded, of the type `K`.
///
/// It gives the undo's input, and the values of those names that do not live as long as the saga.
pub struct Keep<K, Input, Values> {
    keep: K,
    gives: PhantomData<fn() -> (Input, Values)>,
}

impl<S: Scope, In: Send + 'static, E: Failure> Builder<S, In, E> {
    /// What is kept of `step`.
    pub fn keeps<St, K, Input, Values>(self, _step: &St, keep: K) -> Keep<K, Input, Values>
    where
        St: Step<At<S, In>, E>,
        K: for<'e> Fn(S::Ref<'e>, &St::Out) -> (Input, Values),
    {
        Keep { keep, gives: PhantomData }
    }

    /// The point of the undo for which this is kept, where this is the point of the saga.
    pub fn undoing<K, Input, Values>(
        self,
        _keep: &Keep<K, Input, Values>,
    ) -> Builder<With<S, Values>, Input, E> {
        Builder::new()
    }

    /// Where the log of the saga around is.
    pub fn log<L>(self, log: L) -> L
    where
        L: for<'e> Fn(Lasting<'e>, S::Ref<'e>) -> &'e Log,
    {
        log
    }
}

/// An undo at the point `P`: a step that runs at the place of its saga.
pub struct Undo<P, St> {
    step: St,
    which: u32,
    when: When,
    meta: &'static Meta,
    point: PhantomData<fn() -> P>,
}

/// A step that is written into the log of the saga around when it has succeeded.
pub struct Undone<St, L, K, Input, Values, P, U> {
    step: St,
    log: L,
    keep: Keep<K, Input, Values>,
    undo: Arc<Undo<P, U>>,
}

/// A step with its undo.
pub fn undone<St, L, K, Input, Values, P, U>(
    step: St,
    log: L,
    keep: Keep<K, Input, Values>,
    undo: &Arc<Undo<P, U>>,
) -> Undone<St, L, K, Input, Values, P, U> {
    Undone { step, log, keep, undo: undo.clone() }
}

impl<P, E, St, L, K, Input, Values, At, U> Step<P, E> for Undone<St, L, K, Input, Values, At, U>
where
    At: Point,
    P: Point,
    E: Failure,
    St: Step<P, E>,
    L: for<'e> Fn(Lasting<'e>, <P::Scope as Scope>::Ref<'e>) -> &'e Log + Send + Sync,
    K: for<'e> Fn(<P::Scope as Scope>::Ref<'e>, &St::Out) -> (Input, Values) + Send + Sync,
    Input: Send + 'static,
    Values: Send + 'static,
    U: Step<At, E>,
{
    type Out = St::Out;
    type Asks = St::Asks;

    #[inline(always)]
    fn enter<'a, H: Here + 'a>(
        &'a self,
        scope: RefOf<'a, P>,
        input: P::In,
        here: H,
    ) -> impl Future<Output = Result<St::Out, Error<E>>> + Send + 'a {
        let Undo { which, when, .. } = *self.undo;
        let keep = &self.keep.keep;
        let write = move |out: &St::Out| {
            (self.log)(Lasting::new(), scope).write(which, when, here.coords(), || keep(scope, out));
        };
        UndoneFuture { fut: self.step.enter(scope, input, here), write }
    }

    fn queue<R: Cx>(&self, cx: R) -> R::Queued {
        self.step.queue(cx)
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        let Undo { meta, step: undo, .. } = &*self.undo;
        graph.undo(meta, |graph| self.step.describe(graph), |graph| undo.describe(graph));
    }
}

pin_project! {
    struct UndoneFuture<Fut, W> {
        #[pin]
        fut: Fut,
        write: W,
    }
}

impl<Fut, W, T, E> Future for UndoneFuture<Fut, W>
where
    Fut: Future<Output = Result<T, Error<E>>>,
    W: Fn(&T),
{
    type Output = Result<T, Error<E>>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        this.fut.poll(cx).map_ok(|out| {
            (this.write)(&out);
            out
        })
    }
}

/// The undos in the text of a saga, those of sagas inside it among them, as nested pairs. They run at the place of the outermost
/// of the sagas, which has the scope `S`.
pub trait Undos<S: Scope, E: Failure>: Send + Sync {
    /// What they ask.
    type Asks: Asks;

    /// Runs the undo of an entry.
    fn undo<'a, R: Cx + 'a>(
        &'a self,
        entry: Entry,
        scope: S::Ref<'a>,
        cx: R,
    ) -> BoxFuture<'a, Result<(), Error<E>>>;
}

impl<S: Scope, E: Failure> Undos<S, E> for () {
    type Asks = No;

    fn undo<'a, R: Cx + 'a>(
        &'a self,
        _entry: Entry,
        _scope: S::Ref<'a>,
        _cx: R,
    ) -> BoxFuture<'a, Result<(), Error<E>>> {
        unreachable!("a saga's log has its own steps alone")
    }
}

/// An undo before the rest of them.
pub struct Listed<P, St, Rest> {
    undo: Arc<Undo<P, St>>,
    rest: Rest,
}

/// An undo before the rest of them.
pub fn listed<P, St, Rest>(undo: &Arc<Undo<P, St>>, rest: Rest) -> Listed<P, St, Rest> {
    Listed { undo: undo.clone(), rest }
}

impl<S: Scope, In: Send + 'static, E: Failure> Builder<S, In, E> {
    /// The undo number `which` of a text, at this point.
    pub fn undo<St>(self, meta: &'static Meta, which: u32, when: When, step: St) -> Arc<Undo<At<S, In>, St>> {
        Arc::new(Undo { step, which, when, meta, point: PhantomData })
    }
}

impl<S, Input, Values, E, St, Rest> Undos<S, E> for Listed<At<With<S, Values>, Input>, St, Rest>
where
    S: Scope,
    E: Failure,
    Input: Send + 'static,
    Values: Send + Sync + 'static,
    St: Step<At<With<S, Values>, Input>, E>,
    Rest: Undos<S, E>,
{
    type Asks = <St::Asks as Asks>::Or<Rest::Asks>;

    fn undo<'a, R: Cx + 'a>(
        &'a self,
        entry: Entry,
        scope: S::Ref<'a>,
        cx: R,
    ) -> BoxFuture<'a, Result<(), Error<E>>> {
        if entry.undo != self.undo.which {
            return self.rest.undo(entry, scope, cx);
        }
        let Undo { step, meta, .. } = &*self.undo;
        let (cx, guard) = cx.at(entry.coords).block(meta);
        let mut held = Held { cx, guard };
        Box::pin(async move {
            let result = match entry.kept {
                Kept::Nothing(panicked) => {
                    Err(Error::new(ErrorKind::Panicked(panicked), Origin::block(meta)))
                }
                Kept::Values(kept) => {
                    let kept =
                        kept.downcast::<(Input, Values)>().expect("what the step has kept for its undo");
                    let (input, values) = *kept;
                    // Called in there, as that may panic too.
                    let run =
                        async { step.enter(Names(S::shorten(scope), &values), input, cx).await.map(drop) };
                    let run = caught(run).await;
                    run.unwrap_or_else(|panicked| {
                        Err(Error::new(ErrorKind::Panicked(panicked), Origin::block(meta)))
                    })
                }
            };
            held.finish(&result);
            result
        })
    }
}

impl<K, Input, Values> fmt::Debug for Keep<K, Input, Values> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keep")
    }
}

impl<P, St> fmt::Debug for Undo<P, St> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Undo").field("which", &self.which).field("when", &self.when).finish_non_exhaustive()
    }
}

impl<St, L, K, Input, Values, P, U> fmt::Debug for Undone<St, L, K, Input, Values, P, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Undone")
    }
}

impl<P, St, Rest> fmt::Debug for Listed<P, St, Rest> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listed")
    }
}
