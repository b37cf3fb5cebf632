//! The queue at the simplest gatekeeper there is, a room for one.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Wake, Waker};

use proptest::prelude::*;

use super::{Calls, Queue, Ticket};
use crate::sync::Mutex;

/// A room for one. Who is in it has the [`Key`].
#[derive(Debug)]
pub(super) struct Room(Mutex<Inside>);

#[derive(Debug, Default)]
struct Inside {
    taken: bool,
    closed: bool,
    queue: Queue,
}

impl Room {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Room(Mutex::new(Inside::default())))
    }

    /// Waits until the room is free; `None` when it is closed.
    pub(super) fn enter(self: &Arc<Self>) -> Enter {
        Enter { room: self.clone(), ticket: None }
    }

    /// For those who wait and those who come.
    pub(super) fn close(&self) {
        self.change(|inside, _| inside.closed = true);
    }

    fn change<T>(&self, change: impl FnOnce(&mut Inside, &mut Calls) -> T) -> T {
        let mut calls = Calls::default();
        let mut inside = self.0.lock().unwrap();
        let result = change(&mut inside, &mut calls);
        if inside.closed {
            inside.queue.dismiss(&mut calls);
        } else if !inside.taken {
            inside.queue.call(&mut calls);
        }
        result
    }

    fn is_waited_for(&self) -> bool {
        self.0.lock().unwrap().queue.first().is_some()
    }
}

#[derive(Debug)]
pub(super) struct Enter {
    room: Arc<Room>,
    ticket: Option<Ticket>,
}

impl Future for Enter {
    type Output = Option<Key>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Key>> {
        let Enter { room, ticket } = &mut *self;
        let waker = cx.waker().clone();
        room.change(|inside, calls| {
            let queue = &mut inside.queue;
            let behind = ticket.as_ref().map_or(queue.first().is_some(), |ticket| !queue.is_first(ticket));
            if !inside.closed && (inside.taken || behind) {
                match ticket {
                    Some(ticket) => queue.stay(ticket, waker, calls),
                    None => *ticket = Some(queue.join(waker)),
                }
                return Poll::Pending;
            }
            if let Some(ticket) = ticket.take() {
                queue.leave(ticket, calls);
            }
            inside.taken |= !inside.closed;
            Poll::Ready((!inside.closed).then(|| Key(room.clone())))
        })
    }
}

impl Drop for Enter {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.room.change(|inside, calls| inside.queue.leave(ticket, calls));
        }
    }
}

#[derive(Debug)]
pub(super) struct Key(Arc<Room>);

impl Drop for Key {
    fn drop(&mut self) {
        self.0.change(|inside, _| inside.taken = false);
    }
}

/// Counts how often it is woken.
#[derive(Debug, Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

/// Someone who wants to go in, and how often it has been woken.
struct Visitor {
    enter: Option<Enter>,
    count: Arc<Count>,
    waker: Waker,
}

impl Visitor {
    fn at(room: &Arc<Room>) -> Self {
        let count = Arc::<Count>::default();
        Visitor { enter: Some(room.enter()), waker: count.clone().into(), count }
    }

    fn look(&mut self) -> Poll<Option<Key>> {
        self.wakes();
        let enter = self.enter.as_mut().expect("it has not given up");
        pin!(enter).poll(&mut Context::from_waker(&self.waker))
    }

    fn waits(&mut self) -> bool {
        self.look().is_pending()
    }

    #[track_caller]
    fn key(&mut self) -> Key {
        match self.look() {
            Poll::Ready(Some(key)) => key,
            other => panic!("{other:?}"),
        }
    }

    /// Since it looked, or since the last call.
    fn wakes(&self) -> usize {
        self.count.0.swap(0, SeqCst)
    }
}

#[test]
fn first_come_first_served() {
    let room = Room::new();
    let [mut a, mut b, mut c] = [(); 3].map(|()| Visitor::at(&room));
    let key = a.key();
    assert!(b.waits() && c.waits());
    drop(key);
    assert_eq!((b.wakes(), c.wakes()), (1, 0), "the first, and nobody else");
    let mut late = Visitor::at(&room);
    assert!(late.waits() && c.waits(), "nobody overtakes, though the room is free");
    drop(b.key());
    drop(c.key());
    drop(late.key());
    assert!(!room.is_waited_for());
}

#[test]
fn who_leaves_moves_nobody() {
    let room = Room::new();
    let [mut a, mut b, mut c, mut d] = [(); 4].map(|()| Visitor::at(&room));
    let key = a.key();
    assert!(b.waits() && c.waits() && d.waits());
    c.enter = None;
    drop(key);
    assert_eq!((b.wakes(), d.wakes()), (1, 0));
    drop(b.key());
    assert_eq!(d.wakes(), 1);
    drop(d.key());
    assert!(!room.is_waited_for());
}

#[test]
fn a_turn_that_is_given_up_goes_to_the_next() {
    let room = Room::new();
    let [mut a, mut b, mut c, mut d] = [(); 4].map(|()| Visitor::at(&room));
    let key = a.key();
    assert!(b.waits() && c.waits() && d.waits());
    drop(key);
    b.enter = None;
    assert_eq!(c.wakes(), 1, "it was called before it could look");
    c.enter = None;
    assert_eq!(d.wakes(), 1);
    drop(d.key());
}

#[test]
fn who_stands_first_is_called_once_until_it_looks() {
    let room = Room::new();
    let [mut a, mut b, mut c] = [(); 3].map(|()| Visitor::at(&room));
    let key = a.key();
    assert!(b.waits() && c.waits());
    drop(key);
    for _ in 0..3 {
        c.enter = None;
        c = Visitor::at(&room);
        assert!(c.waits());
    }
    assert_eq!((b.wakes(), c.wakes()), (1, 0));
    let key = b.key();
    assert!(c.waits());
    drop(key);
    assert_eq!(c.wakes(), 1);
}

#[test]
fn all_are_woken_that_are_sent_away() {
    let room = Room::new();
    let [mut a, mut b, mut c] = [(); 3].map(|()| Visitor::at(&room));
    let _key = a.key();
    assert!(b.waits() && c.waits());
    room.close();
    assert_eq!((b.wakes(), c.wakes()), (1, 1));
    assert!(!room.is_waited_for(), "also if they never look again");
    for visitor in [&mut b, &mut c] {
        assert!(matches!(visitor.look(), Poll::Ready(None)));
    }
}

#[test]
fn the_first_can_be_sent_away_alone() {
    let (mut queue, mut calls) = (Queue::default(), Calls::default());
    let [one, two, three] = [(); 3].map(|()| queue.join(Waker::noop().clone()));
    queue.leave(two, &mut calls);
    queue.dismiss_first(&mut calls);
    assert!(!queue.has(&one) && queue.is_first(&three));
    queue.stay(&one, Waker::noop().clone(), &mut calls);
    assert!(!queue.has(&one), "it would have to join again");
    queue.dismiss_first(&mut calls);
    queue.dismiss_first(&mut calls);
    assert_eq!(queue.first(), None);
}

/// Every method of a waker comes back to the room. If one is called under the lock, this does not end.
#[test]
fn a_waker_may_come_back_to_the_gatekeeper() {
    struct Nosy(Weak<Room>, AtomicUsize);

    impl Nosy {
        fn look(&self) {
            self.1.fetch_add(1, SeqCst);
            if let Some(room) = self.0.upgrade() {
                room.is_waited_for();
            }
        }
    }

    impl Wake for Nosy {
        fn wake(self: Arc<Self>) {
            self.look();
        }
    }

    impl Drop for Nosy {
        fn drop(&mut self) {
            self.look();
        }
    }

    // A fresh waker for every poll, so that the queue's is always the last and its drop is this one's.
    let room = Room::new();
    let look = |enter: &mut Enter| {
        let waker = Waker::from(Arc::new(Nosy(Arc::downgrade(&room), AtomicUsize::new(0))));
        pin!(enter).poll(&mut Context::from_waker(&waker))
    };
    let Poll::Ready(Some(key)) = look(&mut room.enter()) else { panic!("it is free") };
    let mut waits = room.enter();
    for _ in 0..3 {
        assert!(look(&mut waits).is_pending());
    }
    let mut gives_up = room.enter();
    assert!(look(&mut gives_up).is_pending());
    drop(gives_up);
    drop(key);
    assert!(look(&mut waits).is_ready());
    room.close();
}

#[test]
fn a_waker_that_panics_keeps_nobody_asleep() {
    struct Panics;

    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            panic!("in a waker");
        }
    }

    let room = Room::new();
    let key = Visitor::at(&room).key();
    let mut bad = room.enter();
    let waker = Waker::from(Arc::new(Panics));
    assert!(pin!(&mut bad).poll(&mut Context::from_waker(&waker)).is_pending());
    let mut good = Visitor::at(&room);
    assert!(good.waits());
    room.close();
    assert_eq!(good.wakes(), 1);
    drop(key);
}

#[test]
fn a_waker_whose_drop_panics_takes_nothing_from_the_run_that_replaces_it() {
    struct Panics;

    impl Wake for Panics {
        fn wake(self: Arc<Self>) {}
    }

    impl Drop for Panics {
        fn drop(&mut self) {
            panic!("in a drop");
        }
    }

    let room = Room::new();
    let _key = Visitor::at(&room).key();
    let mut enter = room.enter();
    let mut poll = |waker: Waker| pin!(&mut enter).poll(&mut Context::from_waker(&waker)).is_pending();
    // What the queue has of the first is the last of it.
    assert!(poll(Arc::new(Panics).into()) && poll(Waker::noop().clone()));
}

#[test]
fn the_queue_is_no_longer_than_those_in_it() {
    let (mut queue, mut calls) = (Queue::default(), Calls::default());
    let first = queue.join(Waker::noop().clone());
    let mut last = queue.join(Waker::noop().clone());
    for _ in 0..10_000 {
        // There is always one before and one behind those that come and go.
        let next = queue.join(Waker::noop().clone());
        queue.leave(std::mem::replace(&mut last, next), &mut calls);
        calls = Calls::default();
    }
    assert!(queue.is_first(&first) && queue.has(&last));
    assert!(format!("{queue:?}").matches("Place").count() <= 6, "{queue:?}");
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Arrive,
    /// The visitor of this number looks.
    Look(usize),
    GiveUp(usize),
    GoOut,
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_000) })]

    /// Against a list: who may go in is who stands first in it while the room is free, and has been woken for it.
    #[test]
    fn random_visits_agree_with_a_list(steps in prop::collection::vec(prop_oneof![
        4 => Just(Step::Arrive),
        6 => (0..8_usize).prop_map(Step::Look),
        2 => (0..8_usize).prop_map(Step::GiveUp),
        3 => Just(Step::GoOut),
    ], 1..150)) {
        let room = Room::new();
        let mut key: Option<Key> = None;
        let mut line: Vec<(usize, Visitor)> = Vec::new();
        let mut arrivals = 0;
        for step in steps {
            match step {
                Step::Arrive => {
                    let mut visitor = Visitor::at(&room);
                    let free = key.is_none() && line.is_empty();
                    match visitor.look() {
                        Poll::Ready(Some(got)) => {
                            prop_assert!(free);
                            key = Some(got);
                        }
                        Poll::Ready(None) => unreachable!("it is open"),
                        Poll::Pending => {
                            prop_assert!(!free);
                            arrivals += 1;
                            line.push((arrivals, visitor));
                        }
                    }
                }
                Step::Look(number) if number < line.len() => {
                    let first = key.is_none() && number == 0;
                    match line[number].1.look() {
                        Poll::Ready(Some(got)) => {
                            prop_assert!(first);
                            key = Some(got);
                            line.remove(0);
                        }
                        Poll::Ready(None) => unreachable!("it is open"),
                        Poll::Pending => prop_assert!(!first),
                    }
                }
                Step::GiveUp(number) if number < line.len() => drop(line.remove(number)),
                Step::GoOut => key = None,
                Step::Look(_) | Step::GiveUp(_) => {}
            }
            prop_assert!(line.is_sorted_by_key(|(arrival, _)| *arrival));
            prop_assert_eq!(room.is_waited_for(), !line.is_empty());
            if key.is_none() && let Some((_, first)) = line.first() {
                prop_assert!(matches!(first.count.0.load(SeqCst), 1..), "nobody told it");
            }
        }
    }
}
