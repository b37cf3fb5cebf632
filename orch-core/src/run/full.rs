//! A run that knows itself: it has a position and a runtime, and may be watched.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use super::arrival::{Arrival, Asking};
use super::attempt::Done;
use super::coords::Count;
use super::cx::Decision;
use super::guard::Class;
use super::memory::{LastError, Memo, MemoAt};
use super::sleep::Sleep;
use super::state::{Id, Start, Subject};
use super::{Coords, Cx, Guard, Position, Queued, RunState};
use crate::error::{Error, ErrorKind, Failure};
use crate::event::{Reason, Told};
use crate::node::{Meta, Origin};
use crate::runtime::{Admit, BoxFuture, Gatekeeper, Local, Report, Runtime};

/// The run, seen from inside one execution. Without type parameters: whatever the bus and the runtime are, it is one type.
#[derive(Clone, Copy)]
pub struct Full<'b> {
    pub(super) run: &'b RunState<'b>,
    /// Which of the graph's pipelines the next step belongs to.
    pub(super) segment: u32,
    /// Where the last error is remembered.
    memo: Option<MemoAt>,
    pub(super) coords: Coords,
    pub(super) parent: Option<Id>,
    /// The execution that waited and is due: that of the step that was queued.
    reserved: Option<Id>,
    /// The nearest end of the `timeout`s around, if somebody asks.
    deadline: Option<Instant>,
}

impl<'b> Full<'b> {
    #[inline(always)]
    pub(crate) fn root(run: &'b RunState<'b>) -> Self {
        Full {
            run,
            segment: 0,
            memo: None,
            coords: Coords::default(),
            parent: None,
            reserved: None,
            deadline: None,
        }
    }

    #[inline]
    pub(super) fn start(self, id: Option<Id>, meta: &'static Meta) -> Start {
        let Full { segment, coords, parent, .. } = self;
        Start { id, segment, meta, parent, coords }
    }

    /// The execution `id` of the step `meta`, which starts here.
    #[inline(always)]
    pub(super) fn subject(&self, meta: &'static Meta, id: Id) -> Subject<'_> {
        Subject { segment: self.segment, meta, id, parent: self.parent, coords: &self.coords }
    }

    /// The execution that waited, if it was one of the step `meta`. A body of several steps waits as its first, and the
    /// others are told of from the same place.
    #[inline]
    pub(super) fn claim(&self, meta: &'static Meta) -> Option<Id> {
        self.reserved.and_then(|id| self.claim_reserved(id, meta))
    }

    #[cold]
    fn claim_reserved(self, id: Id, meta: &'static Meta) -> Option<Id> {
        let id = Some(id);
        let fits =
            |start: &Start| start.id == id && start.segment == self.segment && std::ptr::eq(start.meta, meta);
        self.run.take_due(fits).and_then(|start| start.id)
    }

    /// The number of an execution of the step `meta` that begins here: that which waited, if there is one. `None` if nobody takes events.
    #[inline]
    pub(super) fn begin(&self, meta: &'static Meta) -> Option<Id> {
        if !self.run.is_watched() {
            return None;
        }
        self.claim(meta).or_else(|| self.run.next_execution())
    }

    /// Whether an execution waits for a step that starts here.
    #[inline]
    pub(super) fn is_reserved(&self) -> bool {
        self.reserved.is_some()
    }

    #[inline(always)]
    pub(super) fn itself(&self) -> &Self {
        self
    }

    /// As the steps inside of the execution `parent` see it.
    #[inline(always)]
    pub(super) fn within_execution(&self, parent: Option<Id>) -> Self {
        Full { parent, reserved: None, ..*self }
    }

    /// As the steps of the pipeline that is embedded at `meta` see it.
    pub(super) fn embedded(&self, meta: &'static Meta) -> Self {
        Full { segment: self.run.embedded(self.segment, meta), ..*self }
    }

    pub(super) fn last_error(self) -> Option<LastError> {
        self.run.memory().last(self.memo?)
    }

    pub(super) fn deadline(self) -> Option<Instant> {
        self.deadline
    }

    /// A part of this run that an execution of a step runs.
    pub(super) fn part<'p>(
        self,
        run: &'p RunState<'p>,
        count: Count,
        number: u64,
        parent: Option<Id>,
    ) -> Full<'p> {
        let Full { coords, memo, deadline, .. } = self;
        Full { run, segment: 0, memo, coords: coords.push(count, number), parent, reserved: None, deadline }
    }

    /// That of the step `meta`.
    pub(crate) fn position(self, meta: &'static Meta) -> Position<'b> {
        Position { run: self.run, segment: self.segment, meta, coords: self.coords }
    }
}

impl<'b> Cx for Full<'b> {
    type Guard = Guard<'b>;
    type Queued = Queued<'b>;
    type Memo = Memo;
    type Kept<E: Failure> = Arc<Error<E>>;

    fn attempt(self, attempt: u32) -> Self {
        let memo = self.memo.filter(|_| attempt > 1);
        Full { coords: self.coords.push(Count::Attempt, attempt.into()), memo, ..self }
    }

    fn attempt_beside(self, attempt: u32) -> Self {
        Full { coords: self.coords.push(Count::Attempt, attempt.into()), ..self }
    }

    fn after<E: Failure>(self, memo: &mut Memo, error: Error<E>) -> Self {
        self.after_kept(memo, error).0
    }

    fn after_kept<E: Failure>(self, memo: &mut Memo, error: Error<E>) -> (Self, Arc<Error<E>>) {
        let error = Arc::new(error);
        let memo = self.run.memory().keep(memo, error.clone());
        (Full { memo: Some(memo), ..self }, error)
    }

    fn give_back<E: Failure>(kept: Arc<Error<E>>) -> Option<Error<E>> {
        Arc::into_inner(kept)
    }

    fn item(self, item: u64) -> Self {
        Full { coords: self.coords.push(Count::Item, item), ..self }
    }

    fn round(self, round: u32) -> Self {
        Full { coords: self.coords.push(Count::Round, round.into()), ..self }
    }

    fn at(self, coords: Coords) -> Self {
        Full { coords, ..self }
    }

    fn within(self, duration: Duration) -> Self {
        let end = self.now().checked_add(duration);
        let deadline = match (self.deadline, end) {
            (Some(outer), Some(end)) => Some(outer.min(end)),
            (outer, end) => outer.or(end),
        };
        Full { deadline, ..self }
    }

    fn admit(self, meta: &'static Meta, gatekeeper: Gatekeeper<'_>) -> Option<Decision> {
        match self.run.runtime()?.admit(self.position(meta), gatekeeper) {
            Admit::Ask => None,
            Admit::Pass => Some(Decision::Pass),
            Admit::Reject(kind) => Some(Decision::Reject(as_rejection(kind))),
            Admit::Arrive => Some(Decision::Arrive),
        }
    }

    fn arrive<'a, T: Send + 'a>(
        self,
        meta: &'static Meta,
        gatekeeper: Gatekeeper<'a>,
        asks: impl Future<Output = Result<T, ErrorKind<Infallible>>> + Send + 'a,
    ) -> BoxFuture<'a, Result<Option<T>, ErrorKind<Infallible>>>
    where
        Self: 'a,
    {
        Box::pin(async move {
            let mut asking = pin!(Asking::new(asks));
            if let Some(rt) = self.run.runtime() {
                let arrival = Arrival::new(asking.as_mut(), self.position(meta), gatekeeper);
                let _: Done<'_> = rt.arrive(arrival).await;
            }
            asking.take()
        })
    }

    fn admitted(
        self,
        meta: &'static Meta,
        gatekeeper: Gatekeeper<'_>,
        answer: impl FnOnce() -> Result<(), ErrorKind<Infallible>>,
    ) {
        if let Some(rt) = self.run.runtime() {
            rt.admitted(self.position(meta), gatekeeper, answer().as_ref().copied());
        }
    }

    fn reports(
        self,
        meta: &'static Meta,
        gatekeeper: Gatekeeper<'_>,
        report: impl FnOnce() -> Report,
    ) -> bool {
        self.run.runtime().is_none_or(|rt| rt.report(self.position(meta), gatekeeper, report()))
    }

    fn is_replaying(self) -> bool {
        self.run.is_replaying()
    }

    fn sleep(self, duration: Duration, of: Option<Origin>) -> impl Future<Output = ()> + Send {
        match self.run.runtime() {
            None => Sleep::Tokio { sleep: Local::timer(duration, of) },
            Some(rt) => Sleep::Runtime { sleep: rt.sleep(duration) },
        }
    }

    fn now(self) -> Instant {
        self.run.now()
    }

    fn random(self) -> u64 {
        self.run.runtime().map_or_else(|| fastrand::u64(..), Runtime::random)
    }

    fn poll_proceed(self, cx: &mut Context<'_>) -> Poll<()> {
        match self.run.runtime() {
            None => Local::proceed(cx),
            Some(rt) => rt.poll_proceed(cx),
        }
    }

    fn has_budget(self) -> bool {
        self.run.runtime().map_or_else(tokio::task::coop::has_budget_remaining, Runtime::has_budget)
    }

    fn yield_now(self, waker: &Waker) {
        match self.run.runtime() {
            None => Local::give_way(waker),
            Some(rt) => rt.yield_now(waker),
        }
    }

    fn counted(guard: &mut Guard<'b>, items: impl FnOnce() -> Option<u64>) {
        guard.counted(items());
    }

    fn queue(self, meta: &'static Meta) -> Queued<'b> {
        let run = self.run;
        let id = if run.is_watched() { run.next_execution() } else { None };
        let start = self.start(id, meta);
        if run.is_watched() {
            run.emit(&start, run.time(), Class::of(meta).waits());
        }
        Queued { run, start, waiting: true }
    }

    fn dequeue(self, mut queued: Queued<'b>) -> Self {
        queued.waiting = false;
        if !self.run.is_watched() {
            return self;
        }
        self.run.make_due(queued.start);
        Full { reserved: queued.start.id, ..self }
    }

    fn poll<T>(guard: &mut Guard<'b>, poll: impl FnOnce() -> T) -> T {
        // Also where nobody watches: what is polled is compiled in at one place so.
        catch_unwind(AssertUnwindSafe(poll)).unwrap_or_else(|payload| {
            guard.panicked(&*payload);
            resume_unwind(payload)
        })
    }

    #[inline]
    fn succeed_block(guard: &mut Guard<'b>) {
        guard.succeed();
    }

    fn skip_block(guard: &mut Guard<'b>) {
        guard.skip();
    }

    fn fail<E: Failure>(guard: &mut Guard<'b>, error: &Error<E>) {
        let kind = error.kind();
        guard.fail(error, Reason::new(kind, kind.as_str()), Some(error.origin()));
    }

    fn tell<T: Told>(guard: &Guard<'b>, told: impl FnOnce() -> T) {
        guard.tell(told);
    }

    fn full<'a>(self) -> Option<Full<'a>>
    where
        Self: 'a,
    {
        Some(self)
    }

    fn queue_full(self, queue: impl for<'a> FnOnce(Full<'a>) -> Queued<'a>) -> Queued<'b> {
        queue(self)
    }
}

/// A runtime turns runs away by rejections alone.
pub(super) fn as_rejection(kind: ErrorKind<Infallible>) -> ErrorKind<Infallible> {
    if kind.is_rejection() { kind } else { ErrorKind::Rejected }
}

impl fmt::Debug for Full<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Full").field("run", self.run).field("parent", &self.parent).finish_non_exhaustive()
    }
}
