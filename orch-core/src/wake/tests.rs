//! The wakers and the words behind them.

#![allow(clippy::waker_clone_wake, reason = "waking by value is what is tested")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Wake, Waker};
use std::thread;

use super::{InlineWakers, Ones, ParentWaker, Pinned, WakeSet};

#[derive(Default)]
struct Parent(AtomicUsize);

impl Wake for Parent {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Parent {
    fn wakes(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

fn parent() -> (Arc<Parent>, Waker) {
    let parent = Arc::new(Parent::default());
    (parent.clone(), Waker::from(parent))
}

/// The woken children, taken.
fn woken(ready: &WakeSet) -> Vec<usize> {
    Ones(ready.take_groups())
        .flat_map(|group| Ones(ready.take(group)).map(move |child| group * 64 + child))
        .collect()
}

#[test]
fn each_waker_sets_the_bit_of_its_child() {
    for children in [1, 2, 9, 63, 64, 65, 128, 129, 300, 1000, 2048, WakeSet::MOST] {
        let ready = WakeSet::alone(children);
        for child in 0..children {
            ready.waker(child).wake_by_ref();
            assert!(ready.is_marked());
            assert_eq!(woken(&ready), [child]);
            assert!(!ready.is_marked());
        }
        for child in (0..children).rev() {
            ready.waker(child).clone().wake();
        }
        assert_eq!(woken(&ready), (0..children).collect::<Vec<_>>());
    }
}

#[test]
#[should_panic(expected = "there is no child 64")]
fn there_is_no_waker_for_a_child_that_there_is_not() {
    let _ = WakeSet::alone(64).waker(64);
}

#[test]
fn clones_of_a_waker_are_the_same_waker() {
    let ready = WakeSet::alone(70);
    let (one, other) = (ready.waker(69), ready.waker(69).clone());
    assert!(one.will_wake(&other) && other.clone().will_wake(&one));
    assert!(!one.will_wake(&ready.waker(68)));
}

#[test]
fn the_parent_is_woken_once_and_not_while_it_polls() {
    for children in [9, 200] {
        let (parent, waker) = parent();
        let ready = WakeSet::alone(children);
        ready.waker(3).wake_by_ref();
        assert_eq!(parent.wakes(), 0);
        assert!(!ready.parent().leave(&waker, || ready.is_marked()), "a child was woken in the meantime");
        assert_eq!(woken(&ready), [3]);
        assert!(ready.parent().leave(&waker, || ready.is_marked()));
        ready.waker(children - 1).wake_by_ref();
        ready.waker(children - 1).wake_by_ref();
        ready.waker(5).wake_by_ref();
        assert_eq!(parent.wakes(), 1);
        ready.parent().enter();
        assert_eq!(woken(&ready), [5, children - 1]);
    }
}

#[test]
fn several_chunks_meet_at_one_gate() {
    let (parent, waker) = parent();
    let top = ParentWaker::shared();
    let chunks: Vec<_> = (0..70).map(|chunk| WakeSet::among(&top, chunk, 64 << (chunk % 3))).collect();
    assert!(top.leave(&waker, || top.is_marked()));
    chunks[2].waker(100).wake_by_ref();
    chunks[66].waker(1).wake_by_ref();
    chunks[69].waker(2).wake_by_ref();
    assert_eq!(parent.wakes(), 1);
    top.enter();
    // The chunks 2 and 66, and 5 and 69, share a bit.
    assert_eq!(Ones(top.take()).collect::<Vec<_>>(), [2, 5]);
    assert_eq!((woken(&chunks[2]), woken(&chunks[66]), woken(&chunks[69])), (vec![100], vec![1], vec![2]));
    assert!(!top.is_marked());
}

#[test]
fn woken_children_can_be_taken_one_by_one() {
    let ready = WakeSet::alone(300);
    for child in [3, 63, 64, 200] {
        ready.waker(child).wake_by_ref();
    }
    assert_eq!(
        [0, 3, 4, 64, 65, 201, 300, 5000].map(|from| ready.first(from)),
        [Some(3), Some(3), Some(63), Some(64), Some(200), None, None, None]
    );
    ready.take_one(63);
    assert_eq!(ready.first(4), Some(64));
    assert_eq!(ready.take_from(0, 4), 0);
    assert_eq!(ready.take_from(3, 8), 1 << 8);
    assert!(ready.is_marked());
    assert_eq!(woken(&ready), [3, 64]);
}

#[test]
fn woken_children_that_are_put_back_are_found_again() {
    let (parent, waker) = parent();
    for children in [9, 200] {
        let ready = WakeSet::alone(children);
        ready.waker(2).wake_by_ref();
        ready.waker(5).wake_by_ref();
        assert_eq!(woken(&ready), [2, 5]);
        ready.put_back(0, 1 << 5);
        assert!(!ready.parent().leave(&waker, || ready.is_marked()), "it is still to be polled");
        assert_eq!(woken(&ready), [5]);
        ready.put_back(0, 0);
        assert!(ready.parent().leave(&waker, || ready.is_marked()));
    }
    assert_eq!(parent.wakes(), 0);
}

#[test]
fn wakers_outlive_the_block_and_give_everything_back() {
    let (parent, waker) = parent();
    let stale: Vec<Waker> = {
        let top = ParentWaker::shared();
        let chunks = [WakeSet::among(&top, 0, 64), WakeSet::among(&top, 1, 200)];
        let alone = WakeSet::alone(10);
        assert!(top.leave(&waker, || top.is_marked()));
        assert!(alone.parent().leave(&waker, || alone.is_marked()));
        assert_eq!(Arc::strong_count(&parent), 4);
        [chunks[0].waker(63), chunks[1].waker(199), alone.waker(9)].map(|waker| waker.clone()).into()
    };
    assert_eq!(Arc::strong_count(&parent), 2, "the parent is not kept");
    for waker in stale {
        waker.wake_by_ref();
        waker.clone().wake();
    }
    assert_eq!(parent.wakes(), 0);
}

#[test]
fn no_wake_from_another_thread_is_lost() {
    const CHILDREN: usize = 130;
    const ROUNDS: usize = if cfg!(miri) { 5 } else { 2_000 };
    /// Parks the test's thread until the parent is woken.
    struct Unpark(thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let ready = WakeSet::alone(CHILDREN);
    let parent = Waker::from(Arc::new(Unpark(thread::current())));
    let counts: Vec<_> = (0..CHILDREN).map(|_| Arc::new(AtomicUsize::new(0))).collect();
    let threads: Vec<_> = (0..4)
        .map(|thread| {
            let wakers: Vec<_> = (0..CHILDREN).map(|child| ready.waker(child).clone()).collect();
            let counts = counts.clone();
            thread::spawn(move || {
                for round in 0..ROUNDS {
                    let child = (round * 7 + thread * 31) % CHILDREN;
                    // What is done before a wake is seen after it.
                    counts[child].fetch_add(1, Ordering::Relaxed);
                    match round % 3 {
                        0 => wakers[child].wake_by_ref(),
                        1 => wakers[child].clone().wake(),
                        _ => {
                            let waker = wakers[child].clone();
                            waker.wake_by_ref();
                        }
                    }
                }
            })
        })
        .collect();
    let mut seen = vec![0; CHILDREN];
    while seen.iter().sum::<usize>() < 4 * ROUNDS {
        ready.parent().enter();
        loop {
            for child in woken(&ready) {
                seen[child] = counts[child].load(Ordering::Relaxed);
            }
            if ready.parent().leave(&parent, || ready.is_marked()) {
                break;
            }
        }
        if seen.iter().sum::<usize>() < 4 * ROUNDS {
            thread::park();
        }
    }
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

#[test]
fn who_wakes_itself_with_a_lent_waker_does_not_wake_the_parent() {
    let (parent, waker) = parent();
    let mut wakers = InlineWakers::new(&waker);
    wakers.waker(0).wake_by_ref();
    wakers.waker(63).wake_by_ref();
    wakers.waker(64 + 7).wake_by_ref();
    assert_eq!((wakers.take(), wakers.take()), (1 | 1 << 7 | 1 << 63, 0));
    {
        let borrowed = wakers.waker(5);
        let waker: &Waker = &borrowed;
        thread::scope(|scope| scope.spawn(|| waker.wake_by_ref()).join().unwrap());
    }
    assert_eq!((wakers.take(), parent.wakes()), (1 << 5, 0));
}

#[test]
fn a_clone_of_a_lent_waker_is_one_of_the_parent() {
    let (parent, waker) = parent();
    let mut wakers = InlineWakers::new(&waker);
    let clone = wakers.waker(3).clone();
    assert!(clone.will_wake(&waker));
    clone.wake_by_ref();
    assert_eq!((wakers.take(), parent.wakes(), Arc::strong_count(&parent)), (0, 1, 3));
    clone.wake();
    assert_eq!((parent.wakes(), Arc::strong_count(&parent)), (2, 2));
}

#[test]
fn places_do_not_move() {
    let mut places = Pinned::new([1, 2, 3].into_iter());
    let before = &raw const *places.get(2);
    *places.get(2) = 4;
    let mut moved = places;
    assert_eq!((moved.len(), *moved.peek(2), &raw const *moved.get(2)), (3, 4, before));
}

#[test]
fn ones_are_the_set_bits() {
    assert_eq!(Ones(0).count(), 0);
    assert_eq!(Ones(1 | 1 << 5 | 1 << 63).collect::<Vec<_>>(), [0, 5, 63]);
    assert_eq!(Ones(u64::MAX).count(), 64);
}
