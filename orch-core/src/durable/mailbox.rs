//! A runtime that runs nothing: what is asked of it becomes commands, and is answered when those are.

use std::collections::BTreeMap;
use std::fmt;
use std::future::{pending, poll_fn};
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use super::written;
use super::{Command, Delivery, Fault, Id};
use crate::error::{BoxError, ErrorKind};
use crate::run::{Arrival, Attempt, Done, Position};
use crate::runtime::{Admit, BoxFuture, Gatekeeper, Local, Report, Runtime};

/// The [`Runtime`] of one durable run: between its pipeline and its [`Engine`](super::Engine).
///
/// Whatever the run asks for becomes a [`Command`]; what it is given are [`Delivery`]s, one at a time. So it goes the same way
/// whenever it is given the same. Its clock stands still between deliveries, and its random numbers follow from the seed.
///
/// Tasks run in place, inside of the run's own future, with whatever they borrow; so do the waits at circuits, bulkheads and
/// throttles.
pub struct Mailbox {
    state: Mutex<State>,
    /// Whether something is polled in place, whose own questions are no part of the run.
    in_place: AtomicBool,
    here: Box<dyn Runtime>,
    epoch: Instant,
}

struct State {
    next: u64,
    commands: Vec<Command>,
    finished: Vec<(Id, Vec<u8>)>,
    asked: BTreeMap<Id, Asked>,
    elapsed: Duration,
    random: fastrand::Rng,
    fault: Option<Fault>,
    /// Whether the run may go on: it was given something.
    may_go_on: bool,
    /// Whether it has to be polled again before anything else.
    goes_on: bool,
    is_live: bool,
    /// Whether the run is being dropped: nothing is given up then.
    is_over: bool,
}

/// A command that is waited for.
struct Asked {
    stage: Stage,
    /// For a wait, when it is over at the earliest.
    due: Duration,
    waker: Waker,
}

enum Stage {
    Asked,
    /// It is done in place.
    Ordered,
    /// It was done; what came of it is on its way to the engine and back.
    Finished,
    Done(Vec<u8>),
}

impl Mailbox {
    /// With this seed of its random numbers. What is done in place is done on tokio.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Mailbox {
            state: Mutex::new(State {
                next: 0,
                commands: Vec::new(),
                finished: Vec::new(),
                asked: BTreeMap::new(),
                elapsed: Duration::ZERO,
                random: fastrand::Rng::with_seed(seed),
                fault: None,
                may_go_on: false,
                goes_on: false,
                is_live: false,
                is_over: false,
            }),
            in_place: AtomicBool::new(false),
            here: Box::new(Local),
            epoch: Local.now(),
        }
    }

    /// The same, and what is done in place is done on this runtime.
    #[must_use]
    pub fn on(mut self, runtime: impl Runtime + 'static) -> Self {
        self.epoch = runtime.now();
        self.here = Box::new(runtime);
        self
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is asked in place is asked of the runtime there.
    fn here(&self) -> Option<&dyn Runtime> {
        self.in_place.load(Ordering::Relaxed).then_some(&*self.here)
    }

    fn do_in_place<T>(&self, poll: impl FnOnce() -> T) -> T {
        struct Back<'a>(&'a AtomicBool, bool);

        impl Drop for Back<'_> {
            fn drop(&mut self) {
                self.0.store(self.1, Ordering::Relaxed);
            }
        }

        let _back = Back(&self.in_place, self.in_place.swap(true, Ordering::Relaxed));
        poll()
    }

    // ----- for who drives it -----

    /// The run is polled next; whether it was given something.
    pub(super) fn begin(&self, may_go_on: bool, is_live: bool) {
        let mut state = self.state();
        (state.may_go_on, state.is_live, state.goes_on) = (may_go_on, is_live, false);
    }

    /// It was polled, and is over or not. What there is for the engine.
    pub(super) fn end(&self, is_over: bool) -> Result<Outbox, Fault> {
        let mut state = self.state();
        if is_over && !state.may_go_on {
            state.foreign(|| "end".to_owned());
        }
        let outbox = Outbox {
            commands: mem::take(&mut state.commands),
            finished: mem::take(&mut state.finished),
            goes_on: state.goes_on,
        };
        state.fault.take().map_or(Ok(outbox), Err)
    }

    /// Gives the run what the engine has for it. Whether it may go on.
    pub(super) fn deliver(&self, delivery: Delivery) -> Result<bool, Fault> {
        let mut state = self.state();
        let (waker, goes_on) = match delivery {
            Delivery::Run(id) => {
                let Some(asked) = state.asked.get_mut(&id) else { return Ok(false) };
                let Stage::Asked = asked.stage else { return Ok(false) };
                asked.stage = Stage::Ordered;
                (asked.waker.clone(), false)
            }
            Delivery::Done { id, bytes, at } => {
                let State { asked, elapsed, .. } = &mut *state;
                let Some(asked) = asked.get_mut(&id) else {
                    return Err(Fault::changed(format_args!("command {id}"), "do without it"));
                };
                *elapsed = (*elapsed).max(at).max(asked.due);
                asked.stage = Stage::Done(bytes);
                (asked.waker.clone(), true)
            }
        };
        drop(state);
        waker.wake();
        Ok(goes_on)
    }

    /// The run is dropped next: what it waits for is not given up by it.
    pub(super) fn close(&self) {
        self.state().is_over = true;
    }

    fn stop(&self, fault: Fault) {
        self.state().fault.get_or_insert(fault);
    }
}

/// What a poll of the run has left for the engine.
pub(super) struct Outbox {
    pub(super) commands: Vec<Command>,
    pub(super) finished: Vec<(Id, Vec<u8>)>,
    pub(super) goes_on: bool,
}

impl State {
    fn foreign(&mut self, then: impl FnOnce() -> String) {
        if self.fault.is_none() {
            self.fault = Some(Fault::Foreign { then: then() });
        }
    }

    fn issue(&mut self, command: Command) {
        if !self.may_go_on {
            self.foreign(|| command.to_string());
        }
        self.commands.push(command);
    }

    fn ask(&mut self, wait: Duration, waker: &Waker, command: impl FnOnce(Id) -> Command) -> Id {
        let id = Id(self.next);
        self.next += 1;
        self.issue(command(id));
        let asked =
            Asked { stage: Stage::Asked, due: self.elapsed.saturating_add(wait), waker: waker.clone() };
        self.asked.insert(id, asked);
        id
    }
}

/// A command, from when it is issued; dropped before it is answered, it is given up.
struct Ticket<'m> {
    mailbox: &'m Mailbox,
    id: Option<Id>,
}

impl<'m> Ticket<'m> {
    fn new(mailbox: &'m Mailbox) -> Self {
        Ticket { mailbox, id: None }
    }

    /// Waits for what comes of the command, which is issued by the first call. If it is ordered in place it is done by `work`.
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        wait: Duration,
        command: impl FnOnce(Id) -> Command,
        work: impl FnOnce(&mut Context<'_>) -> Poll<Result<Vec<u8>, Fault>>,
    ) -> Poll<Vec<u8>> {
        let mailbox = self.mailbox;
        let mut state = mailbox.state();
        let id = *self.id.get_or_insert_with(|| state.ask(wait, cx.waker(), command));
        let Some(asked) = state.asked.get_mut(&id) else { return Poll::Pending };
        asked.waker.clone_from(cx.waker());
        match &mut asked.stage {
            Stage::Asked | Stage::Finished => Poll::Pending,
            Stage::Done(bytes) => {
                let bytes = mem::take(bytes);
                state.asked.remove(&id);
                self.id = None;
                Poll::Ready(bytes)
            }
            Stage::Ordered => {
                drop(state);
                let Poll::Ready(done) = mailbox.do_in_place(|| work(cx)) else { return Poll::Pending };
                let mut state = mailbox.state();
                match done {
                    Ok(bytes) => {
                        state.finished.push((id, bytes));
                        if let Some(asked) = state.asked.get_mut(&id) {
                            asked.stage = Stage::Finished;
                        }
                    }
                    Err(fault) => {
                        state.fault.get_or_insert(fault);
                    }
                }
                Poll::Pending
            }
        }
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        let Some(id) = self.id else { return };
        let mut state = self.mailbox.state();
        if state.asked.remove(&id).is_some() && !state.is_over {
            state.issue(Command::Cancel { id });
        }
    }
}

/// One execution of a step, told apart from every other of the run: `seq/charge~2[3]#2` is the second step of that path.
#[doc(hidden)]
#[must_use]
pub fn __step_of(position: Position<'_>) -> String {
    match position.node().repetition() {
        0 => position.to_string(),
        before => {
            let (path, whole) = (position.path(), position.to_string());
            format!("{path}~{}{}", before + 1, &whole[path.len()..])
        }
    }
}

fn coding(step: &str, error: BoxError) -> Fault {
    Fault::Coding { step: step.to_owned(), error: Arc::new(error) }
}

/// Engines count whole milliseconds. No wait is shorter than it says.
fn whole_millis(duration: Duration) -> Duration {
    let millis = duration.as_nanos().div_ceil(1_000_000);
    u64::try_from(millis).map_or(duration, Duration::from_millis)
}

impl Runtime for Mailbox {
    fn execute<'a>(&'a self, mut attempt: Attempt<'a>) -> BoxFuture<'a, Done<'a>> {
        if let Some(here) = self.here() {
            return here.execute(attempt);
        }
        Box::pin(async move {
            let step = __step_of(attempt.position());
            if !attempt.is_durable() {
                self.stop(Fault::NotDurable { steps: vec![(step, attempt.position().place())] });
                return pending().await;
            }
            let mut ticket = Ticket::new(self);
            let fingerprint = attempt.fingerprint();
            let bytes = poll_fn(|cx| {
                let command = |id| Command::Run { id, step: step.clone(), fingerprint };
                let work = |cx: &mut Context<'_>| {
                    attempt.poll_written(cx).map(|written| written.map_err(|error| coding(&step, error)))
                };
                ticket.poll(cx, Duration::ZERO, command, work)
            });
            let bytes = bytes.await;
            match attempt.read(&bytes) {
                Ok(done) => done,
                Err(error) => {
                    self.stop(coding(&step, error));
                    pending().await
                }
            }
        })
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        if let Some(here) = self.here() {
            return here.sleep(duration);
        }
        let (mut ticket, duration) = (Ticket::new(self), whole_millis(duration));
        Box::pin(poll_fn(move |cx| {
            ticket.poll(cx, duration, |id| Command::Sleep { id, duration }, |_| Poll::Pending).map(drop)
        }))
    }

    fn now(&self) -> Instant {
        match self.here() {
            Some(here) => here.now(),
            None => self.epoch + self.state().elapsed,
        }
    }

    fn random(&self) -> u64 {
        match self.here() {
            Some(here) => here.random(),
            None => self.state().random.u64(..),
        }
    }

    fn spawn(&self, work: BoxFuture<'static, ()>) -> BoxFuture<'_, ()> {
        self.here.spawn(work)
    }

    fn blocking(&self, call: Box<dyn FnOnce() + Send>) -> BoxFuture<'_, ()> {
        self.here.blocking(call)
    }

    fn admit(&self, at: Position<'_>, gatekeeper: Gatekeeper<'_>) -> Admit {
        match self.here() {
            Some(here) => here.admit(at, gatekeeper),
            None => Admit::Arrive,
        }
    }

    fn arrive<'a>(&'a self, mut arrival: Arrival<'a>) -> BoxFuture<'a, Done<'a>> {
        if let Some(here) = self.here() {
            return here.arrive(arrival);
        }
        Box::pin(async move {
            let step = __step_of(arrival.position());
            let (mut ticket, mut is_asked) = (Ticket::new(self), false);
            let bytes = poll_fn(|cx| {
                let command = |id| Command::Admit { id, step: step.clone() };
                let work = |cx: &mut Context<'_>| {
                    arrival.poll_ask(cx).map(|answer| {
                        is_asked = true;
                        Ok(written::answer(answer.as_ref().copied()))
                    })
                };
                ticket.poll(cx, Duration::ZERO, command, work)
            });
            let bytes = bytes.await;
            if is_asked {
                return arrival.asked();
            }
            match written::read_answer(&bytes) {
                Ok(Ok(())) => arrival.pass(),
                Ok(Err(kind)) => arrival.reject(kind),
                Err(error) => {
                    self.stop(coding(&step, error));
                    pending().await
                }
            }
        })
    }

    fn admitted(
        &self,
        at: Position<'_>,
        gatekeeper: Gatekeeper<'_>,
        answer: Result<(), &ErrorKind<std::convert::Infallible>>,
    ) {
        if let Some(here) = self.here() {
            here.admitted(at, gatekeeper, answer);
        }
    }

    fn report(&self, at: Position<'_>, gatekeeper: Gatekeeper<'_>, report: Report) -> bool {
        self.here().is_none_or(|here| here.report(at, gatekeeper, report))
    }

    fn is_replaying(&self) -> bool {
        !self.state().is_live
    }

    /// Where a loop makes way for others is no event of the run: it has all the time that it wants.
    fn poll_proceed(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.here().map_or(Poll::Ready(()), |here| here.poll_proceed(cx))
    }

    fn has_budget(&self) -> bool {
        self.here().is_none_or(Runtime::has_budget)
    }

    fn yield_now(&self, waker: &Waker) {
        match self.here() {
            Some(here) => here.yield_now(waker),
            None => {
                self.state().goes_on = true;
                waker.wake_by_ref();
            }
        }
    }
}

impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("Mailbox")
            .field("commands", &state.next)
            .field("elapsed", &state.elapsed)
            .finish_non_exhaustive()
    }
}
