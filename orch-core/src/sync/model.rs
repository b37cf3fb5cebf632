//! The same under loom.

use std::sync::atomic::Ordering;
use std::task::Waker;

use ::loom::sync::atomic;
pub(crate) use ::loom::sync::{Arc, Mutex, MutexGuard};

/// Runs a model through every order of its steps.
pub(crate) fn check(model: impl Fn() + Send + Sync + 'static) {
    ::loom::model(model);
}

/// As [`check`], for a model of too many steps: through every order in which no more than so many times a thread is
/// interrupted, as opposed to waiting.
pub(crate) fn check_within(interruptions: usize, model: impl Fn() + Send + Sync + 'static) {
    let mut builder = ::loom::model::Builder::new();
    builder.preemption_bound = Some(interruptions);
    builder.check(model);
}

/// Runs a future to its end.
///
/// It may be woken before the thread that wakes it has let go of its waker, and then wakes itself until that has. An
/// executor would go on to others in between, and so does this from the third poll on; else there would be no end of
/// orders.
pub(crate) fn block_on<F: Future>(fut: F) -> F::Output {
    let mut fut = std::pin::pin!(fut);
    let mut polls = 0;
    ::loom::future::block_on(std::future::poll_fn(|cx| {
        polls += 1;
        if polls > 2 {
            ::loom::thread::yield_now();
        }
        fut.as_mut().poll(cx)
    }))
}

/// An atomic whose sequentially consistent loads see the newest value.
///
/// Loom takes them for acquiring ones, which may miss a store: a false alarm. Who reads and writes in one step sees the
/// newest value in loom too, if those who store do so as well.
macro_rules! newest {
    ($name:ident, $value:ty, $nothing:expr) => {
        #[derive(Debug)]
        pub(crate) struct $name(atomic::$name);

        impl $name {
            pub(crate) fn new(value: $value) -> Self {
                $name(atomic::$name::new(value))
            }

            pub(crate) fn load(&self, order: Ordering) -> $value {
                match order {
                    Ordering::SeqCst => self.0.fetch_or($nothing, Ordering::Acquire),
                    order => self.0.load(order),
                }
            }

            pub(crate) fn store(&self, value: $value, order: Ordering) {
                // A swap that is told to acquire would be more than a store.
                let order = if order == Ordering::SeqCst { Ordering::Release } else { order };
                self.0.swap(value, order);
            }
        }
    };
}

newest!(AtomicBool, bool, false);
newest!(AtomicU64, u64, 0);

impl AtomicU64 {
    pub(crate) fn compare_exchange(
        &self,
        current: u64,
        new: u64,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u64, u64> {
        self.0.compare_exchange(current, new, success, failure)
    }

    pub(crate) fn swap(&self, value: u64, order: Ordering) -> u64 {
        self.0.swap(value, order)
    }

    pub(crate) fn fetch_or(&self, bits: u64, order: Ordering) -> u64 {
        self.0.fetch_or(bits, order)
    }

    pub(crate) fn fetch_and(&self, bits: u64, order: Ordering) -> u64 {
        self.0.fetch_and(bits, order)
    }
}

pub(crate) fn take(word: &mut AtomicU64) -> u64 {
    word.0.with_mut(std::mem::take)
}

pub(crate) fn share<T: ?Sized>(arc: std::sync::Arc<T>) -> Arc<T> {
    Arc::from_std(arc)
}

const WAITING: usize = 0;
const REGISTERING: usize = 1;
const WAKING: usize = 2;

/// The steps of the crate `atomic-waker`, which knows nothing of loom. (Loom has one that waits for others, which takes
/// away the orders in question.)
#[derive(Debug)]
pub(crate) struct AtomicWaker {
    state: atomic::AtomicUsize,
    /// Never contended: `state` says whose it is.
    waker: std::sync::Mutex<Option<Waker>>,
}

impl AtomicWaker {
    pub(crate) fn new() -> Self {
        AtomicWaker { state: atomic::AtomicUsize::new(WAITING), waker: std::sync::Mutex::new(None) }
    }

    pub(crate) fn register(&self, waker: &Waker) {
        match self.change(WAITING, REGISTERING, Ordering::Acquire) {
            WAITING => {
                let old = {
                    let mut place = self.waker.try_lock().unwrap();
                    if place.as_ref().is_some_and(|old| old.will_wake(waker)) {
                        None
                    } else {
                        place.replace(waker.clone())
                    }
                };
                drop(old);
                if self.change(REGISTERING, WAITING, Ordering::AcqRel) != REGISTERING {
                    let waker = self.waker.try_lock().unwrap().take().unwrap();
                    self.state.swap(WAITING, Ordering::AcqRel);
                    waker.wake();
                }
            }
            WAKING => waker.wake_by_ref(),
            _ => panic!("one thread at a time registers"),
        }
    }

    pub(crate) fn wake(&self) {
        if let Some(waker) = self.take() {
            waker.wake();
        }
    }

    pub(crate) fn take(&self) -> Option<Waker> {
        if self.state.fetch_or(WAKING, Ordering::AcqRel) != WAITING {
            return None;
        }
        let waker = self.waker.try_lock().unwrap().take();
        self.state.fetch_and(!WAKING, Ordering::Release);
        waker
    }

    fn change(&self, from: usize, to: usize, order: Ordering) -> usize {
        self.state.compare_exchange(from, to, order, Ordering::Acquire).unwrap_or_else(|found| found)
    }
}
