//! The places of a bulkhead, and every order in which threads can come to them.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use ::loom::sync::atomic::{AtomicUsize, Ordering};
use ::loom::thread;

use super::shared::{Config, Shared, Taken};
use crate::blocks::gatekeepers::{Answer, Place};
use crate::error::ErrorKind;
use crate::sync::{Arc, block_on, check, check_within};

fn one_place() -> Arc<Shared> {
    Arc::new(Shared::new(Config { max: 1, queue: u32::MAX, max_wait: None }))
}

/// A run that waits, which gives up when it is dropped.
struct Waits<'a>(&'a Shared, Option<Place>);

impl<'a> Waits<'a> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Taken<'a>>> {
        match self.0.wait(&mut self.1, Instant::now(), cx.waker().clone()) {
            Answer::Admitted(taken) => Poll::Ready(Some(taken)),
            Answer::Rejected(kind) => {
                assert!(matches!(kind, ErrorKind::BulkheadClosed), "{kind:?}");
                Poll::Ready(None)
            }
            Answer::Waits(..) => Poll::Pending,
        }
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.leave(&mut self.1);
    }
}

/// `None` if it is turned away.
async fn enter(shared: &Shared) -> Option<Taken<'_>> {
    if let Some(taken) = shared.take() {
        return Some(taken);
    }
    let mut waits = Waits(shared, None);
    poll_fn(move |cx| waits.poll(cx)).await
}

/// Goes in, and finds nobody there.
fn visit(shared: &Shared, inside: &AtomicUsize) {
    let taken = block_on(enter(shared)).expect("it is open");
    assert_eq!(inside.fetch_add(1, Ordering::Relaxed), 0);
    inside.fetch_sub(1, Ordering::Relaxed);
    drop(taken);
}

/// Waits for a while, and gives up.
fn give_up(shared: &Shared) {
    let mut enter = pin!(enter(shared));
    drop(enter.as_mut().poll(&mut Context::from_waker(Waker::noop())));
}

fn spawn<T: 'static>(
    shared: &Arc<Shared>,
    work: impl FnOnce(&Shared) -> T + 'static,
) -> thread::JoinHandle<T> {
    let shared = shared.clone();
    thread::spawn(move || work(&shared))
}

#[track_caller]
fn assert_empty(shared: &Shared) {
    assert_eq!((shared.in_use(), shared.waiting()), (0, 0));
}

#[test]
fn there_are_never_more_than_max() {
    check_within(3, || {
        let (shared, inside) = (one_place(), Arc::new(AtomicUsize::new(0)));
        let others = [(); 2].map(|()| {
            let inside = inside.clone();
            spawn(&shared, move |shared| visit(shared, &inside))
        });
        visit(&shared, &inside);
        for other in others {
            other.join().unwrap();
        }
        assert_empty(&shared);
    });
}

#[test]
fn a_place_that_is_handed_to_who_gives_up_goes_to_the_next() {
    check_within(3, || {
        let (shared, inside) = (one_place(), Arc::new(AtomicUsize::new(0)));
        let taken = shared.take();
        let gives_up = spawn(&shared, give_up);
        let waits = spawn(&shared, {
            let inside = inside.clone();
            move |shared| visit(shared, &inside)
        });
        drop(taken);
        gives_up.join().unwrap();
        waits.join().unwrap();
        assert_empty(&shared);
    });
}

#[test]
fn who_came_first_is_served_first() {
    check(|| {
        let shared = one_place();
        let taken = shared.take();
        let mut first = Waits(&shared, None);
        assert!(first.poll(&mut Context::from_waker(Waker::noop())).is_pending());
        let late = spawn(&shared, |shared| shared.take().is_some());
        drop(taken);
        assert!(!late.join().unwrap(), "the place was handed on");
        let Poll::Ready(Some(taken)) = first.poll(&mut Context::from_waker(Waker::noop())) else {
            panic!("it was handed the place")
        };
        drop(taken);
        drop(first);
        assert_empty(&shared);
    });
}

#[test]
fn closing_turns_away_who_waits_or_leaves_it_the_place() {
    check_within(3, || {
        let shared = one_place();
        let taken = shared.take();
        let waits = spawn(&shared, |shared| block_on(enter(shared)).is_some());
        let closes = spawn(&shared, Shared::close);
        drop(taken);
        waits.join().unwrap();
        closes.join().unwrap();
        assert_empty(&shared);
        assert!(shared.take().is_none());
    });
}

#[test]
fn who_waits_for_an_idle_moment_sees_it() {
    check_within(3, || {
        let shared = one_place();
        let taken = shared.take();
        let watches = spawn(&shared, |shared| {
            let mut ticket = None;
            block_on(poll_fn(|cx| shared.poll_idle(&mut ticket, cx.waker().clone())));
        });
        let visits = spawn(&shared, |shared| drop(block_on(enter(shared))));
        drop(taken);
        visits.join().unwrap();
        watches.join().unwrap();
        assert_empty(&shared);
    });
}

#[test]
fn those_who_wait_are_served_in_order_and_nobody_overtakes() {
    check_within(3, || {
        let shared = one_place();
        let taken = shared.take();
        let mut queue = [(); 2].map(|()| Waits(&shared, None));
        for waits in &mut queue {
            assert!(waits.poll(&mut Context::from_waker(Waker::noop())).is_pending());
        }
        let served = Arc::new(AtomicUsize::new(0));
        let gives_up = spawn(&shared, give_up);
        let comes_late = spawn(&shared, {
            let served = served.clone();
            move |shared| {
                let taken = block_on(enter(shared));
                assert_eq!(served.load(Ordering::Relaxed), 2, "it has overtaken");
                drop(taken);
            }
        });
        drop(taken);
        for waits in &mut queue {
            let Poll::Ready(taken) = waits.poll(&mut Context::from_waker(Waker::noop())) else {
                panic!("it was handed the place")
            };
            served.fetch_add(1, Ordering::Relaxed);
            drop(taken);
        }
        gives_up.join().unwrap();
        comes_late.join().unwrap();
        drop(queue);
        assert_empty(&shared);
    });
}

#[test]
fn closing_while_one_gives_up_and_one_waits_loses_no_place() {
    check_within(2, || {
        let (shared, inside) = (one_place(), Arc::new(AtomicUsize::new(0)));
        let taken = shared.take();
        let gives_up = spawn(&shared, give_up);
        let waits = spawn(&shared, {
            let inside = inside.clone();
            move |shared| {
                if let Some(taken) = block_on(enter(shared)) {
                    assert_eq!(inside.fetch_add(1, Ordering::Relaxed), 0);
                    inside.fetch_sub(1, Ordering::Relaxed);
                    drop(taken);
                }
            }
        });
        let closes = spawn(&shared, Shared::close);
        drop(taken);
        gives_up.join().unwrap();
        waits.join().unwrap();
        closes.join().unwrap();
        assert_empty(&shared);
        assert!(shared.take().is_none(), "it is closed");
    });
}

// ----- the same of one that is wrong -----

/// Places, for those who do not wait.
trait Places: Sized + Send + Sync + 'static {
    /// Of two.
    fn new() -> Self;
    fn goes_in(&self, work: impl FnOnce()) -> bool;
}

impl Places for Shared {
    fn new() -> Self {
        Shared::new(Config { max: 2, queue: 0, max_wait: None })
    }

    fn goes_in(&self, work: impl FnOnce()) -> bool {
        let taken = self.take();
        if taken.is_some() {
            work();
        }
        taken.is_some()
    }
}

/// It looks whether there is a place, and takes it afterwards.
struct LooksFirst(AtomicUsize);

impl Places for LooksFirst {
    fn new() -> Self {
        LooksFirst(AtomicUsize::new(2))
    }

    fn goes_in(&self, work: impl FnOnce()) -> bool {
        let is_free = self.0.load(Ordering::SeqCst) > 0;
        if is_free {
            self.0.fetch_sub(1, Ordering::SeqCst);
            work();
            self.0.fetch_add(1, Ordering::SeqCst);
        }
        is_free
    }
}

/// It counts down and up, in two steps each.
struct CountsInSteps(AtomicUsize);

impl Places for CountsInSteps {
    fn new() -> Self {
        CountsInSteps(AtomicUsize::new(2))
    }

    fn goes_in(&self, work: impl FnOnce()) -> bool {
        let free = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |free| free.checked_sub(1));
        if free.is_ok() {
            work();
            self.0.store(self.0.load(Ordering::SeqCst) + 1, Ordering::SeqCst);
        }
        free.is_ok()
    }
}

/// Three come for two places; and afterwards two get in.
fn no_more_than_max_and_none_is_lost<P: Places>() {
    check_within(3, || {
        let (places, inside) = (Arc::new(P::new()), Arc::new(AtomicUsize::new(0)));
        let visit = |places: &P, inside: &AtomicUsize| {
            places.goes_in(|| {
                assert!(inside.fetch_add(1, Ordering::SeqCst) < 2, "there are three");
                inside.fetch_sub(1, Ordering::SeqCst);
            })
        };
        let others = [(); 2].map(|()| {
            let (places, inside) = (places.clone(), inside.clone());
            thread::spawn(move || visit(&places, &inside))
        });
        visit(&places, &inside);
        for other in others {
            other.join().unwrap();
        }
        assert!(places.goes_in(|| assert!(places.goes_in(|| {}), "one is lost")), "both are lost");
    });
}

#[test]
fn of_those_who_come_at_once_no_more_than_max_get_in_and_none_is_lost() {
    no_more_than_max_and_none_is_lost::<Shared>();
}

#[test]
#[should_panic = "there are three"]
fn one_that_looks_first_is_found_out() {
    no_more_than_max_and_none_is_lost::<LooksFirst>();
}

#[test]
#[should_panic = "one is lost"]
fn one_that_counts_in_steps_is_found_out() {
    no_more_than_max_and_none_is_lost::<CountsInSteps>();
}
