//! Pipelines as services of tower's, and layers of tower's around steps.

use std::future::{Ready, pending, ready};
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::task::{Context, Poll};
use std::time::Duration;

use async_orch::tower::{Body, BodyError, Call, Succeeded, service, tower, tower_again};
use async_orch::{Again, BoxError, Error, ErrorKind, pipeline, task};
use tokio::time::{Instant, sleep, timeout};
use tower::buffer::BufferLayer;
use tower::limit::{ConcurrencyLimitLayer, GlobalConcurrencyLimitLayer, RateLimitLayer};
use tower::load_shed::LoadShedLayer;
use tower::load_shed::error::Overloaded;
use tower::retry::RetryLayer;
use tower::timeout::TimeoutLayer;
use tower::timeout::error::Elapsed;
use tower::util::{BoxCloneService, MapErrLayer};
use tower::{Layer, Service, ServiceBuilder, ServiceExt};

use common::{Census, Oops, Trace, every_execution_ends_once, poll_once};

mod common;

const MS: Duration = Duration::from_millis(1);

#[task]
async fn nap(millis: u64) -> u64 {
    sleep(Duration::from_millis(millis)).await;
    millis
}

#[task]
fn no(_n: u64) -> Result<u64, Oops> {
    Err(Oops("no"))
}

/// Neither `Clone` nor `Sync`.
struct Parcel(std::cell::Cell<u64>);

// ----- a pipeline as a service -----

#[tokio::test]
async fn tower_1_a_service_gives_what_a_run_gives() {
    let mut double = service(pipeline! { |_: u32| |n| { n * 2 } });
    assert_eq!(double.ready().await.unwrap().call(4).await.unwrap(), 8);
    assert_eq!(double.clone().oneshot(5).await.unwrap(), 10);
    let failing = service(pipeline! { error = Oops; |_: u64| seq < no > });
    let error: Error<Oops> = failing.oneshot(1).await.unwrap_err();
    assert_eq!((error.path(), error.task()), ("seq/no".into(), Some(&Oops("no"))));
    let boxed = service(pipeline! { |_: u64| nap }.boxed());
    assert_eq!(boxed.oneshot(0).await.unwrap(), 0);
}

/// It is always ready, and a request begins with its first poll.
#[tokio::test]
async fn tower_2_a_service_is_ready_and_lazy() {
    let calls = std::sync::Arc::new(AtomicU32::new(0));
    let mut counting =
        service(pipeline! { let calls = calls.clone(); move |()| { calls.fetch_add(1, SeqCst) } });
    let mut cx = Context::from_waker(std::task::Waker::noop());
    assert!(counting.poll_ready(&mut cx).is_ready());
    let (first, second) = (counting.call(()), counting.call(()));
    assert_eq!(calls.load(SeqCst), 0);
    assert_eq!((second.await.unwrap(), first.await.unwrap()), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn tower_2_a_service_whose_request_is_dropped_cancels_the_run() {
    let trace = std::sync::Arc::new(Trace::default());
    let napping = service(pipeline! { |_: u64| seq < nap > }.with_bus(trace.clone()));
    let error = ServiceBuilder::new().timeout(5 * MS).service(napping).oneshot(100).await.unwrap_err();
    assert!(error.is::<Elapsed>());
    let events = trace.take();
    every_execution_ends_once(&events);
    let ends: Vec<_> =
        events[events.len() - 2..].iter().map(|seen| format!("{} {}", seen.path, seen.what)).collect();
    assert_eq!(ends, ["seq/nap cancelled", "seq cancelled"]);
}

/// Clones are one pipeline, with one breaker.
#[tokio::test]
async fn tower_1_the_clones_of_a_service_share_their_circuits() {
    let guarded =
        service(pipeline! { error = Oops; |_: u64| circuit(fail_max = 1, reset_timeout = 1h) < no > });
    assert!(guarded.clone().oneshot(1).await.unwrap_err().task().is_some());
    assert!(matches!(guarded.oneshot(1).await.unwrap_err().kind(), ErrorKind::CircuitOpen { .. }));
}

#[tokio::test(start_paused = true)]
async fn tower_1_a_service_stands_in_a_stack_of_layers() {
    let census = Census::default();
    let live = census.clone();
    let napping = service(
        pipeline! { let live = live; |_: u64| async |n| { let _live = live.enter(); sleep(Duration::from_millis(n)).await; n } },
    );
    let stack = ServiceBuilder::new()
        .boxed_clone()
        .load_shed()
        .concurrency_limit(2)
        .timeout(50 * MS)
        .service(napping);
    let stack: BoxCloneService<u64, u64, tower::BoxError> = stack;
    let calls = [10, 20, 30].map(|n| stack.clone().oneshot(n));
    let [a, b, c] = calls;
    let (a, b, c) = tokio::join!(a, b, c);
    assert_eq!((a.unwrap(), b.unwrap()), (10, 20));
    assert!(c.unwrap_err().is::<Overloaded>());
    assert_eq!(census.most(), 2);
    let buffered =
        ServiceBuilder::new().buffer(4).rate_limit(1, 10 * MS).service(service(pipeline! { |_: u64| nap }));
    let start = Instant::now();
    for _ in 0..3 {
        assert_eq!(buffered.clone().oneshot(0).await.unwrap(), 0);
    }
    assert_eq!(start.elapsed(), 20 * MS);
}

/// The error of a run is what a policy of tower's judges, and what comes out of a stack that boxes.
#[tokio::test]
async fn tower_1_a_service_is_retried_by_the_error_of_its_run() {
    #[derive(Clone)]
    struct Again(u32);
    impl<T> tower::retry::Policy<u32, T, Error> for Again {
        type Future = Ready<()>;
        fn retry(&mut self, _: &mut u32, result: &mut Result<T, Error>) -> Option<Ready<()>> {
            self.0 = self.0.checked_sub(1)?;
            result.as_ref().is_err_and(Error::is_retryable).then(|| ready(()))
        }
        fn clone_request(&mut self, request: &u32) -> Option<u32> {
            Some(*request)
        }
    }
    let calls = std::sync::Arc::new(AtomicU32::new(0));
    let counted = calls.clone();
    let flaky = service(pipeline! {
        move |_: u32|
        |n| { if counted.fetch_add(1, SeqCst) < n { Err(Oops("not yet")) } else { Ok(n) } } as "flaky"
    });
    let stack = ServiceBuilder::new().retry(Again(3)).service(flaky);
    assert_eq!(stack.clone().oneshot(2).await.unwrap(), 2);
    assert_eq!(calls.swap(0, SeqCst), 3);
    let error = ServiceBuilder::new().load_shed().service(stack).oneshot(9).await.unwrap_err();
    let error = error.downcast_ref::<Error>().expect("the run's");
    assert_eq!(
        (error.path(), error.downcast_ref(), calls.load(SeqCst)),
        ("flaky".into(), Some(&Oops("not yet")), 4)
    );
}

// ----- a layer around a step -----

#[tokio::test(start_paused = true)]
async fn tower_5_a_timeout_of_towers_is_an_error_of_the_block_with_its_type() {
    let p = pipeline! {
        error = Oops;
        |_: u64| seq < with(tower(TimeoutLayer::new(5 * MS)), name = "in time") < nap > >
    };
    let p = p.with_bus(Trace::default());
    assert_eq!(p.run(4).await.unwrap(), 4);
    every_execution_ends_once(&p.bus().take());
    let start = Instant::now();
    let error = p.run(100).await.unwrap_err();
    assert_eq!(start.elapsed(), 5 * MS);
    assert!(error.is::<Elapsed>() && error.task().is_none() && error.is_retryable());
    assert!(matches!(error.kind(), ErrorKind::Policy { ran: true, .. }));
    assert_eq!(error.to_string(), "block `seq/in time` failed: request timed out");
    let events = p.bus().take();
    every_execution_ends_once(&events);
    let ends: Vec<_> =
        events[events.len() - 3..].iter().map(|seen| format!("{} {}", seen.path, seen.what)).collect();
    assert_eq!(ends, ["seq/in time/nap cancelled", "seq/in time failed", "seq failed"]);
}

/// A body that is ready when its time is over is in time.
#[tokio::test(start_paused = true)]
async fn tower_6_a_body_that_is_ready_with_the_timeout_is_in_time() {
    let p = pipeline! { |_: u64| with(tower(TimeoutLayer::new(5 * MS))) < nap > };
    assert_eq!(p.run(5).await.unwrap(), 5);
}

#[tokio::test]
async fn tower_4_the_bodys_own_error_keeps_its_type_and_place() {
    // The layer boxes it.
    let p = pipeline! {
        error = Oops;
        |_: u64| retry(max_attempts = 2) < with(tower(TimeoutLayer::new(MS))) < no > >
    };
    let error = p.run(1).await.unwrap_err();
    assert_eq!(
        (error.path(), error.task(), error.attempts()),
        ("retry/with/no".into(), Some(&Oops("no")), 2)
    );

    // It puts it into an error of its own, as the source.
    #[derive(Debug)]
    struct Wrapped(BodyError);
    impl std::fmt::Display for Wrapped {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("wrapped")
        }
    }
    impl std::error::Error for Wrapped {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }
    let p = pipeline! { error = Oops; |_: u64| with(tower(MapErrLayer::new(Wrapped))) < no > };
    assert_eq!(p.run(1).await.unwrap_err().path(), "with/no");

    // It says something else instead.
    let said = |error: BodyError| {
        assert_eq!((error.to_string().as_str(), error.is_retryable()), ("step `with/no` failed: no", true));
        std::io::Error::other("elsewhere")
    };
    let p = pipeline! { error = Oops; |_: u64| with(tower(MapErrLayer::new(said))) < no > };
    let error = p.run(1).await.unwrap_err();
    assert_eq!((error.path(), error.is::<std::io::Error>()), ("with".into(), true));
}

/// Over all runs of the block, and over two blocks with one policy; in order of arrival.
#[tokio::test(start_paused = true)]
async fn tower_3_a_concurrency_limit_of_towers_is_over_all_runs() {
    let (census, limit) = (Census::default(), tower(ConcurrencyLimitLayer::new(2)));
    let work = async |n: u64| {
        let _live = census.enter();
        sleep(10 * MS).await;
        n
    };
    let p = pipeline! { |_: Vec<u64>| each < with(&limit) < async |n| { work(n).await } > > };
    let q = pipeline! { |_: u64| with(&limit) < async |n| { work(n).await } > };
    let start = Instant::now();
    let (many, one) = tokio::join!(p.run((0..5).collect()), q.run(7));
    assert_eq!((many.unwrap(), one.unwrap()), (vec![0, 1, 2, 3, 4], 7));
    assert_eq!((census.most(), census.made(), start.elapsed()), (2, 6, 30 * MS));
    // One that waits and is dropped leaves the others in order.
    let (mut first, mut second) = (Box::pin(q.run(1)), Box::pin(q.run(2)));
    let mut waits = Box::pin(q.run(3));
    let last = q.run(4);
    for run in [&mut first, &mut second, &mut waits] {
        assert!(poll_once(run.as_mut()).is_pending());
    }
    let mut last = pin!(last);
    assert!(poll_once(last.as_mut()).is_pending());
    drop(waits);
    drop(first);
    let start = Instant::now();
    assert_eq!(last.await.unwrap(), 4);
    assert_eq!((start.elapsed(), census.alive()), (10 * MS, 1));
}

/// It waits in `poll_ready`, with a waker of one run alone.
#[tokio::test(start_paused = true)]
async fn tower_3_a_rate_limit_of_towers_is_over_all_runs() {
    let p = pipeline! {
        |_: Vec<u64>| each < with(tower(RateLimitLayer::new(2, 10 * MS))) < |n| { (n, Instant::now()) } > >
    };
    let start = Instant::now();
    let all = p.run((0..6).collect()).await.unwrap();
    let at: Vec<_> = all.iter().map(|(_, at)| (*at - start).as_millis()).collect();
    assert_eq!(at, [0, 0, 10, 10, 20, 20]);
}

#[tokio::test(start_paused = true)]
async fn tower_5_a_load_shed_of_towers_rejects() {
    let calls = AtomicU32::new(0);
    let limit = tower(ServiceBuilder::new().layer(LoadShedLayer::new()).concurrency_limit(1));
    let p = pipeline! {
        |_: u64|
        circuit(fail_max = 1) <
            retry(max_attempts = 3) <
                with(&limit) < async |n| { calls.fetch_add(1, SeqCst); sleep(MS).await; n } >
            >
        >
    };
    let (one, two) = tokio::join!(p.run(1), p.run(2));
    assert_eq!(one.unwrap(), 1);
    let error = two.unwrap_err();
    assert!(error.is::<Overloaded>() && error.kind().is_rejection());
    assert!(matches!(error.kind(), ErrorKind::Policy { ran: false, .. }));
    assert_eq!(calls.load(SeqCst), 1);
    assert_eq!(p.run(3).await.unwrap(), 3, "the circuit has counted nothing");
}

/// Its worker is a task of its own, to which requests go; the body stays where it borrows.
#[tokio::test(start_paused = true)]
async fn tower_8_a_buffer_of_towers_may_stand_around_a_body_that_borrows() {
    let census = Census::default();
    let stack = ServiceBuilder::new().layer(BufferLayer::new(8)).concurrency_limit(2);
    let p = pipeline! {
        |_: Vec<u64>|
        each < with(tower(stack)) < async |n| { let _live = census.enter(); sleep(MS).await; n } > >
    };
    assert_eq!(p.run((0..6).collect()).await.unwrap(), [0, 1, 2, 3, 4, 5]);
    assert_eq!(census.most(), 2);
}

#[derive(Clone)]
struct Twice(u32);

impl tower::retry::Policy<Call<Again>, Succeeded, BodyError> for Twice {
    type Future = tokio::time::Sleep;

    fn retry(
        &mut self,
        _: &mut Call<Again>,
        result: &mut Result<Succeeded, BodyError>,
    ) -> Option<Self::Future> {
        let error = result.as_ref().err()?;
        self.0 = self.0.checked_sub(1)?;
        error.is_retryable().then(|| sleep(10 * MS))
    }

    fn clone_request(&mut self, call: &Call<Again>) -> Option<Call<Again>> {
        Some(call.clone())
    }
}

#[tokio::test(start_paused = true)]
async fn tower_7_a_retry_of_towers_runs_the_body_again() {
    let p = pipeline! {
        error = Oops;
        |_: String|
        with(tower_again(RetryLayer::new(Twice(2)))) <
            |s, cx| { if cx.attempt() < 3 { Err(Oops("no")) } else { Ok(s) } } as "try"
        >
    };
    let p = p.with_bus(Trace::default());
    let start = Instant::now();
    assert_eq!(p.run("a".to_owned()).await.unwrap(), "a");
    assert_eq!(start.elapsed(), 20 * MS);
    let events = p.bus().take();
    every_execution_ends_once(&events);
    let attempts =
        events.iter().filter(|seen| seen.path == "with/try" && seen.what.begins()).map(|seen| seen.attempt);
    assert_eq!(attempts.collect::<Vec<_>>(), [1, 2, 3]);

    let p = pipeline! { error = Oops; |_: u64| with(tower_again(RetryLayer::new(Twice(1)))) < no > };
    let error = p.run(1).await.unwrap_err();
    assert_eq!((error.task(), error.attempts(), error.path()), (Some(&Oops("no")), 2, "with/no".into()));
}

/// A run whose layer gives it up is cancelled before the next one starts.
#[tokio::test(start_paused = true)]
async fn tower_7_a_timeout_inside_a_retry_of_towers_drops_each_run() {
    #[derive(Clone)]
    struct Anyway(u32);
    impl tower::retry::Policy<Call<Again>, Succeeded, tower::BoxError> for Anyway {
        type Future = Ready<()>;
        fn retry(
            &mut self,
            _: &mut Call<Again>,
            result: &mut Result<Succeeded, tower::BoxError>,
        ) -> Option<Ready<()>> {
            self.0 = self.0.checked_sub(1)?;
            result.is_err().then(|| ready(()))
        }
        fn clone_request(&mut self, call: &Call<Again>) -> Option<Call<Again>> {
            Some(call.clone())
        }
    }
    let census = Census::default();
    let layer = || ServiceBuilder::new().retry(Anyway(2)).timeout(5 * MS);
    let p = pipeline! {
        with(tower_again(layer())) <
            async |(), cx| { let _live = census.enter(); if cx.attempt() < 3 { pending().await } cx.attempt() }
        >
    };
    assert_eq!(p.run(()).await.unwrap(), 3);
    assert_eq!((census.most(), census.made()), (1, 3));
    let p = pipeline! {
        with(tower_again(layer())) < async |()| { let _live = census.enter(); pending::<()>().await } >
    };
    let p = p.with_bus(Trace::default());
    let error = p.run(()).await.unwrap_err();
    assert!(error.is::<Elapsed>());
    assert_eq!((error.attempts(), error.path(), census.alive()), (3, "with".into(), 0));
    every_execution_ends_once(&p.bus().take());
}

#[tokio::test(start_paused = true)]
async fn tower_7_what_is_piped_need_not_be_clone() {
    let p = pipeline! { |_: Parcel| with(tower(TimeoutLayer::new(MS))) < |parcel| { parcel.0.get() } > };
    assert_eq!(p.run(Parcel(std::cell::Cell::new(7))).await.unwrap(), 7);
}

#[tokio::test(start_paused = true)]
async fn tower_3_several_layers_stand_around_a_step_and_the_block_anywhere() {
    let (global, calls) = (GlobalConcurrencyLimitLayer::new(3), AtomicU32::new(0));
    let p = pipeline! {
        |_: Vec<u64>|
        seq <
            let limit = |_| { 5_u64 }
            |_| { vec![1, 2, 3] }
            each <
                with(
                    tower(ServiceBuilder::new().timeout(Duration::from_millis(*limit)).layer(global.clone()))
                ) <
                    with(tower(TimeoutLayer::new(MS))) < |n| { calls.fetch_add(1, SeqCst); n } >
                    nap
                >
            >
        >
    };
    assert_eq!(p.run(Vec::new()).await.unwrap(), [1, 2, 3]);
    let boxed = p.boxed();
    assert_eq!(boxed.run(Vec::new()).await.unwrap(), [1, 2, 3]);
    assert_eq!(calls.load(SeqCst), 6);
}

#[tokio::test(start_paused = true)]
async fn tower_6_a_run_that_is_dropped_drops_what_the_layer_has_made() {
    let census = Census::default();
    let limit = tower(ServiceBuilder::new().concurrency_limit(1).timeout(Duration::from_secs(1)));
    let p = pipeline! { with(&limit) < async |()| { let _live = census.enter(); pending::<()>().await } > }
        .with_bus(Trace::default());
    for _ in 0..3 {
        assert!(timeout(MS, p.run(())).await.is_err());
        assert_eq!(census.alive(), 0);
        every_execution_ends_once(&p.bus().take());
    }
    assert_eq!(census.made(), 3);
}

#[tokio::test]
async fn tower_6_a_panic_goes_through_the_layer() {
    let p = pipeline! { catch < with(tower(TimeoutLayer::new(MS))) < |()| { if true { panic!("the body") } } > > }.with_bus(Trace::default());
    let error = p.run(()).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Panicked(panicked) if panicked.message() == "the body"));
    every_execution_ends_once(&p.bus().take());
}

// ----- layers that send their future elsewhere -----

/// Waits for what is inside on another task.
#[derive(Clone)]
struct Spawns<S>(S);

impl<S, R> Service<R> for Spawns<S>
where
    S: Service<R, Future: Send + 'static, Response: Send + 'static, Error: Into<BoxError> + Send + 'static>,
{
    type Response = S::Response;
    type Error = tower::BoxError;
    type Future = async_orch::BoxFuture<'static, Result<S::Response, tower::BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(cx).map_err(|error| error.into().into_inner())
    }

    fn call(&mut self, request: R) -> Self::Future {
        let task = tokio::spawn(self.0.call(request));
        Box::pin(async move { task.await?.map_err(|error| error.into().into_inner()) })
    }
}

fn spawns<S>() -> impl Layer<S, Service = Spawns<S>> {
    tower::layer::layer_fn(Spawns)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tower_8_the_layers_future_may_be_polled_on_another_thread() {
    let p = pipeline! {
        error = Oops;
        |_: Vec<u64>|
        each <
            settle <
                with(tower(spawns())) <
                    async |n| { tokio::task::yield_now().await; if n % 3 == 0 { Err(Oops("no")) } else { Ok(n) } }
                >
            >
        >
    };
    for _ in 0..200 {
        let all = p.run((0..10).collect()).await.unwrap();
        for (n, result) in (0..).zip(all) {
            assert_eq!(
                result.map_err(|error| error.into_task_error().unwrap()),
                if n % 3 == 0 { Err(Oops("no")) } else { Ok(n) }
            );
        }
    }
}

/// A request that outlives its run is told so, and one that is kept back is told nothing.
#[tokio::test(start_paused = true)]
async fn tower_6_a_request_that_comes_too_late_fails() {
    let (sender, mut late) = tokio::sync::mpsc::unbounded_channel();
    let gives_up = tower::layer::layer_fn(move |inner: Body| {
        let sender = sender.clone();
        tower::service_fn(move |call: Call| {
            let mut inner = inner;
            sender.send(inner.call(call)).unwrap();
            ready(Err::<Succeeded, _>(std::io::Error::other("no time")))
        })
    });
    let calls = AtomicU32::new(0);
    let p = pipeline! { with(tower(gives_up)) < |()| { calls.fetch_add(1, SeqCst); } > };
    let error = p.run(()).await.unwrap_err();
    assert!(error.is::<std::io::Error>() && error.kind().is_rejection());
    let error = late.recv().await.unwrap().await.unwrap_err();
    assert_eq!((error.to_string(), error.is_rejection()), ("the run is over".into(), true));
    assert_eq!(calls.load(SeqCst), 0);
}

/// A layer that asks twice at once gets one run after the other.
#[tokio::test(start_paused = true)]
async fn tower_7_a_layer_that_asks_for_two_runs_at_once_gets_them_in_turn() {
    let both = tower::layer::layer_fn(|inner: Body<Again>| {
        tower::service_fn(move |call: Call<Again>| {
            let mut inner = inner;
            let (one, two) = (inner.call(call.clone()), inner.call(call));
            async move { tokio::try_join!(one, two).map(|(_, two)| two) }
        })
    });
    let census = Census::default();
    let p = pipeline! {
        with(tower_again(both)) <
            async |(), cx| { let _live = census.enter(); sleep(MS).await; cx.attempt() }
        >
    };
    assert_eq!(p.run(()).await.unwrap(), 2);
    assert_eq!((census.most(), census.made()), (1, 2));
}

/// An answer of another run is none of this one.
#[tokio::test]
async fn tower_5_a_layer_cannot_answer_with_what_another_run_gave() {
    let kept = std::sync::Arc::new(std::sync::Mutex::new(None));
    let stale = tower::layer::layer_fn(move |inner: Body| {
        let kept = kept.clone();
        tower::service_fn(move |call: Call| {
            let (mut inner, kept) = (inner, kept.clone());
            async move {
                let earlier = kept.lock().unwrap().take();
                match earlier {
                    Some(answer) => Ok(answer),
                    None => {
                        *kept.lock().unwrap() = Some(inner.call(call).await?);
                        Err::<Succeeded, tower::BoxError>("first".into())
                    }
                }
            }
        })
    });
    let p = pipeline! { with(tower(stale)) < |()| { 1 } > };
    assert_eq!(p.run(()).await.unwrap_err().to_string(), "block `with` failed: first");
    assert_eq!(
        p.run(()).await.unwrap_err().to_string(),
        "block `with` did not run: the layer gave the answer of another run"
    );
}
