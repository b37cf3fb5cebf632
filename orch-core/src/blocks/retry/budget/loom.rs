//! One bucket and every order in which threads can come to it.

use std::time::{Duration, Instant};

use ::loom::sync::atomic::{AtomicU64, Ordering::SeqCst};
use ::loom::thread;

use super::bucket::{Bucket, Rates, TOKEN};
use crate::sync::{Arc, check};

fn spawn<T: 'static>(
    bucket: &Arc<Bucket>,
    work: impl FnOnce(&Bucket) -> T + 'static,
) -> thread::JoinHandle<T> {
    let bucket = bucket.clone();
    thread::spawn(move || work(&bucket))
}

/// An empty one.
fn empty(rates: Rates, now: Instant) -> Arc<Bucket> {
    let bucket = Arc::new(Bucket::new(rates));
    for _ in 0..rates.capacity {
        assert!(bucket.take(now));
    }
    bucket
}

/// A budget, in the steps that runs take.
trait Budget: Sized + Send + Sync + 'static {
    /// An empty one, to which a first attempt adds a half.
    fn new(now: Instant) -> Self;
    fn deposit(&self);
    fn take(&self, now: Instant) -> bool;
    fn tokens(&self, now: Instant) -> u32;
}

impl Budget for Bucket {
    fn new(now: Instant) -> Self {
        let rates = Rates { ratio: TOKEN / 2, min_per_second: 0, capacity: 2 };
        let bucket = Bucket::new(rates);
        assert!(bucket.take(now) && bucket.take(now));
        bucket
    }

    fn deposit(&self) {
        self.deposit();
    }

    fn take(&self, now: Instant) -> bool {
        self.take(now)
    }

    fn tokens(&self, now: Instant) -> u32 {
        self.tokens(now)
    }
}

/// It looks whether there is one, and takes it afterwards.
struct LooksFirst(AtomicU64);

impl Budget for LooksFirst {
    fn new(_now: Instant) -> Self {
        LooksFirst(AtomicU64::new(0))
    }

    fn deposit(&self) {
        self.0.fetch_add(1, SeqCst);
    }

    fn take(&self, _now: Instant) -> bool {
        let there_is = self.0.load(SeqCst) >= 2;
        if there_is {
            self.0.fetch_sub(2, SeqCst);
        }
        there_is
    }

    fn tokens(&self, _now: Instant) -> u32 {
        (self.0.load(SeqCst) / 2) as u32
    }
}

fn no_more_is_given<B: Budget>() {
    check(|| {
        let now = Instant::now();
        let bucket = Arc::new(B::new(now));
        bucket.deposit();
        // Half a token is there, and a half comes: it is one for two who take.
        let others = [bucket.clone(), bucket.clone()];
        let [deposits, takes] = others;
        let deposits = thread::spawn(move || deposits.deposit());
        let takes = thread::spawn(move || takes.take(now));
        let taken = u32::from(bucket.take(now)) + u32::from(takes.join().unwrap());
        deposits.join().unwrap();
        assert!(taken <= 1, "one was taken twice");
        assert_eq!(bucket.tokens(now) + taken, 1, "one is lost");
    });
}

#[test]
fn no_more_is_given_than_there_is() {
    no_more_is_given::<Bucket>();
}

#[test]
#[should_panic = "one was taken twice"]
fn one_that_looks_first_is_found_out() {
    no_more_is_given::<LooksFirst>();
}

#[test]
fn what_is_added_and_given_back_is_there() {
    check(|| {
        let now = Instant::now();
        let rates = Rates { ratio: TOKEN, min_per_second: 0, capacity: 3 };
        let bucket = empty(rates, now);
        let others = [spawn(&bucket, Bucket::deposit), spawn(&bucket, Bucket::give_back)];
        bucket.deposit();
        for other in others {
            other.join().unwrap();
        }
        assert_eq!(bucket.tokens(now), 3);
    });
}

#[test]
fn a_second_adds_its_tokens_once() {
    check(|| {
        let now = Instant::now();
        let rates = Rates { ratio: 0, min_per_second: 1, capacity: 3 };
        let bucket = empty(rates, now);
        // Two who see the same second go by, and one for whom it is still going on.
        let late = now + Duration::from_secs(1);
        let first = spawn(&bucket, move |bucket| bucket.take(late));
        let second = spawn(&bucket, move |bucket| bucket.take(late));
        let early = bucket.take(now + Duration::from_millis(500));
        let taken = [first.join().unwrap(), second.join().unwrap(), early];
        let taken = taken.into_iter().filter(|taken| *taken).count() as u32;
        assert!(taken <= 1);
        assert_eq!(taken + bucket.tokens(late), 1);
    });
}
