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
