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
fn those_who_wait_begin_in_order_and_nobody_overtakes() {
    check_within(3, || {
        let (shared, clock) = (bucket(1), Clock(Arc::new(Mutex::new(Instant::now()))));
        let start = clock.now();
        assert!(shared.take(1, start));
        let mut queue = [(); 2].map(|()| Waits(&shared, None));
        for waits in &mut queue {
            let answer = waits.poll(start, &mut Context::from_waker(Waker::noop()));
            assert!(matches!(answer, Answer::Waits(..)));
        }
        let gives_up = spawn(&shared, &Clock(Arc::new(Mutex::new(start))), give_up);
        let comes_late = spawn(&shared, &clock, run);
        for (waits, second) in queue.iter_mut().zip(1..) {
            let answer = waits.poll(start + second * SECOND, &mut Context::from_waker(Waker::noop()));
            assert!(matches!(answer, Answer::Admitted(())), "{answer:?}");
        }
        gives_up.join().unwrap();
        assert_eq!(comes_late.join().unwrap() - start, 3 * SECOND);
        drop(queue);
        assert_eq!(shared.waiting(), 0);
    });
}

#[test]
fn a_pause_holds_back_who_comes_after_it_and_loses_nobody() {
    check_within(2, || {
        let (shared, clock) = (bucket(1), Clock(Arc::new(Mutex::new(Instant::now()))));
        let start = clock.now();
        let others = [(); 2].map(|()| spawn(&shared, &clock, run));
        shared.pause(3 * SECOND, start);
        let mut times = others.map(|other| other.join().unwrap() - start);
        times.sort_unstable();
        // One or both have begun before the pause, or none.
        let possible = [[0, 1], [0, 3], [3, 4]].map(|times| times.map(|seconds| SECOND * seconds));
        assert!(possible.contains(&times), "{times:?}");
        assert_eq!(shared.waiting(), 0);
    });
}

// ----- the same of one that is wrong -----

/// Tokens, for those who do not wait.
trait Tokens: Sized + Send + Sync + 'static {
    /// Two, and one a second.
    fn new() -> Self;
    fn take(&self, now: Instant) -> bool;
}

impl Tokens for Shared {
    fn new() -> Self {
        let rate = Rate { rate: 1, per: SECOND, burst: 2 };
        Shared::new(Config { rate, max_wait: None })
    }

    fn take(&self, now: Instant) -> bool {
        self.take(1, now)
    }
}

/// It looks whether there is a token, and takes it afterwards.
struct LooksFirst(AtomicUsize);

impl Tokens for LooksFirst {
    fn new() -> Self {
        LooksFirst(AtomicUsize::new(2))
    }

    fn take(&self, _now: Instant) -> bool {
        let there_is = self.0.load(Ordering::SeqCst) > 0;
        if there_is {
            self.0.fetch_sub(1, Ordering::SeqCst);
        }
        there_is
    }
}

fn only_so_many_find_a_token<T: Tokens>() {
    check(|| {
        let (tokens, now) = (Arc::new(T::new()), Instant::now());
        let found = Arc::new(AtomicUsize::new(0));
        let others = [(); 2].map(|()| {
            let (tokens, found) = (tokens.clone(), found.clone());
            thread::spawn(move || {
                found.fetch_add(usize::from(tokens.take(now)), Ordering::Relaxed);
            })
        });
        found.fetch_add(usize::from(tokens.take(now)), Ordering::Relaxed);
        for other in others {
            other.join().unwrap();
        }
        assert_eq!(found.load(Ordering::Relaxed), 2, "of two tokens");
    });
}

#[test]
fn of_those_who_come_at_once_only_so_many_find_a_token() {
    only_so_many_find_a_token::<Shared>();
}

#[test]
#[should_panic = "of two tokens"]
fn one_that_looks_first_is_found_out() {
    only_so_many_find_a_token::<LooksFirst>();
}
