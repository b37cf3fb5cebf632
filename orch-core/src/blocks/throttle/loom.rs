//! A bucket that is empty for a while, and every order in which threads can come to it.
//!
//! Time is a number that a thread sets, and then the first that waits looks, as its timer would have it.

use std::future::poll_fn;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use ::loom::sync::atomic::{AtomicUsize, Ordering};
use ::loom::thread;

use super::bucket::Rate;
use super::shared::{Config, Shared};
use crate::blocks::gatekeepers::{Answer, Place};
use crate::sync::{Arc, Mutex, block_on, check, check_within};

const SECOND: Duration = Duration::from_secs(1);

/// One token a second, or `burst` at once.
fn bucket(burst: u32) -> Arc<Shared> {
    let rate = Rate { rate: 1, per: SECOND, burst };
    Arc::new(Shared::new(Config { rate, max_wait: None }))
}

/// A run that waits, which gives up when it is dropped.
struct Waits<'a>(&'a Shared, Option<Place>);

impl Waits<'_> {
    fn poll(&mut self, now: Instant, cx: &mut Context<'_>) -> Answer<()> {
        self.0.wait(1, &mut self.1, now, cx.waker().clone())
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.leave(1, &mut self.1);
    }
}

/// The time of a thread: who stands first moves it to the moment of which it is told.
#[derive(Clone)]
struct Clock(Arc<Mutex<Instant>>);

impl Clock {
    fn now(&self) -> Instant {
        *self.0.lock().unwrap()
    }

    fn wait(&self, until: Instant) {
        let mut now = self.0.lock().unwrap();
        *now = until.max(*now);
    }
}

/// Waits for a token, and gives the time at which it was there.
fn run(shared: &Shared, clock: &Clock) -> Instant {
    let mut waits = Waits(shared, None);
    block_on(poll_fn(|cx| {
        for _ in 0..3 {
            let now = clock.now();
            match waits.poll(now, cx) {
                Answer::Admitted(()) => return Poll::Ready(now),
                Answer::Waits(_, None) => return Poll::Pending,
                Answer::Waits(_, Some(time)) => clock.wait(now + time),
                Answer::Rejected(kind) => panic!("{kind:?}"),
            }
        }
        panic!("the time that it was told was too short")
    }))
}

fn give_up(shared: &Shared, clock: &Clock) {
    let answer = Waits(shared, None).poll(clock.now(), &mut Context::from_waker(Waker::noop()));
    assert!(matches!(answer, Answer::Waits(..)));
}

fn spawn<T: 'static>(
    shared: &Arc<Shared>,
    clock: &Clock,
    work: impl FnOnce(&Shared, &Clock) -> T + 'static,
) -> thread::JoinHandle<T> {
    let (shared, clock) = (shared.clone(), clock.clone());
    thread::spawn(move || work(&shared, &clock))
}

#[test]
fn all_begin_and_no_two_for_one_token() {
    check_within(3, || {
        let (shared, clock) = (bucket(1), Clock(Arc::new(Mutex::new(Instant::now()))));
        let start = clock.now();
        let others = [(); 2].map(|()| spawn(&shared, &clock, run));
        let mut times = vec![run(&shared, &clock) - start];
        times.extend(others.map(|other| other.join().unwrap() - start));
        times.sort_unstable();
        assert_eq!(times, [Duration::ZERO, SECOND, 2 * SECOND]);
        assert_eq!(shared.waiting(), 0);
    });
}

#[test]
fn who_gives_up_leaves_the_turn_to_the_next() {
    check_within(3, || {
        let (shared, clock) = (bucket(1), Clock(Arc::new(Mutex::new(Instant::now()))));
        let start = clock.now();
        assert!(shared.take(1, start));
        let gives_up = spawn(&shared, &Clock(Arc::new(Mutex::new(start))), give_up);
        let waits = spawn(&shared, &clock, run);
        gives_up.join().unwrap();
        assert_eq!(waits.join().unwrap() - start, SECOND);
        assert_eq!(shared.waiting(), 0);
    });
}

#[test]
fn of_those_who_come_at_once_only_so_many_find_a_token() {
    check(|| {
        let shared = bucket(2);
        let now = Instant::now();
        let found = Arc::new(AtomicUsize::new(0));
        let others = [(); 2].map(|()| {
            let (shared, found) = (shared.clone(), found.clone());
            thread::spawn(move || {
                found.fetch_add(usize::from(shared.take(1, now)), Ordering::Relaxed);
            })
        });
        found.fetch_add(usize::from(shared.take(1, now)), Ordering::Relaxed);
        for other in others {
            other.join().unwrap();
        }
        assert_eq!(found.load(Ordering::Relaxed), 2);
    });
}
