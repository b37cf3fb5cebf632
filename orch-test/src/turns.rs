//! Who may go on next.
//!
//! Each attempt and each wait of a run is an actor. It goes on only in its turn: to start, after it was woken, when it is due. One
//! is given a turn at a time, and which one the seed decides.

use std::collections::{BTreeMap, HashMap};
use std::future::{Future, poll_fn};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use async_orch::RunId;

use crate::chance::{Chance, mixed};

/// What a simulation and its wakers share.
pub(crate) struct Turns {
    pub(crate) chance: Chance,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    next: u64,
    actors: BTreeMap<u64, Actor>,
    /// Of who drives the run.
    driver: Option<Waker>,
    began: Option<Instant>,
    runs: Vec<RunId>,
    /// How often each name was given out.
    names: HashMap<String, u32>,
    randoms: u64,
    trace: Vec<String>,
    misuse: Option<String>,
}

struct Actor {
    name: String,
    phase: Phase,
    /// When it asked for this turn, and how far back the seed sets it.
    order: u64,
    rank: u32,
    key: String,
    /// Which of its turns it is.
    why: String,
    /// How often it was woken.
    awaits: u32,
    waker: Waker,
}

#[derive(Clone, Copy, PartialEq)]
enum Phase {
    /// It can go on.
    Ready,
    /// It can go on then.
    Due(Instant),
    /// It goes on when it is next polled.
    Granted,
    /// It waits to be woken.
    Waits,
    /// It will never go on.
    Hangs,
}

/// What there is to do when nothing can go on now.
pub(crate) enum Idle {
    /// Something can go on then.
    Until(Instant),
    /// Nothing is known to go on.
    Unknown,
}

impl Turns {
    pub(crate) fn new(chance: Chance) -> Arc<Self> {
        Arc::new(Turns { chance, state: Mutex::default() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    // ----- for who drives -----

    pub(crate) fn begin(&self, now: Instant, driver: &Waker) {
        let mut state = self.state();
        state.began.get_or_insert(now);
        match &mut state.driver {
            Some(known) => known.clone_from(driver),
            none => *none = Some(driver.clone()),
        }
    }

    /// How much has happened.
    pub(crate) fn notes(&self) -> usize {
        self.state().trace.len()
    }

    pub(crate) fn began(&self) -> Option<Instant> {
        self.state().began
    }

    /// Whether something waits for what the simulation does not know of.
    pub(crate) fn waits_for_others(&self) -> bool {
        self.state().actors.values().any(|actor| actor.phase == Phase::Waits)
    }

    /// Gives the next turn.
    pub(crate) fn grant(&self, now: Instant) -> Result<(), Idle> {
        let mut state = self.state();
        let can_go_on = |actor: &&Actor| match actor.phase {
            Phase::Ready => true,
            Phase::Due(due) => due <= now,
            _ => false,
        };
        let first = state.actors.iter().filter(|(_, actor)| can_go_on(actor));
        let Some((id, order)) =
            first.min_by_key(|(_, actor)| (actor.rank, actor.order)).map(|(id, actor)| (*id, actor.order))
        else {
            let due = state.actors.values().filter_map(|actor| match actor.phase {
                Phase::Due(due) => Some(due),
                _ => None,
            });
            return Err(due.min().map_or(Idle::Unknown, Idle::Until));
        };
        for passed in state.actors.values().filter(|actor| can_go_on(actor) && actor.order < order) {
            self.chance.took(&passed.key, || format!("{} is held back {}", passed.name, passed.why));
        }
        let actor = state.actors.get_mut(&id).expect("it was found");
        actor.phase = Phase::Granted;
        let waker = actor.waker.clone();
        drop(state);
        waker.wake();
        Ok(())
    }

    /// Who has not ended.
    pub(crate) fn unfinished(&self) -> Vec<String> {
        let state = self.state();
        let of = |actor: &Actor| match actor.phase {
            Phase::Hangs => format!("{} hangs", actor.name),
            _ => format!("{} waits for what is no part of the run", actor.name),
        };
        state.actors.values().map(of).collect()
    }

    pub(crate) fn take_misuse(&self) -> Option<String> {
        self.state().misuse.take()
    }

    // ----- for who is driven -----

    pub(crate) fn misused(&self, how: String) {
        self.state().misuse.get_or_insert(how);
    }

    pub(crate) fn random(&self) -> u64 {
        let mut state = self.state();
        state.randoms += 1;
        mixed(self.chance.seed().number().wrapping_add(state.randoms.wrapping_mul(0x9e37_79b9)))
    }

    /// Which run it is, of those in the simulation, from 0. Its number in the process is another each time.
    pub(crate) fn run(&self, run: RunId) -> usize {
        let runs = &mut self.state().runs;
        runs.iter().position(|known| *known == run).unwrap_or_else(|| {
            runs.push(run);
            runs.len() - 1
        })
    }

    pub(crate) fn note(&self, now: Instant, what: impl std::fmt::Display) {
        let mut state = self.state();
        let at = state.began.map_or(Duration::ZERO, |began| now.saturating_duration_since(began));
        state.trace.push(format!("{:>10}  {what}", format!("{at:?}")));
    }

    pub(crate) fn trace(&self) -> Vec<String> {
        self.state().trace.clone()
    }

    /// Makes an actor of this name, or of one after it if it is taken.
    pub(crate) fn enter(self: &Arc<Self>, name: String) -> Turn {
        let mut state = self.state();
        let id = state.next;
        state.next += 1;
        let before = state.names.entry(name.clone()).or_default();
        *before += 1;
        let name = if *before == 1 { name } else { format!("{name}, for the {} time", nth(*before)) };
        let actor = Actor {
            name: name.clone(),
            phase: Phase::Waits,
            order: id,
            rank: 0,
            key: String::new(),
            why: String::new(),
            awaits: 0,
            waker: Waker::noop().clone(),
        };
        state.actors.insert(id, actor);
        drop(state);
        Turn { turns: self.clone(), id, name }
    }

    /// Asks for a turn: for one that it says itself, or for one because it was woken.
    fn ask(&self, id: u64, due: Option<Instant>, why: Option<&'static str>) {
        let mut state = self.state();
        let order = state.next;
        state.next += 1;
        let Some(actor) = state.actors.get_mut(&id) else { return };
        actor.why = why.map(str::to_owned).unwrap_or_else(|| {
            actor.awaits += 1;
            format!("after its {} await", nth(actor.awaits))
        });
        actor.key = format!("{} {}", actor.name, actor.why);
        actor.rank = self.chance.rank(&actor.key);
        actor.order = order;
        actor.phase = due.map_or(Phase::Ready, Phase::Due);
    }
}

fn nth(n: u32) -> String {
    match n {
        1 => "first".to_owned(),
        2 => "second".to_owned(),
        3 => "third".to_owned(),
        n => format!("{n}th"),
    }
}

/// One actor.
pub(crate) struct Turn {
    turns: Arc<Turns>,
    id: u64,
    pub(crate) name: String,
}

impl Turn {
    /// Waits for a turn: at once, or when it is due.
    pub(crate) async fn next(&self, due: Option<Instant>, why: &'static str) {
        let mut asked = false;
        poll_fn(|cx| {
            if !asked {
                asked = true;
                self.turns.ask(self.id, due, Some(why));
            }
            self.poll_granted(cx)
        })
        .await;
    }

    fn poll_granted(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.turns.state();
        let Some(actor) = state.actors.get_mut(&self.id) else { return Poll::Pending };
        if actor.phase == Phase::Granted {
            actor.phase = Phase::Waits;
            return Poll::Ready(());
        }
        actor.waker.clone_from(cx.waker());
        Poll::Pending
    }

    /// Drives a future that has a turn now, and has to have one for each further poll.
    pub(crate) async fn drive<F: Future>(&self, fut: F) -> F::Output {
        let mut fut = std::pin::pin!(fut);
        let waker = Waker::from(Arc::new(Woken { turns: self.turns.clone(), id: self.id }));
        let mut has_turn = true;
        poll_fn(|cx| {
            if !has_turn {
                std::task::ready!(self.poll_granted(cx));
            }
            has_turn = false;
            match fut.as_mut().poll(&mut Context::from_waker(&waker)) {
                Poll::Ready(output) => Poll::Ready(output),
                Poll::Pending => {
                    // It may have been woken meanwhile, and has asked for a turn then; whom to tell of it is left to say.
                    if let Some(actor) = self.turns.state().actors.get_mut(&self.id) {
                        actor.waker.clone_from(cx.waker());
                    }
                    Poll::Pending
                }
            }
        })
        .await
    }

    /// Never goes on.
    pub(crate) async fn hang(&self) -> ! {
        if let Some(actor) = self.turns.state().actors.get_mut(&self.id) {
            actor.phase = Phase::Hangs;
        }
        std::future::pending::<std::convert::Infallible>().await;
        unreachable!("what is pending is never ready")
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.turns.state().actors.remove(&self.id);
    }
}

/// Wakes an actor that runs in place.
struct Woken {
    turns: Arc<Turns>,
    id: u64,
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let waits =
            |state: &State| state.actors.get(&self.id).is_some_and(|actor| actor.phase == Phase::Waits);
        if !waits(&self.turns.state()) {
            return;
        }
        self.turns.ask(self.id, None, None);
        let driver = self.turns.state().driver.clone();
        if let Some(driver) = driver {
            driver.wake();
        }
    }
}
