//! The block `retry`.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_orch::{Error, ErrorKind, pipeline, task};
use tokio::time::{Instant, sleep};

use common::{Census, Oops, poll_once};

mod common;

const SECOND: Duration = Duration::from_secs(1);

/// When attempts were made, since the first.
#[derive(Clone, Debug, Default)]
struct Times(Arc<Mutex<Vec<Instant>>>);

impl Times {
    fn add(&self) -> u32 {
        let mut times = self.0.lock().unwrap();
        times.push(Instant::now());
        times.len() as u32
    }

    /// The waits between them.
    fn delays(&self) -> Vec<Duration> {
        let times = std::mem::take(&mut *self.0.lock().unwrap());
        times.windows(2).map(|pair| pair[1] - pair[0]).collect()
    }

    fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

/// Fails, but for the attempt `good`.
#[task]
async fn flaky(times: Times, good: u32) -> Result<u32, Oops> {
    let attempt = times.add();
    if attempt == good { Ok(attempt) } else { Err(Oops("down")) }
}

fn ms(delays: &[u64]) -> Vec<Duration> {
    delays.iter().copied().map(Duration::from_millis).collect()
}

#[tokio::test(start_paused = true)]
async fn retry_1_max_attempts_includes_the_first() {
    for max_attempts in [1, 2, 7] {
        let times = Times::default();
        let p = pipeline! { retry(max_attempts = max_attempts) < flaky(times.clone(), 0) > };
        assert_eq!(p.run(()).await.unwrap_err().attempts(), max_attempts);
        assert_eq!(times.count(), max_attempts as usize);
    }
}

#[tokio::test(start_paused = true)]
async fn retry_1_without_options_there_are_three_attempts_100_and_200_ms_apart_at_most() {
    let times = Times::default();
    let p = pipeline! { retry < flaky(times.clone(), 0) > };
    let mut most = [Duration::ZERO; 2];
    for _ in 0..200 {
        assert_eq!(p.run(()).await.unwrap_err().attempts(), 3);
        let delays = times.delays();
        // A timer of tokio's rounds up to the next millisecond.
        assert!(
            delays[0] <= Duration::from_millis(101) && delays[1] <= Duration::from_millis(201),
            "{delays:?}"
        );
        most = [most[0].max(delays[0]), most[1].max(delays[1])];
    }
    assert!(most[0] > Duration::from_millis(50) && most[1] > Duration::from_millis(101), "{most:?}");
}

#[tokio::test(start_paused = true)]
async fn retry_1_it_stops_at_the_first_success() {
    let times = Times::default();
    let p = pipeline! {
        retry(max_attempts = 9, backoff = constant(1s), jitter = none) < flaky(times.clone(), 3) >
    };
    assert_eq!(p.run(()).await.unwrap(), 3);
    assert_eq!(times.delays(), ms(&[1000, 1000]));
}

#[tokio::test(start_paused = true)]
async fn retry_1_the_kth_delay_is_the_backoffs() {
    let times = Times::default();
    macro_rules! delays {
        ($($options:tt)*) => {{
            let p = pipeline! { retry(max_attempts = 6, jitter = none, $($options)*) < flaky(times.clone(), 0) > };
            p.run(()).await.unwrap_err();
            times.delays()
        }};
    }
    assert_eq!(delays!(backoff = constant(50ms)), ms(&[50, 50, 50, 50, 50]));
    assert_eq!(delays!(backoff = exponential(100ms)), ms(&[100, 200, 400, 800, 1600]));
    assert_eq!(delays!(backoff = exponential(1s, 3)), ms(&[1000, 3000, 9000, 27_000, 81_000]));
    assert_eq!(delays!(backoff = exponential(1s, 0.5)), ms(&[1000, 500, 250, 125, 63]));
    assert_eq!(delays!(backoff = fibonacci(10ms)), ms(&[10, 10, 20, 30, 50]));
    assert_eq!(delays!(), ms(&[100, 200, 400, 800, 1600]));
}

#[tokio::test(start_paused = true)]
async fn retry_1_max_delay_caps_every_delay_the_first_too() {
    let times = Times::default();
    let p = pipeline! {
        retry(max_attempts = 5, backoff = exponential(10s), max_delay = 15s, jitter = none) <
            flaky(times.clone(), 0)
        >
    };
    p.run(()).await.unwrap_err();
    assert_eq!(times.delays(), [SECOND * 10, SECOND * 15, SECOND * 15, SECOND * 15]);
    let p = pipeline! {
        retry(max_attempts = 2, backoff = constant(10s), max_delay = 1s, jitter = none) <
            flaky(times.clone(), 0)
        >
    };
    p.run(()).await.unwrap_err();
    assert_eq!(times.delays(), [SECOND]);
}

#[tokio::test(start_paused = true)]
async fn retry_1_arithmetic_saturates() {
    let times = Times::default();
    let forever = Duration::MAX;
    let p = pipeline! {
        retry(max_attempts = 40, backoff = exponential(10h, 1e9), max_delay = 1s, jitter = none) <
            flaky(times.clone(), 0)
        >
    };
    p.run(()).await.unwrap_err();
    assert_eq!(times.delays(), [SECOND; 39]);
    let p = pipeline! {
        retry(backoff = fibonacci(forever), max_delay = 1s, jitter = none) < flaky(times.clone(), 0) >
    };
    p.run(()).await.unwrap_err();
    assert_eq!(times.delays(), [SECOND; 2]);
}

#[tokio::test(start_paused = true)]
async fn retry_1_full_jitter_is_between_nothing_and_the_delay_after_the_cap() {
    let times = Times::default();
    let p = pipeline! {
        retry(max_attempts = 400, backoff = exponential(100ms), max_delay = 10s, jitter = full) <
            flaky(times.clone(), 0)
        >
    };
    p.run(()).await.unwrap_err();
    let delays = times.delays().split_off(20);
    let (least, most) = (*delays.iter().min().unwrap(), *delays.iter().max().unwrap());
    assert!(most <= SECOND * 10 && most > SECOND * 9, "{most:?}");
    assert!(least < SECOND, "{least:?}");
}

#[tokio::test(start_paused = true)]
async fn retry_1_equal_jitter_is_between_half_the_delay_and_the_delay() {
    let times = Times::default();
    let p = pipeline! {
        retry(max_attempts = 400, backoff = constant(10s), jitter = equal) < flaky(times.clone(), 0) >
    };
    p.run(()).await.unwrap_err();
    let delays = times.delays();
    let (least, most) = (*delays.iter().min().unwrap(), *delays.iter().max().unwrap());
    assert!(most <= SECOND * 10 && most > SECOND * 9, "{most:?}");
    assert!(least >= SECOND * 5 && least < SECOND * 6, "{least:?}");
}

#[tokio::test(start_paused = true)]
async fn retry_1_the_last_error_comes_back_as_it_is() {
    let attempt = AtomicU32::new(0);
    let p = pipeline! {
        retry(max_attempts = 3) <
            |()| { Err::<(), _>(Oops(["first", "second", "third"][attempt.fetch_add(1, SeqCst) as usize])) } as "try"
        >
    };
    let error = p.run(()).await.unwrap_err();
    assert_eq!((error.path().as_str(), error.attempts()), ("retry/try", 3));
    assert_eq!(error.into_task_error().unwrap().downcast::<Oops>().unwrap(), Oops("third"));
}

#[tokio::test(start_paused = true)]
async fn retry_2_errors_of_tasks_are_retried() {
    let times = Times::default();
    assert_eq!(pipeline! { retry < flaky(times.clone(), 2) > }.run(()).await.unwrap(), 2);
}

#[tokio::test(start_paused = true)]
async fn retry_2_timeouts_are_retried() {
    let times = Times::default();
    let p = pipeline! {
        retry < timeout(1s) < async |()| { if times.add() < 3 { sleep(SECOND * 5).await } } > >
    };
    p.run(()).await.unwrap();
    assert_eq!(times.count(), 3);
}

#[tokio::test(start_paused = true)]
async fn retry_2_panics_that_were_caught_are_retried() {
    let times = Times::default();
    let p = pipeline! { retry < catch < |()| { assert_eq!(times.add(), 3); } > > };
    p.run(()).await.unwrap();

    #[task(spawn)]
    async fn spawned(times: Times) {
        assert_eq!(times.add(), 3);
    }
    let times = Times::default();
    pipeline! { retry < spawned(times.clone()) > }.run(()).await.unwrap();
    assert_eq!(times.count(), 3);
}

#[tokio::test(start_paused = true)]
async fn retry_2_a_rejection_by_a_circuit_is_not_retried() {
    let times = Times::default();
    let p = pipeline! { retry(max_attempts = 9) < circuit(fail_max = 2) < flaky(times.clone(), 0) > > };
    let error = p.run(()).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::CircuitOpen { .. }), "{error:?}");
    assert_eq!((times.count(), error.attempts()), (2, 3));
}

#[tokio::test(start_paused = true)]
async fn retry_2_a_half_open_circuit_is_not_retried() {
    let times = Times::default();
    let p = pipeline! {
        |hang: bool|
        circuit(fail_max = 1, reset_timeout = 10s) < async |()| {
            times.add();
            if *hang { std::future::pending::<()>().await }
            Err::<(), _>(Oops("down"))
        } >
    };
    let outer = pipeline! { |_: bool| retry(max_attempts = 9, backoff = constant(0s)) < { &p } > };
    p.run(false).await.unwrap_err();
    sleep(SECOND * 10).await;
    let mut probe = Box::pin(p.run(true));
    assert!(poll_once(probe.as_mut()).is_pending());
    let error = outer.run(false).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::CircuitHalfOpen), "{error:?}");
    assert_eq!((times.count(), error.attempts()), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn retry_2_when_narrows() {
    let times = Times::default();
    let p = pipeline! { retry(when = |error| !error.is::<Oops>()) < flaky(times.clone(), 0) > };
    assert_eq!(p.run(()).await.unwrap_err().attempts(), 1);
    assert_eq!(times.count(), 1);
    // What would not be retried still is not, and `when` is not asked: two attempts, as without it.
    let asked = Mutex::new(Vec::new());
    let p = pipeline! {
        retry(
            max_attempts = 5,
            when = |error| { asked.lock().unwrap().push(error.kind().is_rejection()); !error.is::<std::io::Error>() }
        ) < circuit(fail_max = 1) < flaky(times.clone(), 0) > >
    };
    let error = p.run(()).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::CircuitOpen { .. }), "{error}");
    assert_eq!((error.attempts(), asked.lock().unwrap().as_slice()), (2, &[false][..]));
}

#[tokio::test(start_paused = true)]
async fn retry_2_rejections_are_retried_with_the_flag() {
    let times = Times::default();
    let p = pipeline! {
        retry(max_attempts = 4, backoff = constant(5s), jitter = none, rejections) <
            circuit(fail_max = 1, reset_timeout = 10s) <
                async |()| { if times.add() == 2 { Err(Oops("down")) } else { Ok(()) } }
            >
        >
    };
    p.run(()).await.unwrap();
    p.run(()).await.unwrap();
    assert_eq!(times.delays(), ms(&[0, 10_000]), "it fails, is turned away once, and is a probe");
    // `when` has its say on them too.
    let breaker = async_orch::Breaker::new();
    breaker.isolate();
    let p = pipeline! {
        retry(max_attempts = 4, rejections, when = |error| !error.kind().is_rejection()) <
            circuit(breaker = &breaker) < |()| {} >
        >
    };
    assert_eq!(p.run(()).await.unwrap_err().attempts(), 1);
}

#[tokio::test(start_paused = true)]
async fn retry_2_when_sees_the_error_whole() {
    let seen = Mutex::new(Vec::new());
    let p = pipeline! {
        seq(name = "outer") <
            retry(when = |error| {
                let oops: Option<&Oops> = error.downcast_ref();
                seen.lock().unwrap().push((error.path(), oops.cloned(), matches!(error.kind(), ErrorKind::Task(_))));
                true
            }) < |()| { Err::<(), _>(Oops("x")) } as "s" >
        >
    };
    p.run(()).await.unwrap_err();
    let expected = ("outer/retry/s".to_owned(), Some(Oops("x")), true);
    assert_eq!(*seen.lock().unwrap(), [expected.clone(), expected], "not asked about the last attempt");
}

#[tokio::test(start_paused = true)]
async fn retry_2_when_may_be_a_function() {
    fn never(_: &Error) -> bool {
        false
    }
    let times = Times::default();
    pipeline! { retry(when = never) < flaky(times.clone(), 0) > }.run(()).await.unwrap_err();
    assert_eq!(times.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn retry_3_the_nesting_is_the_order() {
    // Around the circuit, each attempt counts; inside it, only the outcome does.
    let times = Times::default();
    let outside = pipeline! { retry(max_attempts = 4) < circuit(fail_max = 4) < flaky(times.clone(), 0) > > };
    outside.run(()).await.unwrap_err();
    assert!(matches!(outside.run(()).await.unwrap_err().kind(), ErrorKind::CircuitOpen { .. }));
    let inside = pipeline! { circuit(fail_max = 4) < retry(max_attempts = 4) < flaky(times.clone(), 0) > > };
    for _ in 0..4 {
        assert!(inside.run(()).await.unwrap_err().task().is_some());
    }
    assert!(matches!(inside.run(()).await.unwrap_err().kind(), ErrorKind::CircuitOpen { .. }));
}

#[tokio::test(start_paused = true)]
async fn nested_retries_multiply_and_the_inner_one_counts_the_attempts() {
    let times = Times::default();
    let p = pipeline! { retry(max_attempts = 3) < retry(max_attempts = 4) < flaky(times.clone(), 0) > > };
    assert_eq!(p.run(()).await.unwrap_err().attempts(), 4);
    assert_eq!(times.count(), 12);
}

#[tokio::test(start_paused = true)]
async fn unlimited_goes_on_until_it_succeeds() {
    let times = Times::default();
    let p =
        pipeline! { retry(max_attempts = unlimited, backoff = constant(0s)) < flaky(times.clone(), 5_000) > };
    assert_eq!(p.run(()).await.unwrap(), 5_000);
}

#[tokio::test(start_paused = true)]
async fn when_the_delays_end_so_do_the_attempts() {
    let times = Times::default();
    let p = pipeline! {
        retry(max_attempts = unlimited, backoff = [SECOND, SECOND * 3].into_iter(), jitter = none) <
            flaky(times.clone(), 0)
        >
    };
    assert_eq!(p.run(()).await.unwrap_err().attempts(), 3);
    assert_eq!(times.delays(), [SECOND, SECOND * 3]);
    assert_eq!(p.run(()).await.unwrap_err().attempts(), 3, "each run begins them anew");
}

#[tokio::test(start_paused = true)]
async fn backoff_takes_the_builders_of_backon() {
    let times = Times::default();
    let p = pipeline! {
        retry(
            max_attempts = 9,
            backoff = backon::ConstantBuilder::new().with_delay(SECOND * 2).with_max_times(4),
            jitter = none,
        ) < flaky(times.clone(), 0) >
    };
    assert_eq!(p.run(()).await.unwrap_err().attempts(), 5);
    assert_eq!(times.delays(), [SECOND * 2; 4]);
    let p = pipeline! { retry(backoff = std::iter::empty::<Duration>()) < flaky(times.clone(), 0) > };
    assert_eq!(p.run(()).await.unwrap_err().attempts(), 1);
}

#[tokio::test(start_paused = true)]
async fn options_are_expressions_evaluated_when_the_pipeline_is_built() {
    let (evaluated, times) = (AtomicU32::new(0), Times::default());
    let patient = true;
    let p = pipeline! {
        retry(
            max_attempts = NonZeroU32::new(2 + evaluated.fetch_add(1, SeqCst)).unwrap(),
            backoff = constant(SECOND * 7),
            max_delay = if patient { SECOND * 5 } else { SECOND },
            jitter = none,
        ) < flaky(times.clone(), 0) >
    };
    for _ in 0..3 {
        p.run(()).await.unwrap_err();
        assert_eq!(times.delays(), [SECOND * 5]);
    }
    assert_eq!(evaluated.load(SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_begins_at_the_first_step_of_the_body() {
    let (first, second) = (AtomicU32::new(0), AtomicU32::new(0));
    let p = pipeline! {
        |_: u32|
        retry(max_attempts = 3) <
            |n| { first.fetch_add(1, SeqCst); n + 1 }
            let m = |n| { n * 10 }
            |()| { if second.fetch_add(1, SeqCst) < 2 { Err(Oops("again")) } else { Ok(*m) } }
        >
    };
    assert_eq!(p.run(1).await.unwrap(), 20, "each attempt has the input as it was");
    assert_eq!((first.load(SeqCst), second.load(SeqCst)), (3, 3));
}

#[tokio::test(start_paused = true)]
async fn what_an_attempt_leaves_is_gone_before_the_delay() {
    let census = Census::default();
    let p = pipeline! {
        retry(max_attempts = 2, backoff = constant(60s), jitter = none) <
            let _live = |()| { census.enter() }
            async |()| { sleep(SECOND).await; Err::<(), _>(Oops("down")) }
        >
    };
    let watch = async {
        sleep(SECOND * 30).await;
        assert_eq!((census.made(), census.alive()), (1, 0));
    };
    tokio::join!(p.run(()), watch).0.unwrap_err();
    assert_eq!((census.made(), census.alive()), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn running_1_dropped_during_a_delay_it_stops() {
    let times = Times::default();
    let p = pipeline! { retry(backoff = constant(60s), jitter = none) < flaky(times.clone(), 0) > };
    assert!(tokio::time::timeout(SECOND, p.run(())).await.is_err());
    sleep(SECOND * 600).await;
    assert_eq!(times.count(), 1);
}
