//! Running and stopping: structure, budget, `Send`, panics, time, impossible values.

use std::any::Any;
use std::future::{Future, pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::task::Poll;
use std::time::Duration;

use async_orch::{
    Attempt, BlockEvent, BoxError, BoxFuture, BoxPipeline, Breaker, BreakerState, Done, Error, ErrorKind,
    EventKind, Local, Run, Runtime, TaskEvent, TaskState, pipeline, task,
};
use futures::FutureExt as _;
use tokio::runtime::Handle;
use tokio::sync::{Notify, Semaphore, SemaphorePermit};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep};

use common::{Census, Log, Oops, Trace, What, at_once, every_execution_ends_once, poll_once};

mod common;

const SECOND: Duration = Duration::from_secs(1);

#[task]
async fn double(n: u32) -> u32 {
    n * 2
}

#[task]
async fn live(census: Census) {
    let _live = census.enter();
    pending().await
}

/// The panic of a run, as text.
async fn panic_of<T>(run: impl Future<Output = T>) -> String {
    text(AssertUnwindSafe(run).catch_unwind().await.map(drop).expect_err("it panics"))
}

fn text(payload: Box<dyn Any + Send>) -> String {
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => (*payload.downcast::<&str>().expect("a text")).to_owned(),
    }
}

mod structured {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn running_1_dropping_a_run_drops_everything_inside_at_once() {
        let census = Census::default();
        let p = pipeline! {
            let census = census.clone();
            |_: Vec<u32>|
            each <
                circuit < retry < timeout(60s) < catch < par <
                    live(census.clone())
                    seq < double(1) live(census.clone()) >
                    async |_| { let _live = census.enter(); pending::<()>().await }
                > > > > >
            >
        };
        let mut run = Box::pin(p.run(vec![0; 5]));
        assert!(poll_once(run.as_mut()).is_pending());
        assert_eq!(census.alive(), 15);
        drop(run);
        assert_eq!(census.alive(), 0);
    }

    #[tokio::test]
    async fn running_1_awaiting_a_pipeline_is_one_run_of_it() {
        let runs = Arc::new(AtomicU32::new(0));
        let counted = runs.clone();
        let answer = pipeline! { move seq < |_| { counted.fetch_add(1, SeqCst) + 2 } double > };
        let waiting = answer.into_future();
        assert_eq!(runs.load(SeqCst), 0, "nothing happens before it is polled");
        assert_eq!(waiting.await.unwrap(), 4);
        assert_eq!(runs.load(SeqCst), 1);

        let left = Arc::new(());
        let held = left.clone();
        let stuck = pipeline! { move seq < |_| { held.clone() } async |_| { pending::<()>().await } > };
        let mut run = stuck.into_future();
        assert!(poll_once(run.as_mut()).is_pending());
        drop(run);
        assert_eq!(Arc::strong_count(&left), 1, "the future owns the pipeline, and drops it");
    }

    #[tokio::test]
    async fn running_1_a_boxed_one_that_borrows_is_awaited_too() {
        let factor = 3;
        let boxed: BoxPipeline<'_, (), u32> = pipeline! { seq < |_| { 2 } |n: u32| { n * factor } > }.boxed();
        assert_eq!(boxed.await.unwrap(), 6);
    }

    #[tokio::test(start_paused = true)]
    async fn running_1_permits_return_in_the_drop() {
        #[task]
        async fn hold(permits: Arc<Semaphore>) {
            let _permit: SemaphorePermit<'_> = permits.acquire().await.expect("it stays open");
            pending().await
        }
        let permits = Arc::new(Semaphore::new(3));
        let p = pipeline! {
            let permits = permits.clone();
            par < hold(permits.clone()) hold(permits.clone()) hold(permits.clone()) hold(permits.clone()) >
        };
        for _ in 0..3 {
            let mut run = Box::pin(p.run(()));
            assert!(poll_once(run.as_mut()).is_pending());
            assert_eq!(permits.available_permits(), 0);
            drop(run);
            assert_eq!(permits.available_permits(), 3);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn running_1_events_are_emitted_in_the_drop() {
        let (census, trace) = (Census::default(), Trace::default());
        let p = pipeline! {
            let census = census.clone();
            seq < par < live(census.clone()) live(census.clone()) > >
        };
        let p = p.with_bus(&trace);
        let mut run = Box::pin(p.run(()));
        assert!(poll_once(run.as_mut()).is_pending());
        let mut events = trace.take();
        assert!(events.iter().all(|seen| seen.what.begins()));
        drop(run);
        events.extend(trace.take());
        every_execution_ends_once(&events);
        let ends: Vec<_> =
            events.iter().filter(|seen| seen.what.is_terminal()).map(|seen| seen.what).collect();
        let cancelled = What::Task(TaskState::Cancelled);
        assert_eq!(ends, [cancelled, cancelled, What::Cancelled, What::Cancelled]);
    }

    #[tokio::test(start_paused = true)]
    async fn running_1_a_spawned_task_is_aborted_and_stops_at_its_next_await() {
        #[task(spawn)]
        async fn apart(census: Census, log: Log) {
            let _live = census.enter();
            log.add("began");
            sleep(SECOND).await;
            log.add("went on");
        }
        let (census, log) = (Census::default(), Log::default());
        let p = pipeline! { apart(census.clone(), log.clone()) };
        let mut run = Box::pin(p.run(()));
        assert!(poll_once(run.as_mut()).is_pending());
        yield_now().await;
        assert_eq!(census.alive(), 1);
        drop(run);
        yield_now().await;
        assert_eq!(census.alive(), 0);
        sleep(SECOND * 2).await;
        assert_eq!(log.take(), ["began"]);
    }

    #[tokio::test]
    async fn running_1_the_result_of_a_blocking_call_is_discarded() {
        type Sent = (Arc<std::sync::Mutex<mpsc::Receiver<()>>>, mpsc::Sender<&'static str>);
        #[task(blocking)]
        fn block(sent: Sent) -> common::Live {
            sent.1.send("began").unwrap();
            sent.0.lock().unwrap().recv().unwrap();
            let census = Census::default();
            let live = census.enter();
            sent.1.send("ended").unwrap();
            live
        }
        let ((go, wait), (tell, told)) = (mpsc::channel(), mpsc::channel());
        let wait = Arc::new(std::sync::Mutex::new(wait));
        let p = pipeline! { block((wait.clone(), tell.clone())) };
        let mut run = Box::pin(p.run(()));
        assert!(poll_once(run.as_mut()).is_pending());
        assert_eq!(told.recv(), Ok("began"));
        drop(run);
        go.send(()).unwrap();
        assert_eq!(told.recv(), Ok("ended"), "it cannot be stopped");
    }

    #[tokio::test(start_paused = true)]
    async fn running_2_blocks_spawn_nothing() {
        let p = pipeline! {
            |_: Vec<u32>|
            seq <
                each(limit = 20) < retry < circuit < timeout(9s) < catch <
                    async |n| { yield_now().await; sleep(SECOND).await; n }
                > > > > >
                par < |all| { all.len() } async |_| { Handle::current().metrics().num_alive_tasks() } >
            >
        };
        assert_eq!(p.run(vec![1; 100]).await.unwrap(), (100, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn running_2_spawn_and_blocking_leave_the_run() {
        #[task(spawn)]
        async fn apart() -> (Option<tokio::task::Id>, usize) {
            (tokio::task::try_id(), Handle::current().metrics().num_alive_tasks())
        }
        #[task(blocking)]
        fn thread() -> std::thread::ThreadId {
            std::thread::current().id()
        }
        let p = pipeline! { par < apart() thread() > };
        let ((id, alive), thread) = p.run(()).await.unwrap();
        assert!(id.is_some() && alive == 1);
        assert_ne!(thread, std::thread::current().id());
        assert!(tokio::task::try_id().is_none());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn running_2_spawned_tasks_are_parallel() {
        #[task(spawn)]
        fn meet(barrier: Arc<std::sync::Barrier>) {
            barrier.wait();
        }
        let barrier = Arc::new(std::sync::Barrier::new(2));
        let p = pipeline! { par < meet(barrier.clone()) meet(barrier.clone()) > };
        p.run(()).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn running_2_children_may_borrow_what_is_around_the_pipeline() {
        let (text, count) = (String::from("borrowed"), AtomicU32::new(0));
        let p = pipeline! {
            |_: Vec<usize>|
            each(limit = 3) < par <
                async |n| { yield_now().await; count.fetch_add(1, SeqCst); text.as_bytes()[n] }
                |_| { count.fetch_add(1, SeqCst); text.len() }
            > >
        };
        assert_eq!(p.run(vec![0, 1]).await.unwrap(), [(b'b', 8), (b'o', 8)]);
        assert_eq!(count.into_inner(), 4);
    }
}

mod budget {
    use super::*;

    /// Runs a pipeline beside a timer of 1 ms whose time comes early in the run; says what `done` was when it rang.
    async fn beside_a_timer<P>(p: P, input: P::In, done: Arc<AtomicU32>) -> u32
    where
        P: Run + 'static,
    {
        let timer = tokio::spawn(async move {
            sleep(Duration::from_millis(1)).await;
            done.load(SeqCst)
        });
        yield_now().await;
        let run = tokio::spawn(async move { p.run(input).await.map(drop).map_err(drop) });
        let rang = timer.await.unwrap();
        run.abort();
        rang
    }

    #[tokio::test(start_paused = true)]
    async fn running_2_ten_thousand_ready_items_do_not_delay_a_timer() {
        let done = Arc::new(AtomicU32::new(0));
        let p = pipeline! {
            let done = done.clone();
            |_: std::ops::Range<u32>|
            each < async |n| {
                // Time goes on, as it would.
                if n == 10 { tokio::time::advance(Duration::from_millis(1)).await }
                done.fetch_add(1, SeqCst);
            } >
        };
        let rang = beside_a_timer(p, 0..10_000, done).await;
        assert!(rang < 1_000, "after {rang} items");
    }

    #[tokio::test(start_paused = true)]
    async fn running_2_nor_with_a_limit_nor_as_tasks_and_blocks() {
        #[task]
        async fn count(done: Arc<AtomicU32>, n: u32) {
            if n == 10 {
                tokio::time::advance(Duration::from_millis(1)).await;
            }
            done.fetch_add(1, SeqCst);
        }
        let done = Arc::new(AtomicU32::new(0));
        let p = pipeline! {
            let done = done.clone();
            |_: std::ops::Range<u32>|
            each(limit = 8) < circuit < retry < count(done.clone(), _) > > >
        };
        let rang = beside_a_timer(p, 0..10_000, done).await;
        assert!(rang < 1_000, "after {rang} items");
    }

    #[tokio::test(start_paused = true)]
    async fn running_2_an_endless_retry_without_delays_starves_nobody() {
        let done = Arc::new(AtomicU32::new(0));
        let p = pipeline! {
            let done = done.clone();
            move |_: ()|
            retry(max_attempts = unlimited, backoff = constant(0s)) < async |()| {
                if done.fetch_add(1, SeqCst) == 10 { tokio::time::advance(Duration::from_millis(1)).await }
                Err::<(), _>(Oops("again"))
            } >
        };
        let rang = beside_a_timer(p, (), done).await;
        assert!(rang < 1_000, "after {rang} attempts");
    }

    #[tokio::test]
    async fn running_2_children_that_wake_each_other_starve_nobody() {
        // Two that hand a baton to and fro, for ever.
        let (ping, pong) = (Notify::new(), Notify::new());
        let p = pipeline! {
            par <
                async |_| { loop { ping.notified().await; pong.notify_one(); } #[allow(unreachable_code)] () }
                async |_| { ping.notify_one(); loop { pong.notified().await; ping.notify_one(); } #[allow(unreachable_code)] () }
            >
        };
        let mut run = Box::pin(p.run(()));
        for _ in 0..100 {
            assert!(poll_once(run.as_mut()).is_pending(), "each poll comes back");
        }
    }

    /// Wakes itself, and is pending until `stop`.
    async fn spin(stop: &AtomicBool, polls: &AtomicU32) {
        poll_fn(|cx| {
            polls.fetch_add(1, SeqCst);
            cx.waker().wake_by_ref();
            if stop.load(SeqCst) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// How often what spins in a pipeline was polled until another task of its runtime has had its turn.
    async fn polls_until_a_turn<P: Run>(
        p: P,
        input: P::In,
        stop: &Arc<AtomicBool>,
        polls: &AtomicU32,
    ) -> u32 {
        stop.store(false, SeqCst);
        polls.store(0, SeqCst);
        let other = stop.clone();
        tokio::spawn(async move { other.store(true, SeqCst) });
        assert!(p.run(input).await.is_ok());
        polls.load(SeqCst)
    }

    /// In one block, in two and in three.
    #[track_caller]
    fn none_waits_for_the_depth(polls: [u32; 3]) {
        assert!(polls.iter().all(|polls| *polls <= 100), "{polls:?} polls");
    }

    #[tokio::test]
    async fn running_6_blocks_in_each_other_do_not_multiply_the_wait_of_other_tasks() {
        let (stop, polls) = (Arc::new(AtomicBool::new(false)), AtomicU32::new(0));
        let (s, n) = (&*stop, &polls);
        none_waits_for_the_depth([
            polls_until_a_turn(
                pipeline! { |_: Vec<()>| each(limit = 1) < async |_x| { spin(s, n).await } > },
                vec![()],
                &stop,
                n,
            )
            .await,
            polls_until_a_turn(
                pipeline! { |_: Vec<Vec<()>>| each(limit = 1) < each(limit = 1) < async |_x| { spin(s, n).await } > > },
                vec![vec![()]],
                &stop,
                n,
            )
            .await,
            polls_until_a_turn(
                pipeline! {
                    |_: Vec<Vec<Vec<()>>>|
                    each(limit = 1) <
                        each(limit = 1) < each(limit = 1) < async |_x| { spin(s, n).await } > >
                    >
                },
                vec![vec![vec![()]]],
                &stop,
                n,
            )
            .await,
        ]);
        none_waits_for_the_depth([
            polls_until_a_turn(
                pipeline! { par < async |_| { spin(s, n).await } |_| {} |_| {} > },
                (),
                &stop,
                n,
            )
            .await,
            polls_until_a_turn(
                pipeline! { par < par < async |_| { spin(s, n).await } |_| {} |_| {} > |_| {} |_| {} > },
                (),
                &stop,
                n,
            )
            .await,
            polls_until_a_turn(
                pipeline! {
                    par <
                        par < par < async |_| { spin(s, n).await } |_| {} |_| {} > |_| {} |_| {} >
                        |_| {}
                        |_| {}
                    >
                },
                (),
                &stop,
                n,
            )
            .await,
        ]);
    }

    #[tokio::test]
    async fn running_6_nor_do_retries_timeouts_boxes_and_runs_in_steps_between_them() {
        let (stop, polls) = (Arc::new(AtomicBool::new(false)), AtomicU32::new(0));
        let (s, n) = (&*stop, &polls);
        let inner = pipeline! { par < async |_| { spin(s, n).await } |_| {} > }.boxed();
        let middle = pipeline! {
            par < |_| {} retry < timeout(1h) < async |()| { inner.run(()).await.map(drop) } > > >
        };
        let p = pipeline! { par < |_| {} seq < circuit < { &middle } > |_| {} > > };
        assert!(polls_until_a_turn(p, (), &stop, n).await <= 100);
        // More than eight children have wakers of their own.
        let p = pipeline! {
            |_: std::ops::Range<u32>|
            each < par <
                |_| {} |_| {} |_| {} |_| {} |_| {} |_| {} |_| {} |_| {} |_| {}
                async |n| { if n == 40 { spin(s, &polls).await } }
            > >
        };
        assert!(polls_until_a_turn(p, 0..50, &stop, n).await <= 600);
    }

    #[test]
    fn running_6_nor_under_an_executor_without_a_budget() {
        use futures::stream::{FuturesUnordered, StreamExt as _};
        let (stop, polls) = (AtomicBool::new(false), AtomicU32::new(0));
        let (s, n) = (&stop, &polls);
        let inner = pipeline! { par < async |_| { spin(s, n).await } |_| {} |_| {} > };
        let middle = pipeline! { par < { &inner } |_| {} > };
        let p = pipeline! { par < |_| {} par < |_| {} { &middle } > > };
        let mut run = Box::pin(p.run(()));
        for _ in 0..10 {
            polls.store(0, SeqCst);
            assert!(poll_once(run.as_mut()).is_pending());
            assert!((2..100).contains(&polls.load(SeqCst)), "{polls:?} polls");
        }
        // A stream has wakers of its own, through which a block does not see the one around it.
        let streamed = async || {
            let mut runs: FuturesUnordered<_> = [middle.run(())].into_iter().collect();
            runs.next().await.unwrap().map(drop)
        };
        let p = pipeline! { par < |_| {} par < |_| {} async |_| { streamed().await } > > };
        let mut run = Box::pin(p.run(()));
        for _ in 0..10 {
            polls.store(0, SeqCst);
            assert!(poll_once(run.as_mut()).is_pending());
            assert!((2..200).contains(&polls.load(SeqCst)), "{polls:?} polls");
        }
    }

    #[test]
    fn running_6_work_without_end_lets_others_run_without_a_budget() {
        let n = AtomicU32::new(0);
        let items = pipeline! {
            |_: std::ops::Range<u32>|
            each(limit = 1) < |n| { n..u32::MAX } each(limit = 1) < |_n| { n.fetch_add(1, SeqCst) } > >
        };
        let mut run = Box::pin(items.run(0..u32::MAX));
        for _ in 0..3 {
            assert!(poll_once(run.as_mut()).is_pending());
            assert!(n.swap(0, SeqCst) <= 10_000);
        }
        let attempts = pipeline! {
            retry(max_attempts = unlimited, backoff = constant(0s)) < par <
                |_| { n.fetch_add(1, SeqCst) }
                async |_| { yield_now().await; Err::<(), _>(Oops("again")) }
            > >
        };
        let mut run = Box::pin(attempts.run(()));
        for _ in 0..3 {
            assert!(poll_once(run.as_mut()).is_pending());
            assert!(n.swap(0, SeqCst) <= 10_000);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn running_6_timers_are_looked_at_while_steps_wake_themselves() {
        let chunks = Arc::new(AtomicU32::new(0));
        /// Work in chunks without end, with a yield written by hand between them.
        async fn polite(chunks: &AtomicU32) {
            poll_fn(|cx| {
                chunks.fetch_add(1, SeqCst);
                cx.waker().wake_by_ref();
                Poll::Pending
            })
            .await
        }
        /// The chunks that are done from the moment on that the time is over, until the run is.
        async fn late<P: Run>(p: P, input: P::In, chunks: &Arc<AtomicU32>) -> u32 {
            let clock = chunks.clone();
            tokio::spawn(async move {
                for _ in 0..5 {
                    yield_now().await;
                }
                clock.store(0, SeqCst);
                tokio::time::advance(Duration::from_millis(50)).await;
            });
            assert!(p.run(input).await.is_err());
            chunks.load(SeqCst)
        }
        let n = &*chunks;
        let p = pipeline! {
            timeout(50ms) < par < par < par < async |_| { polite(n).await } |_| {} > |_| {} > |_| {} > >
        };
        let late_by = late(p, (), &chunks).await;
        assert!(late_by <= 100, "{late_by} chunks");
        let p = pipeline! {
            |_: Vec<Vec<Vec<()>>>|
            timeout(50ms) <
                each(limit = 4) < each(limit = 4) < each(limit = 4) < async |_x| { polite(n).await } > > >
            >
        };
        let late_by = late(p, vec![vec![vec![()]]], &chunks).await;
        assert!(late_by <= 100, "{late_by} chunks");
    }

    #[tokio::test]
    async fn running_6_runs_one_after_the_other_let_others_run() {
        let stop = Arc::new(AtomicBool::new(false));
        let other = stop.clone();
        tokio::spawn(async move { other.store(true, SeqCst) });
        let restless = || async {
            let mut is_woken = false;
            poll_fn(|cx| {
                cx.waker().wake_by_ref();
                if std::mem::replace(&mut is_woken, true) { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
        };
        let p = pipeline! { par < async |_| { restless().await } |_| {} > };
        let mut runs = 0;
        while !stop.load(SeqCst) {
            p.run(()).await.unwrap();
            runs += 1;
        }
        assert!(runs <= 200, "{runs} runs");
    }
}

mod send {
    use super::*;

    async fn spawned<P>(p: P, input: P::In) -> P::Out
    where
        P: Run<Error = BoxError> + 'static,
    {
        tokio::spawn(async move { p.run(input).await }).await.unwrap().unwrap()
    }

    fn everything() -> impl Run<In = u32, Out = Vec<(u32, u32)>, Error = BoxError> + 'static {
        pipeline! {
            let three = 3_u32;
            move |n: u32|
            seq <
                let m = double(*n)
                |()| { vec![*m, *n] }
                each(limit = 2) < par <
                    circuit < retry < double > >
                    timeout(1s) < catch < async |k| { yield_now().await; k + three } > >
                > >
            >
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn running_3_a_run_is_spawned_at_a_generic_call_site() {
        assert_eq!(spawned(everything(), 1).await, [(4, 5), (2, 4)]);
        assert_eq!(spawned(Arc::new(everything()), 1).await, [(4, 5), (2, 4)]);
        assert_eq!(
            spawned(everything().with_bus(async_orch::bus::from_fn(|_| {})), 1).await,
            [(4, 5), (2, 4)]
        );
        assert_eq!(spawned(pipeline! { |_: u32| seq < { everything() } > }, 1).await, [(4, 5), (2, 4)]);
    }

    /// As axum asks of a handler and of its state.
    trait Handler<S>: Clone + Send + Sync + 'static {
        type Future: Future<Output = Result<String, Error>> + Send + 'static;
        fn call(self, state: S) -> Self::Future;
    }

    impl<S, F, Fut> Handler<S> for F
    where
        S: Clone + Send + Sync + 'static,
        F: Fn(S) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<String, Error>> + Send + 'static,
    {
        type Future = Fut;
        fn call(self, state: S) -> Fut {
            self(state)
        }
    }

    async fn serve<S: Clone + Send + Sync + 'static, H: Handler<S>>(handler: H, state: S) -> Vec<String> {
        let runs: Vec<_> = (0..3).map(|_| tokio::spawn(handler.clone().call(state.clone()))).collect();
        let mut answers = Vec::new();
        for run in runs {
            answers.push(run.await.unwrap().unwrap());
        }
        answers
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn running_3_a_boxed_pipeline_is_the_state_of_a_server() {
        #[derive(Clone)]
        struct State {
            sums: Arc<BoxPipeline<'static, u32, Vec<(u32, u32)>>>,
        }
        async fn handler(state: State) -> Result<String, Error> {
            Ok(format!("{:?}", state.sums.run(1).await?))
        }
        let state = State { sums: Arc::new(pipeline! { |_: u32| seq < { everything() } > }.boxed()) };
        assert_eq!(serve(handler, state).await, ["[(4, 5), (2, 4)]"; 3]);
    }

    #[test]
    fn running_3_a_pipeline_is_send_and_sync_and_so_is_what_comes_of_it() {
        fn send_sync<T: Send + Sync>(_: &T) {}
        fn send<T: Send>(_: &T) {}
        let text = String::from("captured");
        let p = pipeline! { seq < |()| { text.len() } > };
        send_sync(&p);
        send(&p.run(()));
        send_sync(&p.graph());
        let failing = pipeline! { |()| { Err::<(), _>(Oops("x")) } };
        send_sync(&at_once(failing.run(())).unwrap_err());
    }
}

mod panics {
    use super::*;

    #[task]
    async fn boom(now: bool) {
        if !now {
            yield_now().await;
        }
        panic!("boom {now}")
    }

    #[tokio::test]
    async fn running_4_an_inline_panic_unwinds_to_the_caller() {
        let p =
            pipeline! { |now: bool| seq < par < retry(max_attempts = 9) < timeout(1s) < boom(*now) > > > > };
        assert_eq!(panic_of(p.run(true)).await, "boom true");
        assert_eq!(panic_of(p.run(false)).await, "boom false");
    }

    #[tokio::test]
    async fn running_4_the_pipeline_is_usable_afterwards() {
        let breaker = Breaker::builder().fail_max(100).build();
        let census = Census::default();
        let p = pipeline! {
            |bad: bool|
            seq <
                |()| { 0..5_u32 }
                each(limit = 2) < circuit(breaker = &breaker) < async |n| {
                    let _live = census.enter();
                    yield_now().await;
                    assert!(!*bad || n != 3, "three");
                    n
                } > >
            >
        };
        for n in 1..=3 {
            assert_eq!(panic_of(p.run(true)).await, "three");
            assert_eq!(census.alive(), 0);
            assert_eq!(breaker.failures(), 1, "time {n}: the successes before reset the count");
            assert_eq!(p.run(false).await.unwrap(), [0, 1, 2, 3, 4]);
        }
    }

    #[tokio::test]
    async fn running_4_a_circuit_counts_it_and_it_can_open() {
        let breaker = Breaker::builder().fail_max(2).build();
        let p = pipeline! { |now: bool| circuit(breaker = &breaker) < boom(*now) > };
        panic_of(p.run(true)).await;
        assert_eq!(breaker.failures(), 1);
        panic_of(p.run(false)).await;
        assert!(matches!(breaker.state(), BreakerState::Open { .. }));
        assert!(matches!(p.run(true).await.unwrap_err().kind(), ErrorKind::CircuitOpen { .. }));
    }

    #[tokio::test(start_paused = true)]
    async fn running_4_a_probe_that_panics_opens_again() {
        let breaker = Breaker::builder().fail_max(1).reset_timeout(SECOND).build();
        let p = pipeline! { |now: bool| circuit(breaker = &breaker) < boom(*now) > };
        breaker.force_open();
        sleep(SECOND).await;
        panic_of(p.run(false)).await;
        assert_eq!(breaker.state(), BreakerState::Open { retry_after: SECOND });
    }

    #[tokio::test]
    async fn running_4_the_task_is_failed_and_its_running_siblings_are_cancelled() {
        let (trace, census) = (Trace::default(), Census::default());
        let p = pipeline! {
            let census = census.clone();
            seq(name = "main") <
                circuit < par < live(census.clone()) boom(false) live(census.clone()) as "third" > >
            >
        };
        assert_eq!(panic_of((&p).with_bus(&trace).run(())).await, "boom false");
        assert_eq!(census.alive(), 0);
        let events = trace.take();
        every_execution_ends_once(&events);
        let end = |path: &str| {
            let ends: Vec<_> =
                events.iter().filter(|seen| seen.path == path && seen.what.is_terminal()).collect();
            ends[0].what
        };
        assert_eq!(end("main/circuit/par/boom"), What::Task(TaskState::Failed));
        assert_eq!(end("main/circuit/par/live"), What::Task(TaskState::Cancelled));
        assert_eq!(end("main/circuit/par/third"), What::Task(TaskState::Cancelled));
        assert_eq!(
            (end("main/circuit/par"), end("main/circuit"), end("main")),
            (What::Failed, What::Failed, What::Failed)
        );
    }

    #[tokio::test]
    async fn running_4_idle_siblings_of_a_panic_elsewhere_are_cancelled_not_failed() {
        // The run is dropped while its thread panics, and was not itself being polled.
        let (trace, census) = (Trace::default(), Census::default());
        let breaker = Breaker::builder().fail_max(1).build();
        let p =
            pipeline! { let census = census.clone(); circuit(breaker = &breaker) < live(census.clone()) > };
        let p = p.with_bus(&trace);
        let mut run = Box::pin(p.run(()));
        assert!(poll_once(run.as_mut()).is_pending());
        let panicked = catch_unwind(AssertUnwindSafe(move || {
            let _run = run;
            panic!("elsewhere")
        }));
        assert_eq!(text(panicked.unwrap_err()), "elsewhere");
        assert_eq!(trace.take().last().unwrap().what, What::Cancelled);
        assert_eq!((breaker.state(), breaker.failures()), (BreakerState::Closed, 0));
    }

    #[tokio::test]
    async fn running_4_a_spawned_task_that_panics_gives_the_error_panicked() {
        #[task(spawn)]
        async fn apart() -> u32 {
            yield_now().await;
            panic!("apart")
        }
        #[task(spawn)]
        fn apart_sync() -> u32 {
            panic!("apart, sync")
        }
        let error = pipeline! { seq < apart() > }.run(()).await.unwrap_err();
        assert_eq!(error.to_string(), "step `seq/apart` panicked: apart");
        assert!(matches!(error.kind(), ErrorKind::Panicked(panicked) if panicked.message() == "apart"));
        let error = pipeline! { apart_sync() }.run(()).await.unwrap_err();
        assert_eq!(error.to_string(), "step `apart_sync` panicked: apart, sync");
    }

    #[tokio::test]
    async fn running_4_a_blocking_task_that_panics_gives_the_error_panicked() {
        #[task(blocking)]
        fn thread(n: u32) -> Result<u32, Oops> {
            if n > 0 { panic!("thread {n}") } else { Err(Oops("own")) }
        }
        let p = pipeline! { |_: u32| thread };
        assert_eq!(p.run(1).await.unwrap_err().to_string(), "step `thread` panicked: thread 1");
        assert_eq!(p.run(0).await.unwrap_err().downcast_ref(), Some(&Oops("own")));
    }

    /// Polls a run in a runtime, if it is to have begun, then shuts that down and polls on.
    fn shut_down_in<P: Run<In = (), Error = BoxError>>(p: &P, has_begun: bool) -> Error {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let handle = runtime.handle().clone();
        let mut run = Box::pin(p.run(()));
        if has_begun {
            let _inside = handle.enter();
            assert!(poll_once(run.as_mut()).is_pending());
        }
        drop(runtime);
        let _inside = (!has_begun).then(|| handle.enter());
        match poll_once(run.as_mut()) {
            Poll::Ready(result) => result.err().expect("it cannot succeed"),
            Poll::Pending => panic!("it waits for a task that is gone"),
        }
    }

    #[test]
    fn running_4_a_spawned_task_that_its_runtime_cancels_says_so_and_is_not_retried() {
        #[task(spawn)]
        async fn apart() -> u32 {
            pending().await
        }
        let error = shut_down_in(&pipeline! { seq < apart() > }, true);
        assert!(matches!(error.kind(), ErrorKind::Cancelled), "{error:#?}");
        assert_eq!(error.to_string(), "step `seq/apart` was cancelled by its runtime");
        assert!(!error.is_retryable() && error.task().is_none());
        // Another attempt would panic, as there is no runtime any more.
        let error = shut_down_in(&pipeline! { retry(max_attempts = 5) < apart() > }, true);
        assert!(matches!(error.kind(), ErrorKind::Cancelled));
        assert_eq!(error.attempts(), 1);
        let error =
            shut_down_in(&pipeline! { catch < par < apart() async |_| { pending::<()>().await } > > }, true);
        assert!(matches!(error.kind(), ErrorKind::Cancelled), "no panic was caught");
    }

    #[test]
    fn circuit_5_a_run_whose_runtime_is_shut_down_counts_as_nothing() {
        #[task(spawn)]
        async fn apart() -> u32 {
            pending().await
        }
        let breaker = Breaker::builder().fail_max(1).reset_timeout(Duration::from_nanos(1)).build();
        let p = pipeline! {
            circuit(breaker = breaker.clone(), ignore = |_| unreachable!("it is no failure")) < apart() >
        };
        for has_begun in [true, false] {
            let error = shut_down_in(&p, has_begun);
            assert!(matches!(error.kind(), ErrorKind::Cancelled), "{error:#?}");
            assert_eq!((breaker.state(), breaker.failures()), (BreakerState::Closed, 0));
        }
        // As a probe it leaves the verdict to the next one.
        breaker.force_open();
        shut_down_in(&p, true);
        assert_eq!(breaker.state(), BreakerState::HalfOpen);
    }

    #[test]
    fn running_4_a_task_that_begins_when_its_runtime_is_gone_says_so_too() {
        #[task(blocking)]
        fn thread() -> u32 {
            1
        }
        #[task(spawn)]
        async fn apart() -> Result<u32, Oops> {
            Ok(1)
        }
        let trace = Trace::default();
        let p = pipeline! { seq < retry(max_attempts = 5) < thread() > > };
        let error = shut_down_in(&(&p).with_bus(&trace), false);
        assert!(matches!(error.kind(), ErrorKind::Cancelled), "{error:#?}");
        assert_eq!((error.path().as_str(), error.attempts()), ("seq/retry/thread", 1));
        let events = trace.take();
        every_execution_ends_once(&events);
        let end = events.iter().rfind(|seen| seen.path == "seq/retry/thread").unwrap();
        assert_eq!(end.what, What::Task(TaskState::Failed));
        let error = shut_down_in(&pipeline! { apart() }, false);
        assert!(matches!(error.kind(), ErrorKind::Cancelled), "{error:#?}");
    }

    #[tokio::test]
    async fn running_4_the_run_that_panicked_leaves_other_runs_alone() {
        let gate = Notify::new();
        let p = pipeline! {
            |bad: bool|
            circuit <
                par < async |_| { if !*bad { gate.notified().await } } |_| { assert!(!*bad, "bad"); 1 } >
            >
        };
        let mut good = Box::pin(p.run(false));
        assert!(poll_once(good.as_mut()).is_pending());
        assert_eq!(panic_of(p.run(true)).await, "bad");
        gate.notify_one();
        assert_eq!(good.await.unwrap(), ((), 1));
    }
}

mod time {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn running_5_time_is_tokios_clock_only() {
        let real = std::time::Instant::now();
        let begin = Instant::now();
        let down = AtomicBool::new(true);
        let p = pipeline! {
            timeout(10h) < retry(max_attempts = 3, backoff = constant(1h), jitter = none) <
                circuit(fail_max = 1, reset_timeout = 60s) <
                    timeout(30s) < async |()| { if down.load(SeqCst) { pending::<()>().await } } >
                >
            > >
        };
        assert!(matches!(p.run(()).await.unwrap_err().kind(), ErrorKind::TimedOut));
        assert_eq!(begin.elapsed(), Duration::from_secs(3 * 30 + 2 * 3600));
        down.store(false, SeqCst);
        assert!(matches!(p.run(()).await.unwrap_err().kind(), ErrorKind::CircuitOpen { .. }));
        sleep(Duration::from_secs(60)).await;
        p.run(()).await.unwrap();
        assert!(real.elapsed() < Duration::from_secs(5), "none of it was waited for");
    }

    #[tokio::test(start_paused = true)]
    async fn running_5_events_are_timed_by_it_too() {
        let times = std::sync::Mutex::new(Vec::new());
        let p = pipeline! {
            seq < async |()| { sleep(SECOND * 3).await } async |()| { sleep(SECOND * 4).await } >
        };
        let p = p.with_bus(async_orch::bus::from_fn(|event| times.lock().unwrap().push(event.elapsed)));
        p.run(()).await.unwrap();
        let times = times.into_inner().unwrap();
        assert_eq!(times, [0, 0, 3, 3, 7, 7].map(|secs| SECOND * secs));
    }

    /// Each event as its path, whether it is an end, and its time.
    type Told = std::sync::Mutex<Vec<(String, bool, Duration)>>;

    fn note(told: &Told, event: &async_orch::Event<'_>) {
        let ends = event.state().is_some_and(TaskState::is_terminal);
        told.lock().unwrap().push((event.node.path().to_owned(), ends, event.elapsed));
        // The clock goes on before the next event: at the first poll.
        assert_eq!(tokio::time::advance(SECOND).now_or_never(), None);
    }

    /// What starts at the time at which what was told before it has ended.
    fn at_once(told: Told) -> Vec<String> {
        let told = told.into_inner().unwrap();
        let follows = told.windows(2).filter(|two| two[0].1 && !two[1].1 && two[0].2 == two[1].2);
        follows.map(|two| two[1].0.clone()).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn running_5_in_a_sequence_a_step_starts_where_the_one_before_has_ended() {
        let told = Told::default();
        let p = pipeline! {
            |_: Vec<u32>|
            seq(name = "all") <
                each < seq < |n| { n } as "a" |n| { n } as "b" async |n| { yield_now().await; n } as "c" > >
                when(true) < |n| { n } as "d" >
                |_| {} as "e"
            >
        };
        p.with_bus(async_orch::bus::from_fn(|event| note(&told, event))).run(vec![1, 2]).await.unwrap();
        // Not the second item, nor what a block begins with: there is code of the user's before them, or a wait.
        let (b, c) = ("all/each/seq/b", "all/each/seq/c");
        let mut starts = at_once(told);
        starts.sort();
        assert_eq!(starts, ["all/e", b, b, c, c, "all/when"]);
    }

    #[tokio::test]
    async fn running_5_a_clock_of_ones_own_is_asked_for_each_event() {
        /// A second later each time it is asked.
        struct Forwards(std::time::Instant, AtomicU32);
        impl Runtime for Forwards {
            fn execute<'a>(&'a self, attempt: Attempt<'a>) -> BoxFuture<'a, Done<'a>> {
                Local.execute(attempt)
            }

            fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
                Local.sleep(duration)
            }

            fn now(&self) -> std::time::Instant {
                self.0 + SECOND * self.1.fetch_add(1, SeqCst)
            }

            fn random(&self) -> u64 {
                0
            }
        }
        let times = std::sync::Mutex::new(Vec::new());
        let p = pipeline! { |_: u32| seq < double double double > };
        let p = p.with_bus(async_orch::bus::from_fn(|event| times.lock().unwrap().push(event.elapsed)));
        p.on(&Forwards(std::time::Instant::now(), AtomicU32::new(0))).run(1).await.unwrap();
        assert_eq!(times.into_inner().unwrap(), [1, 2, 3, 4, 5, 6, 7, 8].map(|secs| SECOND * secs));
    }

    #[test]
    fn running_5_a_run_on_a_paused_clock_that_is_dropped_elsewhere_does_not_go_back_in_time() {
        let times = std::sync::Mutex::new(Vec::new());
        let p = pipeline! {
            |_: Vec<u32>|
            each(limit = 1) <
                par(limit = 1) <
                    async |n| { sleep(SECOND * n).await }
                    async |_| { pending::<()>().await }
                    |_| {}
                >
            >
        };
        let p = p.with_bus(async_orch::bus::from_fn(|event| {
            let lasted = match event.kind {
                EventKind::Task(TaskEvent::Succeeded { elapsed, .. } | TaskEvent::Failed { elapsed, .. }) => {
                    elapsed
                }
                EventKind::Block(
                    BlockEvent::Succeeded { elapsed, .. } | BlockEvent::Failed { elapsed, .. },
                ) => elapsed,
                _ => Duration::ZERO,
            };
            times.lock().unwrap().push((event.elapsed, lasted));
        }));
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let mut run = Box::pin(p.run(vec![3600]));
        runtime.block_on(async {
            let hour = sleep(SECOND * 3600);
            futures::future::select(run.as_mut(), std::pin::pin!(hour)).await;
            assert!(poll_once(run.as_mut()).is_pending());
        });
        drop(runtime);
        // Here it is the clock of the machine, an hour before.
        drop(run);
        let times = times.into_inner().unwrap();
        assert!(times.is_sorted_by_key(|(elapsed, _)| *elapsed), "{times:?}");
        assert!(times.iter().all(|(elapsed, lasted)| lasted <= elapsed), "{times:?}");
        assert_eq!(times.last().unwrap().0, SECOND * 3600);
    }

    #[tokio::test(start_paused = true)]
    async fn running_5_nor_does_a_run_on_a_clock_that_goes_back() {
        /// A clock of its own, a second earlier each time it is asked.
        struct Backwards(std::time::Instant, AtomicU32);
        impl Runtime for Backwards {
            fn execute<'a>(&'a self, attempt: Attempt<'a>) -> BoxFuture<'a, Done<'a>> {
                Local.execute(attempt)
            }

            fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
                Local.sleep(duration)
            }

            fn now(&self) -> std::time::Instant {
                self.0 - SECOND * self.1.fetch_add(1, SeqCst)
            }

            fn random(&self) -> u64 {
                0
            }
        }
        let times = std::sync::Mutex::new(Vec::new());
        let p = pipeline! {
            circuit(fail_max = 1) < retry(max_attempts = 2) < |()| { Err::<(), _>(Oops("no")) } > >
        };
        let p = p.with_bus(async_orch::bus::from_fn(|event| times.lock().unwrap().push(event.elapsed)));
        tokio::time::advance(SECOND * 3600).await;
        let runtime = Backwards(std::time::Instant::now(), AtomicU32::new(0));
        p.on(&runtime).run(()).await.unwrap_err();
        p.on(&runtime).run(()).await.unwrap_err();
        assert!(times.into_inner().unwrap().iter().all(Duration::is_zero));
    }
}

/// Values whose destructors panic, wherever a block is what drops them.
mod hostile {
    use super::*;

    /// Panics when it is dropped.
    struct Bomb;

    impl Drop for Bomb {
        fn drop(&mut self) {
            if !std::thread::panicking() {
                panic!("dropped");
            }
        }
    }

    impl Clone for Bomb {
        fn clone(&self) -> Self {
            Bomb
        }
    }

    /// Drops a value that panics when a run of it is dropped, and has failed once it did.
    #[task]
    async fn holds(n: u32) -> Result<u32, Oops> {
        let _bomb = (n > 0).then_some(Bomb);
        if n == 1 {
            return Err(Oops("held"));
        }
        sleep(SECOND * 10).await;
        Ok(n)
    }

    #[task]
    async fn bomb() -> Bomb {
        Bomb
    }

    #[task]
    async fn constant() -> u32 {
        1
    }

    /// How the block at a path ended when something that it drops panics.
    macro_rules! end {
        ($path:literal, $($pipeline:tt)*) => {{
            let trace = Trace::default();
            let p = pipeline! { seq < $($pipeline)* > };
            assert_eq!(panic_of(p.with_bus(&trace).run(())).await, "dropped", "{}", $path);
            let events = trace.take();
            every_execution_ends_once(&events);
            let end = events.iter().find(|seen| seen.path == $path && seen.what.is_terminal());
            end.unwrap_or_else(|| panic!("{} has not ended: {events:?}", $path)).what
        }};
    }

    #[tokio::test(start_paused = true)]
    async fn running_4_a_value_that_a_block_has_no_use_for() {
        assert_eq!(end!("seq/retry", bomb() retry < constant() >), What::Failed);
        assert_eq!(end!("seq/timeout", bomb() timeout(1s) < constant() >), What::Failed);
        assert_eq!(end!("seq/circuit", bomb() circuit < constant() >), What::Failed);
        assert_eq!(end!("seq/par", bomb() par < constant() constant() >), What::Failed);
        assert_eq!(end!("seq/settle", bomb() settle < constant() constant() >), What::Failed);
        assert_eq!(end!("seq/race", bomb() race < constant() constant() >), What::Failed);
        assert_eq!(end!("seq/seq", bomb() seq < constant() constant() >), What::Failed);
    }

    #[tokio::test(start_paused = true)]
    async fn running_4_a_value_that_a_block_keeps_no_longer() {
        fn used(bomb: Bomb) {
            std::mem::forget(bomb);
        }
        #[task]
        async fn fails() -> Result<u32, Oops> {
            Err(Oops("it"))
        }
        let open = Breaker::default();
        open.isolate();
        assert_eq!(
            end!("seq/retry", bomb() retry(when = |_| false) < |bomb| { used(bomb) } fails() >),
            What::Failed
        );
        assert_eq!(
            end!("seq/circuit", bomb() circuit(breaker = &open) < |bomb| { used(bomb) } fails() >),
            What::Failed
        );
    }

    #[tokio::test(start_paused = true)]
    async fn running_4_a_body_that_a_block_ends() {
        assert_eq!(end!("seq/timeout", |()| {} timeout(1s) < holds(2) >), What::Failed);
        assert_eq!(end!("seq/race", |()| {} race < holds(2) constant() >), What::Failed);
        assert_eq!(
            end!("seq/par", |()| {} par < holds(2) |_| { Err::<(), _>(Oops("other")) } >),
            What::Failed
        );
        assert_eq!(end!("seq/retry", |()| {} retry < holds(1) >), What::Failed);
    }
}

mod impossible {
    use super::*;

    /// Where the last panic of this thread was.
    fn located<T>(build: impl FnOnce() -> T) -> (String, u32) {
        use std::cell::Cell;
        use std::sync::Once;
        thread_local!(static LINE: Cell<u32> = const { Cell::new(0) });
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |info| {
                LINE.set(info.location().map_or(0, |location| location.line()));
                before(info);
            }));
        });
        let panicked = catch_unwind(AssertUnwindSafe(|| drop(build())));
        (text(panicked.expect_err("it panics")), LINE.get())
    }

    /// The message names the option and its place, and the panic itself is there too.
    #[track_caller]
    fn names(panicked: (String, u32), option: &str, line: u32) {
        let place = format!("{}:{line}:", file!());
        let (message, at) = panicked;
        assert!(message.contains(&format!("`{option}`")), "{message}");
        assert!(message.contains(&place), "{message}, not {place}");
        assert_eq!(at, line, "{message}");
    }

    #[test]
    #[rustfmt::skip] // for the lines
    fn running_6_a_limit_of_zero_panics_as_the_pipeline_is_built() {
        let zero = 0;
        names(located(|| pipeline! { par(limit = zero) < |_| { 1 } > }), "limit", line!());
        names(located(|| pipeline! { |_: Vec<u32>| each(limit = zero) < double > }), "limit", line!());
    }

    #[test]
    #[rustfmt::skip]
    fn running_6_no_attempts_panic() {
        let zero = 0;
        names(located(|| pipeline! { retry(max_attempts = zero) < |()| { 1 } > }), "max_attempts", line!());
    }

    #[test]
    #[rustfmt::skip]
    fn running_6_a_circuit_that_cannot_be_panics() {
        let zero = 0;
        names(located(|| pipeline! { circuit(fail_max = zero) < |()| { 1 } > }), "fail_max", line!());
        names(located(|| pipeline! { circuit(probes = zero) < |()| { 1 } > }), "probes", line!());
        let none = Duration::ZERO;
        names(located(|| pipeline! { circuit(reset_timeout = none) < |()| { 1 } > }), "reset_timeout", line!());
    }

    #[test]
    fn running_6_a_factor_that_cannot_be_panics_there() {
        let factor = -1.0;
        let (message, line) =
            located(|| pipeline! { retry(backoff = exponential(1s, factor)) < |()| { 1 } > });
        assert!(message.contains("`backoff`") && message.contains("-1"), "{message}");
        assert_eq!(line, line!() - 2);
    }

    #[test]
    fn running_6_a_breaker_that_cannot_be_panics_there() {
        let (message, line) = located(|| Breaker::builder().fail_max(0));
        assert!(message.contains("`fail_max`"), "{message}");
        assert_eq!(line, line!() - 2);
    }

    #[test]
    fn running_6_the_place_is_that_of_the_block() {
        let zero = 0;
        let build = || {
            pipeline! {
                seq <
                    |()| { 1 }
                    retry(
                        max_attempts = zero,
                    ) < |n| { n } >
                >
            }
        };
        let (message, line) = located(build);
        let place =
            format!("block `seq/retry`: `max_attempts` must be at least 1, at {}:{}:", file!(), line!() - 8);
        assert!(message.starts_with(&place), "{message}");
        assert_eq!(line, line!() - 13, "the panic itself is where the pipeline is written");
    }
}
