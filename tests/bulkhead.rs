//! The block `bulkhead`.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use async_orch::bus::Recorder;
use async_orch::{
    Admit, Attempt, BoxFuture, Breaker, Bulkhead, Done, Error, ErrorKind, Gatekeeper, Local, Position,
    Report, Runtime, pipeline, task,
};
use tokio::time::{Instant, sleep};

use common::{Oops, at_once, poll_once};

mod common;

const SECOND: Duration = Duration::from_secs(1);

/// Takes so many seconds.
#[task]
async fn work(seconds: u64) -> u64 {
    sleep(SECOND * u32::try_from(seconds).unwrap()).await;
    seconds
}

#[task]
async fn fails() -> Result<u64, Oops> {
    Err(Oops("down"))
}

/// How often it was woken.
#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

type Ran<'a, T = u64> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

#[track_caller]
fn rejected<T>(run: &mut Ran<'_, T>) -> ErrorKind {
    match poll_once(run.as_mut()) {
        Poll::Ready(Err(error)) => error.into_kind(),
        Poll::Ready(Ok(_)) => panic!("it ran"),
        Poll::Pending => panic!("it waits"),
    }
}

#[track_caller]
fn waits<T>(run: &mut Ran<'_, T>) {
    assert!(poll_once(run.as_mut()).is_pending());
}

#[tokio::test(start_paused = true)]
async fn bulkhead_1_no_more_than_max_run_at_once() {
    let (running, peak) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let p = pipeline! {
        |_: Vec<u64>|
        each < bulkhead(max = 3, queue = unlimited) < async |n| {
            peak.fetch_max(running.fetch_add(1, SeqCst) + 1, SeqCst);
            sleep(SECOND).await;
            running.fetch_sub(1, SeqCst);
            n
        } > >
    };
    let start = Instant::now();
    // Over all runs, not only over the items of one.
    let (a, b) = tokio::join!(p.run((0..5).collect()), p.run((5..10).collect()));
    assert_eq!((a.unwrap(), b.unwrap()), ((0..5).collect(), (5..10).collect()));
    assert_eq!((peak.into_inner(), start.elapsed()), (3, 4 * SECOND));
}

#[tokio::test(start_paused = true)]
async fn bulkhead_2_a_place_is_held_for_the_whole_body() {
    let places = Bulkhead::new(1);
    let p = pipeline! { |_: u64| bulkhead(bulkhead = &places) < work |n| { n } work > };
    let mut run: Ran<'_> = Box::pin(p.run(1));
    waits(&mut run);
    tokio::time::advance(SECOND).await;
    waits(&mut run);
    assert_eq!(places.in_use(), 1);
    assert_eq!(run.await.unwrap(), 1);
    assert_eq!(places.in_use(), 0);
    // Also by one that fails, is dropped or panics.
    let p = pipeline! { bulkhead(bulkhead = &places) < fails > };
    assert_eq!(at_once(p.run(())).unwrap_err().path(), "bulkhead/fails");
    let p = pipeline! { bulkhead(bulkhead = &places) < work(1) > };
    let mut run: Ran<'_> = Box::pin(p.run(()));
    waits(&mut run);
    drop(run);
    let p = pipeline! { catch < bulkhead(bulkhead = &places) < |_| { panic!("oh") } > > };
    assert!(matches!(at_once(p.run(())).unwrap_err().kind(), ErrorKind::Panicked(_)));
    assert_eq!(places.in_use(), 0);
}

#[test]
fn bulkhead_3_first_come_first_served() {
    let places = Bulkhead::builder(1).queue(9).build();
    let ended = AtomicUsize::new(0);
    let p = pipeline! {
        |_: usize|
        bulkhead(bulkhead = &places) < async |n| {
            poll_fn(|_| if ended.load(SeqCst) > n { Poll::Ready(()) } else { Poll::Pending }).await;
            n
        } >
    };
    let counts: [Arc<Count>; 3] = std::array::from_fn(|_| Arc::default());
    let mut runs: Vec<Ran<'_, usize>> = (0..3).map(|n| Box::pin(p.run(n)) as _).collect();
    for (run, count) in runs.iter_mut().zip(&counts) {
        let waker = Waker::from(count.clone());
        assert!(run.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    }
    ended.store(1, SeqCst);
    assert!(poll_once(runs[0].as_mut()).is_ready());
    assert_eq!(counts.each_ref().map(|count| count.0.load(SeqCst)), [0, 1, 0], "the first, and nobody else");
    // The place is the second one's, also for who comes before that has looked.
    let mut late: Ran<'_, usize> = Box::pin(p.run(3));
    waits(&mut late);
    let waker = Waker::from(counts[2].clone());
    assert!(runs[2].as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    assert_eq!((places.in_use(), places.waiting()), (1, 2));
    ended.store(2, SeqCst);
    assert!(poll_once(runs[1].as_mut()).is_ready());
    assert_eq!(counts[2].0.load(SeqCst), 1);
}

#[test]
fn bulkhead_3_two_free_places_are_two_runs() {
    let places = Bulkhead::builder(2).queue(9).build();
    let ended = AtomicUsize::new(0);
    let p = pipeline! {
        |_: usize|
        bulkhead(bulkhead = &places) < async |n| {
            poll_fn(|_| if ended.load(SeqCst) > n { Poll::Ready(()) } else { Poll::Pending }).await;
            n
        } >
    };
    let mut runs: Vec<Ran<'_, usize>> = (0..4).map(|n| Box::pin(p.run(n)) as _).collect();
    runs.iter_mut().for_each(waits);
    ended.store(2, SeqCst);
    for run in &mut runs[..2] {
        assert!(poll_once(run.as_mut()).is_ready());
    }
    assert_eq!((places.in_use(), places.waiting()), (2, 0), "nobody has to look for the other to be served");
    ended.store(4, SeqCst);
    assert!(poll_once(runs[3].as_mut()).is_ready());
    assert!(poll_once(runs[2].as_mut()).is_ready());
}

#[test]
fn bulkhead_4_who_is_dropped_leaves_the_queue_and_its_place_to_the_next() {
    let places = Bulkhead::builder(1).queue(3).build();
    let p = pipeline! { bulkhead(bulkhead = &places) < async |_| { std::future::pending::<()>().await } > };
    let mut runs: VecDeque<Ran<'_, ()>> = (0..4).map(|_| Box::pin(p.run(())) as _).collect();
    runs.iter_mut().for_each(waits);
    assert_eq!((places.in_use(), places.waiting()), (1, 3));
    drop(runs.remove(2));
    assert_eq!((places.in_use(), places.waiting()), (1, 2));
    // The holder goes, and then the one that was handed its place, before it looks.
    drop(runs.pop_front());
    assert_eq!((places.in_use(), places.waiting()), (1, 1));
    drop(runs.pop_front());
    assert_eq!((places.in_use(), places.waiting()), (1, 0));
    drop(runs);
    assert_eq!((places.in_use(), places.waiting()), (0, 0));
}

#[test]
fn bulkhead_4_who_waits_is_woken_by_the_waker_of_its_latest_poll() {
    let places = Bulkhead::builder(1).queue(1).build();
    let p = pipeline! { bulkhead(bulkhead = &places) < async |_| { std::future::pending::<()>().await } > };
    let (mut inside, mut run): (Ran<'_, ()>, Ran<'_, ()>) = (Box::pin(p.run(())), Box::pin(p.run(())));
    waits(&mut inside);
    let wakes = [(); 2].map(|()| Arc::new(Count::default()));
    for count in &wakes {
        let waker = Waker::from(count.clone());
        assert!(run.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    }
    drop(inside);
    assert_eq!(wakes.map(|count| (count.0.load(SeqCst), Arc::strong_count(&count))), [(0, 1), (1, 1)]);
}

#[test]
fn bulkhead_5_a_full_queue_turns_away_at_once() {
    let places = Bulkhead::builder(1).queue(1).build();
    let p = pipeline! { bulkhead(bulkhead = &places) < async |_| { std::future::pending::<()>().await } > };
    let mut runs: [Ran<'_, ()>; 3] = [(); 3].map(|()| Box::pin(p.run(())) as _);
    waits(&mut runs[0]);
    waits(&mut runs[1]);
    let kind = rejected(&mut runs[2]);
    let ErrorKind::BulkheadFull { in_use, waiting, waited, .. } = kind else { panic!("{kind:?}") };
    assert_eq!((in_use, waiting, waited), (1, 1, false));
    assert_eq!(kind.to_string(), "the bulkhead is full (1 in use, 1 waiting)");
    assert!(kind.is_rejection());
    // Without a queue nobody waits.
    let p = pipeline! { bulkhead(max = 1) < async |_| { std::future::pending::<()>().await } > };
    let mut runs: [Ran<'_, ()>; 2] = [(); 2].map(|()| Box::pin(p.run(())) as _);
    waits(&mut runs[0]);
    assert!(matches!(rejected(&mut runs[1]), ErrorKind::BulkheadFull { in_use: 1, waiting: 0, .. }));
}

#[tokio::test(start_paused = true)]
async fn bulkhead_6_nobody_waits_longer_than_max_wait() {
    let p = pipeline! { |_: u64| bulkhead(max = 1, queue = 9, max_wait = 2s) < work > };
    let start = Instant::now();
    let timed = async |seconds| (p.run(seconds).await.map_err(Error::into_kind), start.elapsed());
    let (first, second, third) = tokio::join!(timed(1), timed(5), timed(1));
    assert_eq!((first.0.unwrap(), first.1), (1, SECOND));
    assert_eq!((second.0.unwrap(), second.1), (5, 6 * SECOND));
    let kind = third.0.unwrap_err();
    assert_eq!(
        (kind.to_string().as_str(), third.1),
        ("no place in the bulkhead was free in time (1 in use, 0 waiting)", 2 * SECOND)
    );
    assert!(matches!(kind, ErrorKind::BulkheadFull { waited: true, .. }));
}

#[test]
fn bulkhead_7_closed_it_turns_all_away_but_those_inside() {
    let places = Bulkhead::builder(1).queue(9).build();
    let ended = AtomicUsize::new(0);
    let p = pipeline! {
        |_: usize|
        bulkhead(bulkhead = &places) < async |n| {
            poll_fn(|_| if ended.load(SeqCst) > n { Poll::Ready(()) } else { Poll::Pending }).await;
            n
        } >
    };
    let counts: [Arc<Count>; 4] = std::array::from_fn(|_| Arc::default());
    let mut runs: Vec<Ran<'_, usize>> = (0..4).map(|n| Box::pin(p.run(n)) as _).collect();
    for (run, count) in runs.iter_mut().zip(&counts) {
        let waker = Waker::from(count.clone());
        assert!(run.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    }
    ended.store(1, SeqCst);
    assert!(poll_once(runs[0].as_mut()).is_ready());
    // The second has been handed the place, and has not looked.
    places.close();
    places.close();
    assert_eq!(counts.each_ref().map(|count| count.0.load(SeqCst)), [0, 1, 1, 1]);
    assert_eq!((places.is_closed(), places.in_use(), places.waiting()), (true, 1, 0));
    for run in &mut runs[2..] {
        let kind = rejected(run);
        assert!(matches!(kind, ErrorKind::BulkheadClosed) && kind.is_rejection());
    }
    let mut late: Ran<'_, usize> = Box::pin(p.run(9));
    assert_eq!(rejected(&mut late).to_string(), "the bulkhead is closed");
    ended.store(2, SeqCst);
    assert!(poll_once(runs[1].as_mut()).is_ready());
    assert_eq!(places.in_use(), 0);
}

#[tokio::test(start_paused = true)]
async fn bulkhead_8_idle_is_when_nobody_is_left() {
    let places = Bulkhead::builder(2).queue(9).build();
    at_once(places.idle());
    let p = pipeline! { |_: Vec<u64>| each < bulkhead(bulkhead = &places) < work > > };
    let start = Instant::now();
    let watch = async || {
        tokio::task::yield_now().await;
        places.idle().await;
        start.elapsed()
    };
    let impatient = async {
        tokio::task::yield_now().await;
        tokio::time::timeout(SECOND / 2, places.idle()).await
    };
    let (run, one, two, gave_up) = tokio::join!(p.run(vec![1, 2, 3, 1]), watch(), watch(), impatient);
    assert!(run.is_ok() && gave_up.is_err());
    assert_eq!((one, two), (4 * SECOND, 4 * SECOND));
}

#[test]
fn bulkhead_8_who_no_longer_waits_for_that_is_not_woken() {
    let places = Bulkhead::new(1);
    let p = pipeline! { bulkhead(bulkhead = &places) < async |_| { std::future::pending::<()>().await } > };
    let mut run: Ran<'_, ()> = Box::pin(p.run(()));
    waits(&mut run);
    let wakes = Arc::new(Count::default());
    let waker = Waker::from(wakes.clone());
    assert!(pin!(places.idle()).poll(&mut Context::from_waker(&waker)).is_pending());
    drop((run, waker));
    assert_eq!((wakes.0.load(SeqCst), Arc::strong_count(&wakes)), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn bulkhead_9_it_does_not_wait_for_itself() {
    let places = Bulkhead::builder(2).queue(9).build();
    let inner = pipeline! { bulkhead(bulkhead = &places) < work(1) > };
    let reentrant =
        |error: Error| matches!(error.kind(), ErrorKind::BulkheadReentrant) && error.kind().is_rejection();

    let nested = pipeline! {
        bulkhead(bulkhead = &places) < seq < |_| {} bulkhead(bulkhead = &places) < work(1) > > >
    };
    let error = nested.run(()).await.unwrap_err();
    assert_eq!(error.path(), "bulkhead/seq/bulkhead");
    assert!(reentrant(error));
    let embedded = pipeline! { bulkhead(bulkhead = &places) < work(1) |_| {} { &inner } > };
    assert!(reentrant(embedded.run(()).await.unwrap_err()), "also after it has waited");
    let by_context =
        pipeline! { bulkhead(bulkhead = &places) < async |_, cx| { cx.run(&inner, ()).await } > };
    assert!(reentrant(by_context.run(()).await.unwrap_err()));
    let by_hand = pipeline! { bulkhead(bulkhead = &places) < async |_| { inner.run(()).await } > };
    assert!(reentrant(by_hand.run(()).await.unwrap_err()));
    let other = Bulkhead::new(1);
    let between = pipeline! { bulkhead(bulkhead = &places) < bulkhead(bulkhead = &other) < { &inner } > > };
    assert!(reentrant(between.run(()).await.unwrap_err()));

    // Beside itself it may be, and inside of another one.
    let beside = pipeline! { par < { &inner } { &inner } > };
    assert_eq!(beside.run(()).await.unwrap(), (1, 1));
    let inside = pipeline! { bulkhead(bulkhead = &other) < { &inner } > };
    assert_eq!(inside.run(()).await.unwrap(), 1);
    // Also after a panic in it.
    let panics = pipeline! { catch < bulkhead(bulkhead = &places) < |_| { panic!("oh") } > > };
    assert!(at_once(panics.run(())).is_err());
    assert_eq!(inner.run(()).await.unwrap(), 1);
    assert_eq!((places.in_use(), places.waiting()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn bulkhead_10_waiting_is_told_and_the_place_is_free_before_the_end_is() {
    let recorder = Recorder::new();
    let places = Bulkhead::builder(1).queue(1).max_wait(9 * SECOND).build();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let ends = async_orch::bus::from_fn({
        let (places, seen) = (places.clone(), seen.clone());
        move |event: &async_orch::Event<'_>| {
            if let async_orch::EventKind::Block(async_orch::BlockEvent::Succeeded { .. }) = event.kind {
                seen.lock().unwrap().push(places.in_use());
            }
        }
    });
    let p = pipeline! { |_: u64| bulkhead(bulkhead = &places) < work > }.with_bus((recorder.clone(), ends));
    let (a, b, c) = tokio::join!(p.run(1), p.run(1), p.run(1));
    assert!(a.is_ok() && b.is_ok() && c.is_err());
    assert_eq!(*seen.lock().unwrap(), [1, 0], "the place was handed on, and then it was free");
    let waiting: Vec<_> = recorder.of("bulkhead").iter().filter_map(|event| event.waiting()).collect();
    let [waiting] = waiting.as_slice() else { panic!("{waiting:?}") };
    assert_eq!((waiting.cause, waiting.time), ("no place is free", Some(9 * SECOND)));
    assert_eq!(waiting.to_string(), "waits, as no place is free, for 9s at most");
    recorder.assert_balanced();
}

#[tokio::test(start_paused = true)]
async fn bulkhead_11_a_rejection_is_not_retried_and_counts_nothing_for_a_circuit() {
    let places = Bulkhead::new(1);
    places.close();
    let breaker = Breaker::builder().fail_max(1).build();
    let attempts = AtomicUsize::new(0);
    let p = pipeline! {
        retry(max_attempts = 3) < seq <
            |_| { attempts.fetch_add(1, SeqCst); }
            circuit(breaker = &breaker) < bulkhead(bulkhead = &places) < work(0) > >
        > >
    };
    let error = p.run(()).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::BulkheadClosed));
    assert_eq!((attempts.load(SeqCst), breaker.failures()), (1, 0));
    // Neither is a probe lost by it.
    breaker.force_open();
    tokio::time::advance(60 * SECOND).await;
    for _ in 0..4 {
        let error = p.run(()).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::BulkheadClosed), "{error}");
    }
    // It is a failure for who has an alternative.
    let p = pipeline! { fallback < bulkhead(bulkhead = &places) < work(0) > |_| { 7 } > };
    assert_eq!(p.run(()).await.unwrap(), 7);
}

#[test]
fn bulkhead_12_a_handle_is_shared_and_a_block_without_has_its_own() {
    let places = Arc::new(Bulkhead::new(1));
    let waits_for_ever = || async { std::future::pending::<()>().await };
    let one = pipeline! { bulkhead(bulkhead = &places) < async |_| { waits_for_ever().await } > };
    let two = pipeline! { bulkhead(bulkhead = places.clone()) < |_| {} > };
    let three = pipeline! { bulkhead(bulkhead = (*places).clone()) < |_| {} > };
    let mut run: Ran<'_, ()> = Box::pin(one.run(()));
    waits(&mut run);
    for p in [two.boxed(), three.boxed()] {
        assert!(matches!(at_once(p.run(())).unwrap_err().kind(), ErrorKind::BulkheadFull { .. }));
    }
    let own = pipeline! { par < bulkhead(max = 1) < |_| {} > bulkhead(max = 1) < |_| {} > > };
    assert!(at_once(own.run(())).is_ok());
    assert!(
        format!("{places:?}")
            .starts_with("Bulkhead { in_use: 1, waiting: 0, closed: false, max: 1, queue: 0")
    );
}

/// Answers as it is told, and writes down what it hears.
struct Scribe(Admit, Mutex<Vec<String>>);

impl Runtime for Scribe {
    fn execute<'a>(&'a self, attempt: Attempt<'a>) -> BoxFuture<'a, Done<'a>> {
        Box::pin(async move {
            match attempt.position().name() {
                "cancelled" => attempt.fail(ErrorKind::Cancelled),
                _ => attempt.run().await,
            }
        })
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        self.1.lock().unwrap().push(format!("sleep {duration:?}"));
        Local.sleep(duration)
    }

    fn now(&self) -> std::time::Instant {
        Local.now()
    }

    fn random(&self) -> u64 {
        0
    }

    fn admit(&self, at: Position<'_>, gatekeeper: Gatekeeper<'_>) -> Admit {
        let Gatekeeper::Bulkhead(places) = gatekeeper else { panic!("{gatekeeper:?}") };
        self.1.lock().unwrap().push(format!("{} with {} in use", at.path(), places.in_use()));
        self.0.clone()
    }

    fn admitted(
        &self,
        _at: Position<'_>,
        _gatekeeper: Gatekeeper<'_>,
        answer: Result<(), &ErrorKind<std::convert::Infallible>>,
    ) {
        self.1.lock().unwrap().push(format!("{answer:?}"));
    }

    fn report(&self, _at: Position<'_>, _gatekeeper: Gatekeeper<'_>, report: Report) -> bool {
        self.1.lock().unwrap().push(format!("{report:?}"));
        true
    }
}

#[tokio::test(start_paused = true)]
async fn bulkhead_13_a_runtime_is_asked_before_it_and_hears_the_answer() {
    let heard = |scribe: Scribe| scribe.1.into_inner().unwrap();
    let places = Bulkhead::builder(1).queue(1).build();
    let p = pipeline! { |_: u64| bulkhead(bulkhead = &places) < work > };

    let scribe = Scribe(Admit::Ask, Mutex::default());
    let (a, b) = tokio::join!(p.on(&scribe).run(1), p.on(&scribe).run(1));
    assert!(a.is_ok() && b.is_ok());
    let with_one = "bulkhead with 1 in use";
    assert_eq!(
        heard(scribe),
        ["bulkhead with 0 in use", "Ok(())", with_one, "Succeeded", "Ok(())", "Succeeded"]
    );
    let scribe = Scribe(Admit::Ask, Mutex::default());
    let mut run: Ran<'_> = Box::pin(p.on(&scribe).run(1));
    waits(&mut run);
    drop(run);
    assert_eq!(heard(scribe), ["bulkhead with 0 in use", "Ok(())", "Cancelled"]);
    let scribe = Scribe(Admit::Ask, Mutex::default());
    let failing = pipeline! { bulkhead(bulkhead = &places) < fails > };
    failing.on(&scribe).run(()).await.unwrap_err();
    let cancelled = pipeline! { bulkhead(bulkhead = &places) < fails as "cancelled" > };
    cancelled.on(&scribe).run(()).await.unwrap_err();
    let first = "bulkhead with 0 in use";
    assert_eq!(heard(scribe), [first, "Ok(())", "Failed", first, "Ok(())", "Cancelled"]);

    places.close();
    let scribe = Scribe(Admit::Ask, Mutex::default());
    assert!(p.on(&scribe).run(1).await.is_err());
    assert_eq!(heard(scribe), ["bulkhead with 0 in use", "Err(BulkheadClosed)"]);
    let scribe = Scribe(Admit::Pass, Mutex::default());
    assert_eq!(p.on(&scribe).run(1).await.unwrap(), 1);
    assert_eq!(heard(scribe), ["bulkhead with 0 in use"], "it is closed, and was not asked");
    let scribe = Scribe(Admit::Reject(ErrorKind::TimedOut), Mutex::default());
    assert!(matches!(p.on(&scribe).run(1).await.unwrap_err().kind(), ErrorKind::Rejected));
    let scribe = Scribe(Admit::Reject(ErrorKind::CircuitHalfOpen), Mutex::default());
    assert!(matches!(p.on(&scribe).run(1).await.unwrap_err().kind(), ErrorKind::CircuitHalfOpen));
}

#[tokio::test(start_paused = true)]
async fn bulkhead_6_who_waits_keeps_its_timer_however_often_it_is_polled() {
    let places = Bulkhead::builder(1).queue(1).max_wait(SECOND).build();
    let p = pipeline! { bulkhead(bulkhead = &places) < async |_| { std::future::pending::<()>().await } > };
    let mut inside: Ran<'_, ()> = Box::pin(p.run(()));
    waits(&mut inside);
    let scribe = Scribe(Admit::Ask, Mutex::default());
    let mut run: Ran<'_, ()> = Box::pin(p.on(&scribe).run(()));
    for _ in 0..3 {
        waits(&mut run);
    }
    sleep(SECOND).await;
    assert!(matches!(rejected(&mut run), ErrorKind::BulkheadFull { waited: true, .. }));
    drop(run);
    assert_eq!(
        scribe.1.into_inner().unwrap(),
        ["bulkhead with 1 in use", "sleep 1s", "Err(BulkheadFull { in_use: 1, waiting: 0, waited: true })"]
    );
}

#[test]
fn what_is_piped_is_moved_and_dropped_when_turned_away() {
    struct Token(Arc<()>);
    let alive = Arc::new(());
    let p = pipeline! { |_: Token| bulkhead(max = 1) < |token| { Arc::strong_count(&token.0) } > };
    assert_eq!(at_once(p.run(Token(alive.clone()))).unwrap(), 2);
    let places = Bulkhead::new(1);
    places.close();
    let p = pipeline! { |_: Token| bulkhead(bulkhead = places) < |token| { Arc::strong_count(&token.0) } > };
    let mut run = pin!(p.run(Token(alive.clone())));
    assert!(poll_once(run.as_mut()).is_ready());
    assert_eq!(Arc::strong_count(&alive), 1);
}

#[test]
#[should_panic(expected = "`max` must be at least 1, at tests/bulkhead.rs")]
fn a_count_of_zero_from_a_variable_panics_where_the_pipeline_is_built() {
    let none = 0;
    drop(pipeline! { bulkhead(max = none) < |_| {} > });
}
