//! The work that both sides do: functions with `#[task]`, which are still ordinary functions.

use std::future::{Future, poll_fn};
use std::hint::black_box;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use async_orch::task;
use futures::task::AtomicWaker;

/// The error of the benchmarks: small, and never made on the fast path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failed;

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("failed")
    }
}

impl std::error::Error for Failed {}

/// Adds one, where the optimizer cannot see it.
#[task]
pub async fn step(x: u64) -> Result<u64, Failed> {
    Ok(black_box(x) + 1)
}

/// Always fails.
#[task]
pub async fn fail(x: u64) -> Result<u64, Failed> {
    black_box(x);
    Err(Failed)
}

/// Adds one after one turn of the scheduler.
#[task]
pub async fn yield_once(x: u64) -> Result<u64, Failed> {
    Yield(1).await;
    Ok(black_box(x) + 1)
}

/// Adds one after sixteen turns of the scheduler.
#[task]
pub async fn yield_16(x: u64) -> Result<u64, Failed> {
    Yield(16).await;
    Ok(black_box(x) + 1)
}

/// Is pending so many times, woken at once each time. (`tokio::task::yield_now` defers its wake-up to the scheduler, so that
/// a combinator would have nothing to do in between.)
struct Yield(u32);

impl Future for Yield {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.0 == 0 {
            return Poll::Ready(());
        }
        self.0 -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// One baton and the fixed order in which it goes round.
pub struct Ring {
    turn: AtomicUsize,
    /// Who is next after each.
    order: [usize; Ring::PLAYERS],
    wakers: [AtomicWaker; Ring::PLAYERS],
    counts: [Counts; Ring::PLAYERS],
}

/// What happened to one player so far.
#[derive(Default)]
pub struct Counts {
    polls: AtomicUsize,
    wakes: AtomicUsize,
}

impl Ring {
    /// How many pass the baton.
    pub const PLAYERS: usize = 64;
    /// How often each has it.
    pub const TURNS: usize = 16;

    /// A ring with the baton at its first player. The order is shuffled, the same each time.
    pub fn new() -> Arc<Self> {
        let mut order: [usize; Ring::PLAYERS] = std::array::from_fn(|player| player);
        let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
        for last in (1..Ring::PLAYERS).rev() {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            order.swap(last, (seed % (last as u64 + 1)) as usize);
        }
        Arc::new(Ring {
            turn: AtomicUsize::new(0),
            order,
            wakers: std::array::from_fn(|_| AtomicWaker::new()),
            counts: std::array::from_fn(|_| Counts::default()),
        })
    }

    /// The baton is back at the first player, for another round.
    pub fn rewind(&self) {
        self.turn.store(0, Ordering::Relaxed);
    }

    /// How often each player was polled, and how often woken.
    pub fn counts(&self) -> Vec<(usize, usize)> {
        let count = |count: &AtomicUsize| count.load(Ordering::Relaxed);
        self.counts.iter().map(|counts| (count(&counts.polls), count(&counts.wakes))).collect()
    }

    fn has_it(&self, player: usize) -> bool {
        self.order[self.turn.load(Ordering::Acquire) % Ring::PLAYERS] == player
    }

    fn poll_turn(&self, player: usize, cx: &mut Context<'_>) -> Poll<()> {
        if !self.has_it(player) {
            self.wakers[player].register(cx.waker());
            if !self.has_it(player) {
                return Poll::Pending;
            }
        }
        let turn = self.turn.load(Ordering::Relaxed) + 1;
        self.turn.store(turn, Ordering::Release);
        let next = self.order[turn % Ring::PLAYERS];
        one_more(&self.counts[next].wakes);
        self.wakers[next].wake();
        Poll::Ready(())
    }
}

fn one_more(count: &AtomicUsize) {
    count.store(count.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
}

/// Passes the baton on sixteen times, and gives how often.
#[task]
pub async fn pass_baton(ring: Arc<Ring>, player: usize) -> Result<u64, Failed> {
    let mut turns = 0;
    // One poll of this function is one poll of the player, however many turns it brings.
    poll_fn(|cx| {
        one_more(&ring.counts[player].polls);
        while turns < Ring::TURNS {
            ready!(ring.poll_turn(player, cx));
            turns += 1;
        }
        Poll::Ready(())
    })
    .await;
    Ok(turns as u64)
}
