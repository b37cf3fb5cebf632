//! Rule 6: which buses there are, and that nothing is spent where none is.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_orch::bus::{self, DynBus, Recorder};
use async_orch::{Attempt, BoxFuture, Bus, Done, Event, Local, NoBus, Run, Runtime, pipeline};

use super::{double, sleep};

/// How many events there were.
#[derive(Debug, Default)]
struct Count(AtomicU64);

impl Count {
    fn take(&self) -> u64 {
        self.0.swap(0, Ordering::Relaxed)
    }
}

impl Bus for Count {
    fn emit(&self, _event: &Event<'_>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A user's bus that is switched off, with events counted that should not be.
#[derive(Debug, Default)]
struct Disabled(Count);

impl Bus for Disabled {
    const ENABLED: bool = false;

    fn emit(&self, event: &Event<'_>) {
        self.0.emit(event);
    }
}

/// Tokio, with the readings of the clock counted.
#[derive(Default)]
struct Watched {
    readings: AtomicU64,
}

impl Runtime for Watched {
    fn execute<'a>(&'a self, attempt: Attempt<'a>) -> BoxFuture<'a, Done<'a>> {
        Local.execute(attempt)
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        Local.sleep(duration)
    }

    fn now(&self) -> Instant {
        self.readings.fetch_add(1, Ordering::Relaxed);
        Local.now()
    }

    fn random(&self) -> u64 {
        Local.random()
    }
}

#[tokio::test]
async fn rule_6_without_a_bus_the_future_holds_nothing_of_one() {
    let p = pipeline! {
        |_: u32|
        seq <
            double
            par(limit = 1) < double double >
            retry < |(n, _)| { n } >
            circuit < double >
            timeout(1s) < double >
        >
    };
    let plain = size_of_val(&p.run(1));
    let reference = &p;
    assert_eq!(size_of_val(&reference.with_bus(NoBus).run(1)), plain);
    assert_eq!(size_of_val(&reference.with_bus(&NoBus).run(1)), plain);
    assert_eq!(size_of_val(&reference.with_bus(Arc::new(NoBus)).run(1)), plain);
    assert!(size_of_val(&reference.with_bus(Count::default()).run(1)) > plain);
    // A run is its steps, and `NoBus` says so in types: nothing is wrapped around a single one.
    let one = pipeline! { |_: u32| double };
    assert!(size_of_val(&one.run(1)) <= 64, "{}", size_of_val(&one.run(1)));
}

#[tokio::test]
async fn rule_6_a_disabled_bus_gets_nothing_and_no_clock_is_read() {
    let p = pipeline! {
        |_: u32|
        seq <
            double
            par(limit = 1) < double double >
            |(n, _)| { n }
            retry < double >
            circuit < double >
            timeout(1s) < double >
        >
    };
    let runtime = Watched::default();
    let disabled = Disabled::default();
    assert_eq!((&p).with_bus(&disabled).on(&runtime).run(1).await.unwrap(), 32);
    assert_eq!((&p).with_bus((&disabled, Some(&disabled))).on(&runtime).run(1).await.unwrap(), 32);
    assert_eq!(p.on(&runtime).run(1).await.unwrap(), 32);
    assert_eq!((disabled.0.take(), runtime.readings.load(Ordering::Relaxed)), (0, 0));

    let count = Count::default();
    (&p).with_bus(&count).on(&runtime).run(1).await.unwrap();
    assert!(count.take() > 0 && runtime.readings.load(Ordering::Relaxed) > 0, "otherwise they would be");
}

#[tokio::test]
async fn rule_6_a_disabled_bus_beside_others_gets_nothing() {
    let (disabled, count) = (Disabled::default(), Count::default());
    let p = pipeline! { |_: u32| double };
    (&p).with_bus((&disabled, &count, Some(&disabled))).run(1).await.unwrap();
    assert_eq!((disabled.0.take(), count.take()), (0, 2));

    let boxed: Box<dyn DynBus> = Box::new(Disabled::default());
    (&p).with_bus((boxed, &count)).run(1).await.unwrap();
    assert_eq!(count.take(), 2);
}

/// The events that `bus` takes of a run with two.
async fn taken(bus: impl Bus, count: &Count) -> u64 {
    let p = pipeline! { |_: u32| double }.with_bus(bus);
    p.run(1).await.unwrap();
    drop(p);
    count.take()
}

#[tokio::test]
async fn rule_6_a_bus_can_be_shared_optional_several_and_dynamic() {
    let count = Arc::new(Count::default());
    assert_eq!(taken(&*count, &count).await, 2);
    assert_eq!(taken(&&*count, &count).await, 2);
    assert_eq!(taken(count.clone(), &count).await, 2);
    assert_eq!(taken(Box::new(count.clone()), &count).await, 2);
    assert_eq!(taken(Some(count.clone()), &count).await, 2);
    assert_eq!(taken(None::<Arc<Count>>, &count).await, 0);
    assert_eq!(taken((count.clone(),), &count).await, 2);
    assert_eq!(taken((count.clone(), count.clone()), &count).await, 4);
    assert_eq!(taken((&*count, NoBus, &*count, Some(&*count), None::<Count>, &*count), &count).await, 8);
    assert_eq!(taken(bus::from_fn(|event| count.emit(event)), &count).await, 2);
    let boxed: Box<dyn DynBus> = Box::new(count.clone());
    assert_eq!(taken(boxed, &count).await, 2);
    let shared: Arc<dyn DynBus> = count.clone();
    assert_eq!(taken(shared.clone(), &count).await, 2);
    assert_eq!(taken(&*shared, &count).await, 2);
    let several: (Arc<dyn DynBus>, Option<Box<dyn DynBus>>) = (shared.clone(), Some(Box::new(shared)));
    assert_eq!(taken(several, &count).await, 4);
}

#[tokio::test]
async fn rule_6_buses_of_a_tuple_take_each_event_in_order() {
    let order = std::sync::Mutex::new(Vec::new());
    let first = bus::from_fn(|event: &Event<'_>| order.lock().unwrap().push((event.seq, 1)));
    let second = bus::from_fn(|event: &Event<'_>| order.lock().unwrap().push((event.seq, 2)));
    let p = pipeline! { |_: u32| double };
    (&p).with_bus((first, second)).run(1).await.unwrap();
    assert_eq!(*order.lock().unwrap(), [(0, 1), (0, 2), (1, 1), (1, 2)]);
}

#[tokio::test(start_paused = true)]
async fn rule_6_an_observed_run_can_be_spawned_and_boxed() {
    let recorder = Recorder::new();
    let p = pipeline! { |_: u64| seq < sleep sleep > }.with_bus(recorder.clone());
    let boxed = pipeline! { |_: u64| seq < sleep > }.with_bus(recorder.clone()).boxed();
    tokio::spawn(async move { p.run(1).await }).await.unwrap().unwrap();
    boxed.run(1).await.unwrap();
    recorder.assert_balanced();
    assert_eq!(recorder.events().len(), 10);
}
