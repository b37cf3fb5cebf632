//! The room for one, and every order in which threads can come to it.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use ::loom::sync::atomic::{AtomicUsize, Ordering};
use ::loom::thread;

use super::tests::Room;
use crate::sync::{block_on, check, check_within};

/// Goes in, and finds nobody there.
fn visit(room: &Arc<Room>, inside: &AtomicUsize) {
    let key = block_on(room.enter()).expect("it is open");
    assert_eq!(inside.fetch_add(1, Ordering::Relaxed), 0);
    inside.fetch_sub(1, Ordering::Relaxed);
    drop(key);
}

/// Waits for a while, and gives up.
fn give_up(room: &Arc<Room>) {
    let mut enter = pin!(room.enter());
    if let Poll::Ready(Some(key)) = enter.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        drop(key);
    }
}

#[test]
fn all_go_in_one_at_a_time() {
    check_within(3, || {
        let (room, inside) = (Room::new(), Arc::new(AtomicUsize::new(0)));
        let others = [(); 2].map(|()| {
            let (room, inside) = (room.clone(), inside.clone());
            thread::spawn(move || visit(&room, &inside))
        });
        visit(&room, &inside);
        for other in others {
            other.join().unwrap();
        }
    });
}

#[test]
fn who_gives_up_while_it_is_called_leaves_the_turn_to_the_next() {
    check_within(3, || {
        let (room, inside) = (Room::new(), Arc::new(AtomicUsize::new(0)));
        let key = block_on(room.enter());
        let gives_up = thread::spawn({
            let room = room.clone();
            move || give_up(&room)
        });
        let waits = thread::spawn({
            let (room, inside) = (room.clone(), inside.clone());
            move || visit(&room, &inside)
        });
        drop(key);
        gives_up.join().unwrap();
        waits.join().unwrap();
    });
}

#[test]
fn who_comes_while_it_closes_is_sent_away() {
    check(|| {
        let room = Room::new();
        let key = block_on(room.enter());
        let waits = thread::spawn({
            let room = room.clone();
            move || block_on(room.enter()).is_some()
        });
        room.close();
        assert!(!waits.join().unwrap(), "the room was never free");
        drop(key);
    });
}
