//! The thread.

use std::mem;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::held::{Freeing, Why};
use super::work::{By, Work};
use super::{Message, Shared};
use crate::error::{StoreError, StoreFailure};
use crate::store::leases;

/// The most that is written in one transaction, so that who came first does not wait for all.
const AT_ONCE: usize = 1024;

pub(super) struct Loop {
    pub(super) shared: Arc<Shared>,
    pub(super) lease: Duration,
    /// What is to be free, and could not be written so far.
    pub(super) left: Arc<Mutex<Vec<Freeing>>>,
}

impl Loop {
    pub(super) fn run(self, receiver: &Receiver<Message>) {
        let each = self.lease / 3;
        let mut next = Instant::now() + each;
        loop {
            let first = receiver.recv_timeout(next.saturating_duration_since(Instant::now()));
            let mut is_over = matches!(first, Err(RecvTimeoutError::Disconnected));
            let mut works: Vec<Box<dyn Work>> = Vec::new();
            let mut looks = false;
            for message in first.into_iter().chain(receiver.try_iter().take(AT_ONCE)) {
                match message {
                    Message::Work(work) => works.push(work),
                    Message::Free(hold, fault) => {
                        works.push(Box::new(Freeing { hold, fault, left: self.left.clone() }));
                    }
                    Message::Look => looks = true,
                    Message::End => is_over = true,
                }
            }
            let counted = works.len();
            let is_time = looks || is_over || Instant::now() >= next;
            if is_time {
                let left = mem::take(&mut *self.left());
                works.extend(left.into_iter().map(|work| Box::new(work) as Box<dyn Work>));
            }
            if !works.is_empty() {
                self.commit(works);
            }
            self.shared.waiting.fetch_sub(counted, Ordering::AcqRel);
            if is_over {
                return;
            }
            if is_time {
                self.renew();
                next = Instant::now() + each;
            }
        }
    }

    fn left(&self) -> MutexGuard<'_, Vec<Freeing>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn commit(&self, mut works: Vec<Box<dyn Work>>) {
        let committed = self.together(&mut works);
        match &committed {
            // One of them may be what does not go, so each is on its own then; but nobody waits for a locked file twice.
            Err(error) if works.len() > 1 && error.failure() != StoreFailure::Locked => {
                for work in works {
                    let mut one = [work];
                    let committed = self.together(&mut one);
                    let [one] = one;
                    one.settle(committed);
                }
            }
            _ => works.into_iter().for_each(|work| work.settle(committed.clone())),
        }
    }

    fn together(&self, works: &mut [Box<dyn Work>]) -> Result<(), StoreError> {
        let committed = self.shared.disk().together(works, By::Thread);
        self.shared.commits.fetch_add(u64::from(committed.is_ok()), Ordering::Relaxed);
        committed
    }

    /// Whatever goes wrong is tried again; only who cannot know that nobody else has taken over gives up.
    fn renew(&self) {
        let held: Vec<_> = self.shared.held().values().map(|(hold, _)| hold.clone()).collect();
        if held.is_empty() {
            return;
        }
        let result = leases::renew(&self.shared.disk().conn, self.lease, &held);
        let now = Instant::now();
        match result {
            Ok(lost) => {
                for hold in &held {
                    // Meanwhile it may be held anew.
                    if let Some((known, since)) = self.shared.held().get_mut(&hold.run)
                        && Arc::ptr_eq(known, hold)
                    {
                        *since = now;
                    }
                }
                for (hold, why) in lost {
                    self.shared.let_go(hold);
                    hold.lose(why);
                }
            }
            Err(_) => self.shared.held().retain(|_, (hold, since)| {
                let may_be_taken = now.duration_since(*since) >= self.lease;
                if may_be_taken {
                    hold.lose(Why::Taken);
                }
                !may_be_taken
            }),
        }
    }
}
