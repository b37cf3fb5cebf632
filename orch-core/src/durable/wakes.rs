//! Wakes of a run that is driven, as far as its task has to know of them.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Wake, Waker};

use crate::sync::{AtomicU64, AtomicWaker};

/// The run is driven, by a task that is running.
const DRIVEN: u64 = 1;
/// It was woken.
const WOKEN: u64 = 2;

/// Wakes the task that drives a run when the run is woken, unless the task polls it anyway.
///
/// Whatever a run is given wakes it, and it is polled then. If that woke the task too, which is running, an executor would run it once
/// more for nothing, and take it for one that lets others go first: tokio wakes a further thread for those.
pub(super) struct Wakes {
    state: AtomicU64,
    task: AtomicWaker,
}

impl Wakes {
    pub(super) fn new() -> Self {
        Wakes { state: AtomicU64::new(DRIVEN), task: AtomicWaker::new() }
    }

    /// The run is polled next: it sees what came before its wakes so far.
    pub(super) fn polls(&self) {
        self.state.swap(DRIVEN, Ordering::AcqRel);
    }

    /// The task waits. It is woken for the wakes that no poll has followed, and for those to come.
    pub(super) fn waits(&self, task: &Waker) {
        self.task.register(task);
        if self.state.swap(0, Ordering::AcqRel) & WOKEN != 0 {
            task.wake_by_ref();
        }
    }

    fn woken(&self) {
        if self.state.fetch_or(WOKEN, Ordering::AcqRel) & DRIVEN == 0 {
            self.task.wake();
        }
    }
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.woken();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken();
    }
}

#[cfg(all(test, orch_loom))]
mod loom {
    use std::future::poll_fn;
    use std::task::Poll;

    use ::loom::sync::atomic::AtomicUsize;
    use ::loom::thread;

    use super::*;
    use crate::sync::{block_on, check};

    /// A run that waits for a thread, which wakes it twice: while it is driven, or while its task waits. (If a wake were lost,
    /// nobody could go on.)
    #[test]
    fn a_wake_of_another_thread_is_never_lost() {
        check(|| {
            let wakes = Arc::new(Wakes::new());
            let done = Arc::new(AtomicUsize::new(0));
            let (waker, does) = (Waker::from(wakes.clone()), done.clone());
            let thread = thread::spawn(move || {
                for _ in 0..2 {
                    does.fetch_add(1, Ordering::Relaxed);
                    waker.wake_by_ref();
                }
            });
            block_on(poll_fn(|cx| {
                wakes.polls();
                if done.load(Ordering::Relaxed) == 2 {
                    return Poll::Ready(());
                }
                wakes.waits(cx.waker());
                Poll::Pending
            }));
            thread.join().unwrap();
        });
    }
}
