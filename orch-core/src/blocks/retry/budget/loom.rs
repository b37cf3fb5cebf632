//! One bucket and every order in which threads can come to it.

use ::loom::thread;
use std::time::{Duration, Instant};

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

#[test]
fn no_more_is_given_than_there_is() {
    check(|| {
        let now = Instant::now();
        let rates = Rates { ratio: TOKEN / 2, min_per_second: 0, capacity: 2 };
        let bucket = empty(rates, now);
        bucket.deposit();
        // Half a token is there, and a half comes: it is one for two who take.
        let deposits = spawn(&bucket, Bucket::deposit);
        let takes = spawn(&bucket, move |bucket| bucket.take(now));
        let taken = u32::from(bucket.take(now)) + u32::from(takes.join().unwrap());
        deposits.join().unwrap();
        assert!(taken <= 1);
        assert_eq!(bucket.tokens(now) + taken, 1, "and none is lost");
    });
}

#[test]
fn what_is_added_and_given_back_is_there() {
    check(|| {
        let now = Instant::now();
        let rates = Rates { ratio: TOKEN, min_per_second: 0, capacity: 3 };
        let bucket = empty(rates, now);
        let others = [spawn(&bucket, Bucket::deposit), spawn(&bucket, Bucket::give_back)];
        bucket.deposit();
        others.map(|other| other.join().unwrap());
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
