//! Between a block and what its layer has made: who wants the body to run, and what came of it.
//!
//! A layer may send its future to another task, and keep it for as long as it likes; so its future does not hold the body, which
//! borrows from the run. It asks for a run of the body, and the block, which has the body, runs it and answers.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::BodyError;

/// How a run of the body ended.
pub(super) type Ended = Result<(), BodyError>;

/// What one run of a block shares with its layer.
pub(super) struct Link(Mutex<State>);

struct State {
    stage: Stage,
    /// The number of the request that the stage is about. Requests are numbered as they ask.
    asking: u64,
    asked: u64,
    /// Whether the block is over.
    is_over: bool,
    /// Whether the block polls at the moment, and looks at the stage before it waits.
    is_polled: bool,
    block: Option<Waker>,
    /// Who waits for the answer.
    asker: Option<Waker>,
    /// Who waits for a turn.
    line: Vec<Waker>,
}

enum Stage {
    Idle,
    /// A request asks for a run of the body.
    Wanted,
    /// The body runs.
    Running,
    /// It has ended, and the request has not been told.
    Ended(Ended),
    /// The request was given up while the body ran.
    GivenUp,
}

/// What the block is to do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Nothing,
    /// Starts a run of the body.
    Run,
    /// Drops the run of the body that is under way.
    Stop,
}

impl Link {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Link(Mutex::new(State {
            stage: Stage::Idle,
            asking: 0,
            asked: 0,
            is_over: false,
            is_polled: false,
            block: None,
            asker: None,
            line: Vec::new(),
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The block polls what its layer has made. What is asked meanwhile wakes nobody: the block looks when it has polled.
    pub(super) fn polls(&self, cx: &Context<'_>) {
        let mut state = self.state();
        state.is_polled = true;
        let last = keep(&mut state.block, cx.waker());
        drop(state);
        drop(last);
    }

    /// What the layer wants now that it was polled.
    pub(super) fn wanted(&self) -> Wanted {
        let mut state = self.state();
        state.is_polled = false;
        match state.stage {
            Stage::Wanted => {
                state.stage = Stage::Running;
                Wanted::Run
            }
            Stage::GivenUp => Wanted::Stop,
            Stage::Idle | Stage::Running | Stage::Ended(_) => Wanted::Nothing,
        }
    }

    /// The run of the body has ended.
    pub(super) fn ended(&self, ended: Ended) {
        let mut state = self.state();
        state.stage = match state.stage {
            Stage::Running => Stage::Ended(ended),
            // Nobody is there to be told.
            _ => Stage::Idle,
        };
        tell(state);
    }

    /// The run of the body was dropped, as its request was given up.
    pub(super) fn stopped(&self) {
        let mut state = self.state();
        state.stage = Stage::Idle;
        tell(state);
    }

    /// The block is over: nothing runs any more.
    pub(super) fn over(&self) {
        let mut state = self.state();
        state.is_over = true;
        tell(state);
    }
}

// A waker may run code that is not ours, also when it is dropped. So each is woken and dropped with the link unlocked.

/// Wakes who waits, but for the block: it goes on by itself.
fn tell(mut state: MutexGuard<'_, State>) {
    let (asker, line) = (state.asker.take(), mem::take(&mut state.line));
    let is_block = |waker: &Waker| state.block.as_ref().is_some_and(|block| block.will_wake(waker));
    let asker = asker.map(|waker| (is_block(&waker), waker));
    let line: Vec<_> = line.into_iter().map(|waker| (is_block(&waker), waker)).collect();
    drop(state);
    for (is_block, waker) in asker.into_iter().chain(line) {
        if !is_block {
            waker.wake();
        }
    }
}

/// Keeps a waker, and gives what was kept if that is another.
#[must_use = "it is dropped once the link is unlocked"]
fn keep(kept: &mut Option<Waker>, waker: &Waker) -> Option<Waker> {
    if kept.as_ref().is_some_and(|kept| kept.will_wake(waker)) { None } else { kept.replace(waker.clone()) }
}

impl State {
    /// The block, if it has to be woken.
    #[must_use = "it is woken once the link is unlocked"]
    fn block(&mut self) -> Option<Waker> {
        if self.is_polled || self.is_over { None } else { self.block.take() }
    }
}

/// One request of a layer's for a run of the body.
pub(super) struct Asking {
    link: Arc<Link>,
    /// `None` before it has asked.
    number: Option<u64>,
    is_done: bool,
}

impl Asking {
    pub(super) fn new(link: Arc<Link>) -> Self {
        Asking { link, number: None, is_done: false }
    }

    /// How the run ended that it has asked for; `None` if the block is over.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Ended>> {
        assert!(!self.is_done, "a future is not polled again after it has finished");
        let mut state = self.link.state();
        let is_own = self.number.is_some_and(|number| number == state.asking);
        if is_own
            && let Stage::Ended(_) = &state.stage
            && let Stage::Ended(ended) = mem::replace(&mut state.stage, Stage::Idle)
        {
            self.is_done = true;
            tell(state);
            return Poll::Ready(Some(ended));
        }
        if state.is_over {
            self.is_done = true;
            return Poll::Ready(None);
        }
        let mut block = None;
        // One run of the body at a time: another request waits for its turn.
        if self.number.is_none()
            && let Stage::Idle = state.stage
        {
            state.asked += 1;
            state.asking = state.asked;
            self.number = Some(state.asked);
            state.stage = Stage::Wanted;
            block = state.block();
        }
        let last = if self.number.is_some_and(|number| number == state.asking) {
            keep(&mut state.asker, cx.waker())
        } else {
            if !state.line.iter().any(|waker| waker.will_wake(cx.waker())) {
                state.line.push(cx.waker().clone());
            }
            None
        };
        drop(state);
        drop(last);
        if let Some(block) = block {
            block.wake();
        }
        Poll::Pending
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        let Some(number) = self.number else { return };
        let mut state = self.link.state();
        if self.is_done || number != state.asking {
            return;
        }
        match state.stage {
            Stage::Running => {
                state.stage = Stage::GivenUp;
                let block = state.block();
                drop(state);
                if let Some(block) = block {
                    block.wake();
                }
            }
            Stage::Wanted | Stage::Ended(_) => {
                state.stage = Stage::Idle;
                tell(state);
            }
            Stage::Idle | Stage::GivenUp => {}
        }
    }
}
