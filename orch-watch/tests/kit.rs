//! What buses are put together of.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use async_orch::bus::{
    DynBus, Full, Message, NoBus, Receiver, Recorder, Ring, Sink, channel, filter, from_fn, map, sample,
};
use async_orch::{
    Attempt, BoxFuture, Bus, Done, Event, Local, OwnedEvent, Run, Runtime, TaskState, pipeline, task,
};
use futures::{FutureExt, StreamExt};

#[task]
async fn double(n: u32) -> u32 {
    n * 2
}

// ----- ring -----

#[test]
fn a_ring_keeps_the_latest_and_counts_those_before() {
    let ring = Ring::new(3);
    let taken = ring.take_all();
    assert_eq!((taken.lost, taken.values), (0, Vec::<u32>::new()));
    for n in 0..10 {
        ring.take(n);
    }
    let copied = ring.copy_all();
    assert_eq!((copied.lost, &copied.values[..]), (7, &[7, 8, 9][..]));
    assert_eq!(ring.take_all(), copied, "a copy takes nothing");
    ring.take(10);
    let taken = ring.take_all();
    assert_eq!((taken.lost, &taken.values[..]), (0, &[10][..]), "the gap is told once");
}

#[test]
fn what_a_ring_lets_go_may_use_the_ring() {
    struct Nosy(Ring<Nosy>, Arc<AtomicUsize>);
    impl Drop for Nosy {
        fn drop(&mut self) {
            self.1.fetch_add(self.0.take_all().values.len() + 1, Ordering::Relaxed);
        }
    }
    let (ring, dropped) = (Ring::new(1), Arc::new(AtomicUsize::new(0)));
    ring.take(Nosy(ring.clone(), dropped.clone()));
    ring.take(Nosy(ring.clone(), dropped.clone()));
    // The first one, and the second one, which that takes out.
    assert_eq!(dropped.load(Ordering::Relaxed), 3);
}

#[test]
#[should_panic(expected = "a ring keeps at least one")]
fn a_ring_of_none_is_refused() {
    let _ = Ring::<u32>::new(0);
}

// ----- channel -----

fn received<T>(receiver: &mut Receiver<T>) -> Vec<Message<T>> {
    std::iter::from_fn(|| receiver.next().now_or_never().flatten()).collect()
}

#[test]
fn a_channel_that_drops_says_where_and_how_many() {
    let (sender, mut receiver) = channel(2, Full::Drop);
    for n in 0..5 {
        sender.take(n);
    }
    assert_eq!(received(&mut receiver), [Message::Value(0), Message::Value(1), Message::Lost(3)]);
    sender.take(5);
    assert_eq!(received(&mut receiver), [Message::Value(5)]);
    drop(sender);
    assert_eq!(receiver.next().now_or_never(), Some(None), "it ends with its senders");
}

#[test]
fn of_what_is_lost_nothing_is_forgotten_between_values() {
    let (sender, mut receiver) = channel(1, Full::Drop);
    let mut seen = 0;
    let mut lost = 0;
    for n in 0..1_000 {
        sender.take(n);
        if n % 7 == 0 {
            match receiver.next().now_or_never().flatten() {
                Some(Message::Value(_)) => seen += 1,
                Some(Message::Lost(number)) => lost += number,
                other => panic!("{other:?}"),
            }
        }
    }
    for message in received(&mut receiver) {
        match message {
            Message::Value(_) => seen += 1,
            Message::Lost(number) => lost += number,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(seen + lost, 1_000);
}

/// To make an event costs what its output takes to print.
#[tokio::test]
async fn an_event_for_which_there_is_no_room_is_not_made() {
    static PRINTED: AtomicUsize = AtomicUsize::new(0);
    #[derive(Clone)]
    struct Slow;
    impl std::fmt::Debug for Slow {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            PRINTED.fetch_add(1, Ordering::Relaxed);
            f.write_str("slow")
        }
    }
    let (events, mut receiver) = channel::<OwnedEvent>(2, Full::Drop);
    let p = pipeline! { |_: Slow| seq < |x| { x } |x| { x } |x| { x } > };
    (&p).with_bus(events.clone()).run(Slow).await.unwrap();
    assert_eq!(PRINTED.load(Ordering::Relaxed), 0, "there is room for the two starts");
    let told = received(&mut receiver);
    assert!(matches!(told[..], [Message::Value(_), Message::Value(_), Message::Lost(6)]), "{told:?}");
    // Nor one that nobody receives, whatever is to be done if there is no room.
    drop(receiver);
    (&p).with_bus(events).run(Slow).await.unwrap();
    let (events, receiver) = channel::<OwnedEvent>(100, Full::Block);
    drop(receiver);
    (&p).with_bus(events).run(Slow).await.unwrap();
    assert_eq!(PRINTED.load(Ordering::Relaxed), 0);
}

#[test]
fn of_the_events_of_several_threads_each_comes_or_is_counted() {
    let (events, mut receiver) = channel::<OwnedEvent>(3, Full::Drop);
    let runs: Vec<_> = (0..3)
        .map(|_| {
            let events = events.clone();
            thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                let p = pipeline! { |_: u32| seq < |n| { n } |n| { n } > }.with_bus(events);
                runtime.block_on(async {
                    for n in 0..200 {
                        p.run(n).await.unwrap();
                    }
                });
            })
        })
        .collect();
    drop(events);
    let (mut seen, mut lost) = (0, 0);
    while let Some(message) = receiver.blocking_next() {
        match message {
            Message::Value(_) => seen += 1,
            Message::Lost(number) => lost += number,
            other => panic!("{other:?}"),
        }
    }
    for run in runs {
        run.join().unwrap();
    }
    assert_eq!(seen + lost, 3 * 200 * 6);
}

#[tokio::test]
async fn a_run_waits_for_a_slow_receiver_on_another_thread() {
    let (events, mut receiver) = channel::<OwnedEvent>(1, Full::Block);
    let slow = thread::spawn(move || {
        let mut seen = Vec::new();
        while let Some(message) = receiver.blocking_next() {
            // Others have their turn first.
            thread::yield_now();
            match message {
                Message::Value(event) => seen.push(event.seq),
                other => panic!("{other:?}"),
            }
        }
        seen
    });
    let p = pipeline! { |_: Vec<u32>| each < double > }.with_bus(events);
    p.run((0..100).collect()).await.unwrap();
    drop(p);
    assert_eq!(slow.join().unwrap(), (0..202).collect::<Vec<u64>>(), "each, and in their order");
}

#[test]
fn who_waits_for_room_goes_on_when_the_receiver_is_dropped() {
    let (sender, mut receiver) = channel(1, Full::Block);
    let (told, waits) = mpsc::channel();
    let senders: Vec<_> = (0..4)
        .map(|n| {
            let (sender, told) = (sender.clone(), told.clone());
            thread::spawn(move || {
                told.send(()).unwrap();
                for _ in 0..10 {
                    sender.take(n);
                }
            })
        })
        .collect();
    for _ in 0..4 {
        waits.recv().unwrap();
    }
    assert!(receiver.blocking_next().is_some());
    drop(receiver);
    for sender in senders {
        sender.join().unwrap();
    }
    sender.take(9);
}

#[test]
fn a_receiver_that_waits_is_woken_by_a_value_and_by_the_end() {
    let (sender, mut receiver) = channel(4, Full::Drop);
    let waiting = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async { (receiver.next().await, receiver.next().await) })
    });
    sender.take(1);
    drop(sender);
    assert_eq!(waiting.join().unwrap(), (Some(Message::Value(1)), None));
}

#[test]
#[should_panic(expected = "a channel has room for at least one")]
fn a_channel_without_room_is_refused() {
    let _ = channel::<u32>(0, Full::Drop);
}

// ----- filter, map, sample -----

#[tokio::test]
async fn a_filter_keeps_the_order_and_a_map_makes_one_of_each() {
    let seen = Mutex::new(Vec::new());
    let ends = filter(
        |event| event.task_state() == Some(TaskState::Succeeded),
        map(|event: &Event<'_>| (event.seq, event.execution.item), |end| seen.lock().unwrap().push(end)),
    );
    pipeline! { |_: Vec<u32>| each(limit = 1) < double > }.with_bus(ends).run(vec![1, 2, 3]).await.unwrap();
    assert_eq!(*seen.lock().unwrap(), [(2, Some(0)), (4, Some(1)), (6, Some(2))]);
}

#[tokio::test]
async fn of_a_run_that_is_sampled_every_event_is_there_and_of_others_none() {
    let recorder = Recorder::new();
    let p = pipeline! { |_: Vec<u32>| each < double > };
    let p = p.with_bus(sample(0.5, &recorder));
    for _ in 0..200 {
        p.run(vec![1, 2]).await.unwrap();
    }
    recorder.assert_balanced();
    let events = recorder.events();
    assert_eq!(events.len() % 6, 0);
    assert!((60..140).contains(&(events.len() / 6)), "{}", events.len() / 6);
    let none = Recorder::new();
    let p = pipeline! { |_: Vec<u32>| each < double > }.with_bus(sample(0.0, &none));
    p.run(vec![1]).await.unwrap();
    assert!(none.events().is_empty());
}

#[test]
#[should_panic(expected = "a share is between 0 and 1, and not NaN")]
fn a_share_that_is_no_number_is_refused() {
    let _ = sample(f64::NAN, NoBus);
}

// ----- no clock -----

/// Counts how often it is asked for the time.
#[derive(Default)]
struct Asked(AtomicUsize);

impl Runtime for Asked {
    fn execute<'a>(&'a self, attempt: Attempt<'a>) -> BoxFuture<'a, Done<'a>> {
        Box::pin(attempt.run())
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        Local.sleep(duration)
    }

    fn now(&self) -> Instant {
        self.0.fetch_add(1, Ordering::Relaxed);
        Local.now()
    }

    fn random(&self) -> u64 {
        7
    }
}

/// A bus that looks at no times, and counts.
#[derive(Default)]
struct Timeless(AtomicUsize);

impl Bus for Timeless {
    fn emit(&self, event: &Event<'_>) {
        assert!(event.elapsed.is_zero());
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn needs_time(&self) -> bool {
        false
    }
}

/// How often the clock is read in a run.
async fn readings<B: Bus>(bus: B) -> usize {
    let asked = Asked::default();
    let p = pipeline! {
        |_: Vec<u32>| seq < each(limit = 1) < double > par(limit = 1) < |_| {} |_| {} as "waits" > >
    };
    let p = p.with_bus(bus);
    p.on(&asked).run(vec![1, 2]).await.unwrap();
    asked.0.load(Ordering::Relaxed)
}

#[tokio::test]
async fn a_bus_that_needs_no_time_costs_no_clock_through_all_that_is_around_it() {
    let timeless = Timeless::default();
    assert_eq!(readings(&timeless).await, 0);
    let events = timeless.0.load(Ordering::Relaxed);
    assert_eq!(events, 15, "events were told");
    assert_eq!(readings(Arc::new(Timeless::default())).await, 0);
    assert_eq!(readings(Box::new(Timeless::default())).await, 0);
    assert_eq!(readings(Arc::new(Timeless::default()) as Arc<dyn DynBus>).await, 0);
    assert_eq!(readings(Box::new(Timeless::default()) as Box<dyn DynBus>).await, 0);
    assert_eq!(readings(Some(Timeless::default())).await, 0);
    assert_eq!(readings(None::<Recorder>).await, 0);
    assert_eq!(readings((Timeless::default(), Timeless::default())).await, 0);
    assert_eq!(readings((Timeless::default(), NoBus)).await, 0);
    assert_eq!(readings(filter(|_| true, Timeless::default())).await, 0);
    assert_eq!(readings(sample(1.0, Timeless::default())).await, 0);
    assert_eq!(readings(filter(|_| true, sample(1.0, (Some(&timeless), NoBus)))).await, 0);

    // And one that does has a reading for the start, and one for each event.
    assert_eq!(readings(from_fn(|_| {})).await, events + 1);
    assert_eq!(readings((Timeless::default(), from_fn(|_| {}))).await, events + 1);
    assert_eq!(readings(filter(|_| false, Recorder::new())).await, events + 1);
    assert_eq!(readings(map(|_| (), |()| {})).await, events + 1);
}
