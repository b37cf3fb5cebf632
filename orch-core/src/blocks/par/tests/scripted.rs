//! Steps that do what a script says, and a driver that decides which of them goes on.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use std::time::Instant;

use crate::build::scope::{Point, RefOf};
use crate::error::{BoxError, Error, ErrorKind};
use crate::graph::Describe;
use crate::node::{Meta, Origin};
use crate::run::Step;
use crate::run::{Attempt, Done};
use crate::run::{Cx, Here};
use crate::runtime::{BoxFuture, Local, Runtime};
use crate::testing::step;

pub(crate) static CHILD: Meta = step(1, Some(&PAR), "child");

/// What a child does: it waits so many times to be told to go on, and then ends so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Script {
    pub(crate) waits: usize,
    pub(crate) end: End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Succeed,
    Fail,
    Panic,
}

pub(crate) const READY: Script = Script { waits: 0, end: End::Succeed };
pub(crate) const FAIL: Script = Script { waits: 0, end: End::Fail };

pub(crate) fn waits(waits: usize) -> Script {
    Script { waits, ..READY }
}

/// What happened to a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Did {
    Start(usize),
    Succeed(usize),
    Fail(usize),
    /// Dropped before it had finished.
    Cancel(usize),
}

/// What the children share with the test.
#[derive(Default)]
pub(crate) struct Stage {
    children: Mutex<Vec<Actor>>,
    pub(crate) log: Mutex<Vec<Did>>,
    budget: Mutex<Budget>,
}

/// As tokio's: what goes on takes from it, and what is refused is woken after the turn.
#[derive(Default)]
struct Budget {
    /// `None` if it has no end.
    left: Option<usize>,
    refused: Vec<Waker>,
}

#[derive(Default)]
struct Actor {
    waker: Option<Waker>,
    /// How often it may go on.
    told: usize,
    polls: usize,
}

impl Stage {
    fn actor<T>(&self, child: usize, look: impl FnOnce(&mut Actor) -> T) -> T {
        let mut children = self.children.lock().unwrap();
        if children.len() <= child {
            children.resize_with(child + 1, Actor::default);
        }
        look(&mut children[child])
    }

    fn did(&self, did: Did) {
        self.log.lock().unwrap().push(did);
    }

    /// Lets a child go on.
    pub(crate) fn tell(&self, child: usize) {
        let waker = self.actor(child, |actor| {
            actor.told += 1;
            actor.waker.take()
        });
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// A turn begins, with a budget if it is not zero.
    pub(crate) fn begin_turn(&self, budget: usize) {
        self.budget.lock().unwrap().left = Some(budget).filter(|budget| *budget > 0);
    }

    /// The turn is over.
    pub(crate) fn end_turn(&self) {
        let refused = std::mem::take(&mut self.budget.lock().unwrap().refused);
        refused.into_iter().for_each(Waker::wake);
    }

    fn has_budget(&self) -> bool {
        self.budget.lock().unwrap().left != Some(0)
    }

    /// Takes from the budget. If there is none, `cx` is refused.
    fn proceeds(&self, cx: &Context<'_>) -> bool {
        let mut budget = self.budget.lock().unwrap();
        match &mut budget.left {
            Some(0) => {
                budget.refused.push(cx.waker().clone());
                return false;
            }
            Some(left) => *left -= 1,
            None => {}
        }
        true
    }

    /// The waker that a child waits with.
    pub(crate) fn waker(&self, child: usize) -> Option<Waker> {
        self.actor(child, |actor| actor.waker.clone())
    }

    pub(crate) fn polls(&self, child: usize) -> usize {
        self.actor(child, |actor| actor.polls)
    }

    pub(crate) fn take(&self) -> Vec<Did> {
        std::mem::take(&mut self.log.lock().unwrap())
    }

    /// The children that have started and not finished, in written order.
    pub(crate) fn running(&self) -> Vec<usize> {
        let mut running = Vec::new();
        for did in self.log.lock().unwrap().iter() {
            match *did {
                Did::Start(child) => running.push(child),
                Did::Succeed(child) | Did::Fail(child) | Did::Cancel(child) => {
                    running.retain(|one| *one != child)
                }
            }
        }
        running
    }

    pub(crate) fn child(self: &Arc<Self>, index: usize, script: Script) -> Child {
        Child { stage: self.clone(), index, script }
    }
}

/// A child with its script, which drops its input.
pub(crate) struct Child {
    stage: Arc<Stage>,
    index: usize,
    script: Script,
}

/// A body whose items are scripts, numbered.
pub(crate) struct Performs(pub(crate) Arc<Stage>);

impl<P: Point> Step<P, BoxError> for Child {
    type Out = usize;
    type Asks = crate::run::No;

    fn enter<'a, H: Here + 'a>(
        &'a self,
        _scope: RefOf<'a, P>,
        _input: P::In,
        here: H,
    ) -> impl Future<Output = Result<usize, Error<BoxError>>> + Send + 'a {
        Act::new(self.stage.clone(), self.index, self.script, here)
    }

    fn queue<R: Cx>(&self, cx: R) -> R::Queued {
        cx.queue(&CHILD)
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        graph.leaf(Origin::block(&CHILD));
    }
}

impl<P: Point<In = (usize, Script)>> Step<P, BoxError> for Performs {
    type Out = usize;
    type Asks = crate::run::No;

    fn enter<'a, H: Here + 'a>(
        &'a self,
        _scope: RefOf<'a, P>,
        (index, script): P::In,
        here: H,
    ) -> impl Future<Output = Result<usize, Error<BoxError>>> + Send + 'a {
        Act::new(self.0.clone(), index, script, here)
    }

    fn queue<R: Cx>(&self, cx: R) -> R::Queued {
        cx.queue(&CHILD)
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        graph.leaf(Origin::block(&CHILD));
    }
}

struct Act<H: Here> {
    stage: Arc<Stage>,
    index: usize,
    script: Script,
    waited: usize,
    finished: bool,
    guard: Guarded<H>,
}

/// Only the guard may be one that cannot move, to the compiler.
struct Guarded<H: Here>(H::TaskGuard);

impl<H: Here> Unpin for Act<H> {}

impl<H: Here> Act<H> {
    fn new(stage: Arc<Stage>, index: usize, script: Script, here: H) -> Self {
        stage.did(Did::Start(index));
        let ((), started) = here.task(&CHILD, |_| ());
        Act { stage, index, script, waited: 0, finished: false, guard: Guarded(here.hold(started)) }
    }
}

impl<H: Here> Future for Act<H> {
    type Output = Result<usize, Error<BoxError>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let act = &mut *self;
        assert!(!act.finished, "polled again");
        let goes_on = act.stage.actor(act.index, |actor| {
            actor.polls += 1;
            while act.waited < act.script.waits && actor.told > 0 && act.stage.proceeds(cx) {
                actor.told -= 1;
                act.waited += 1;
            }
            if act.waited < act.script.waits {
                actor.waker = Some(cx.waker().clone());
            }
            act.waited == act.script.waits
        });
        if !goes_on {
            return Poll::Pending;
        }
        match act.script.end {
            End::Succeed => {
                act.finished = true;
                act.stage.did(Did::Succeed(act.index));
                H::succeed_task(&mut act.guard.0, &act.index, |index| Some(index));
                Poll::Ready(Ok(act.index))
            }
            End::Fail => {
                act.finished = true;
                act.stage.did(Did::Fail(act.index));
                let error = ErrorKind::Task(format!("child {}", act.index).into());
                let error = Error::new(error, Origin::block(&CHILD));
                H::fail_task(&mut act.guard.0, &error);
                Poll::Ready(Err(error))
            }
            End::Panic => H::poll_task(&mut act.guard.0, || panic!("child {}", act.index)),
        }
    }
}

impl<H: Here> Drop for Act<H> {
    fn drop(&mut self) {
        if !self.finished {
            self.stage.did(Did::Cancel(self.index));
        }
    }
}

/// A runtime with the budget of a stage.
pub(crate) struct Scarce(pub(crate) Arc<Stage>);

impl Runtime for Scarce {
    fn execute<'a>(&'a self, attempt: Attempt<'a>) -> BoxFuture<'a, Done<'a>> {
        Box::pin(attempt.run())
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        Runtime::sleep(&Local, duration)
    }

    fn now(&self) -> Instant {
        Runtime::now(&Local)
    }

    fn random(&self) -> u64 {
        Runtime::random(&Local)
    }

    fn poll_proceed(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.0.proceeds(cx) { Poll::Ready(()) } else { Poll::Pending }
    }

    fn has_budget(&self) -> bool {
        self.0.has_budget()
    }
}

/// Polls a future by hand, and knows whether it was woken.
pub(crate) struct Driver<Fut> {
    fut: Option<Pin<Box<Fut>>>,
    wakes: Arc<Wakes>,
    seen: usize,
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl<Fut: Future> Driver<Fut> {
    pub(crate) fn new(fut: Fut) -> Self {
        Driver { fut: Some(Box::pin(fut)), wakes: Arc::default(), seen: 0 }
    }

    pub(crate) fn poll(&mut self) -> Poll<Fut::Output> {
        self.seen = self.wakes.0.load(Ordering::SeqCst);
        let waker = Waker::from(self.wakes.clone());
        self.fut.as_mut().expect("it was not dropped").as_mut().poll(&mut Context::from_waker(&waker))
    }

    /// Whether it was woken since it was last polled.
    pub(crate) fn is_woken(&self) -> bool {
        self.wakes.0.load(Ordering::SeqCst) > self.seen
    }

    pub(crate) fn fut_dropped(&mut self) {
        self.fut = None;
    }

    /// How many wakers are about.
    pub(crate) fn wakers(&self) -> usize {
        Arc::strong_count(&self.wakes) - 1
    }
}

/// What a block of peers gives as nested pairs, as a list.
pub(crate) trait Flat<T> {
    fn flat(self, list: &mut Vec<T>);
}

impl Flat<usize> for usize {
    fn flat(self, list: &mut Vec<usize>) {
        list.push(self);
    }
}

impl<T, E> Flat<Result<T, E>> for Result<T, E> {
    fn flat(self, list: &mut Vec<Result<T, E>>) {
        list.push(self);
    }
}

impl<T, A: Flat<T>, B: Flat<T>> Flat<T> for (A, B) {
    fn flat(self, list: &mut Vec<T>) {
        self.0.flat(list);
        self.1.flat(list);
    }
}

pub(crate) fn listed<T, N: Flat<T>>(nested: N) -> Vec<T> {
    let mut list = Vec::new();
    nested.flat(&mut list);
    list
}

/// A balanced tree of children, as the macro makes it.
macro_rules! tree {
    ($child:expr) => { $child };
    ($($child:expr),+) => { $crate::blocks::par::tests::scripted::tree!(@pairs [] $($child),+) };
    (@pairs [$($done:expr),*]) => { $crate::blocks::par::tests::scripted::tree!($($done),*) };
    (@pairs [$($done:expr),*] $last:expr) => { $crate::blocks::par::tests::scripted::tree!($($done,)* $last) };
    (@pairs [$($done:expr),*] $a:expr, $b:expr $(, $rest:expr)*) => {
        $crate::blocks::par::tests::scripted::tree!(@pairs [$($done,)* $crate::blocks::par::fork($a, $b)] $($rest),*)
    };
}
pub(crate) use tree;

/// `par` over the children `0..n` of a script, with the literal numbers given.
macro_rules! scripted_par {
    ($stage:expr, $scripts:expr, $limit:expr, $settle:expr, [$($index:literal)*]) => {{
        let (stage, scripts) = (&$stage, &$scripts);
        let builder = $crate::build::builder::Builder::<(), (), $crate::BoxError>::new();
        let options = $crate::blocks::par::Values { limit: $limit, settle: $settle };
        let values = builder.once(options, &$crate::blocks::par::tests::scripted::PAR);
        let options = $crate::blocks::par::Options { error: builder.error(), values };
        let children = $crate::blocks::par::tests::scripted::tree!(
            $($crate::blocks::par::child($crate::build::feed::Ignores, stage.child($index, scripts[$index]))),*
        );
        $crate::blocks::par::par(&builder, &$crate::blocks::par::tests::scripted::PAR, options, children, $crate::blocks::par::tests::scripted::listed)
    }};
}
pub(crate) use scripted_par;

pub(crate) static PAR: Meta = crate::testing::block(0, None, "par");

/// The pipeline that is one step.
pub(crate) fn pipeline<St: Step<crate::build::scope::At<(), In>, BoxError>, In: Send + 'static>(
    root: St,
) -> crate::Pipeline<crate::build::plan::Plan<(), St, In, BoxError>> {
    crate::build::plan::Plan::of((), crate::build::builder::Builder::new(), root).pipeline()
}
