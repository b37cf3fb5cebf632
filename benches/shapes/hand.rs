//! Each shape as an expert would write it by hand for speed, with tokio and futures.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use futures::StreamExt;
use futures_buffered::BufferedStreamExt;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::tasks::{Failed, Ring, pass_baton, step, yield_16, yield_once};

/// Ten steps, one after another.
pub async fn seq10(x: u64) -> Result<u64, Failed> {
    let x = step(x).await?;
    let x = step(x).await?;
    let x = step(x).await?;
    let x = step(x).await?;
    let x = step(x).await?;
    let x = step(x).await?;
    let x = step(x).await?;
    let x = step(x).await?;
    let x = step(x).await?;
    step(x).await
}

/// Ten steps, whose outputs are all kept by a name, each taking the one before.
pub async fn named10(x: u64) -> Result<u64, Failed> {
    let v0 = step(x).await?;
    let v1 = step(v0).await?;
    let v2 = step(v1).await?;
    let v3 = step(v2).await?;
    let v4 = step(v3).await?;
    let v5 = step(v4).await?;
    let v6 = step(v5).await?;
    let v7 = step(v6).await?;
    let v8 = step(v7).await?;
    let v9 = step(v8).await?;
    Ok(v0 + v9)
}

/// The same with forty.
pub async fn named40(x: u64) -> Result<u64, Failed> {
    let v0 = step(x).await?;
    let v1 = step(v0).await?;
    let v2 = step(v1).await?;
    let v3 = step(v2).await?;
    let v4 = step(v3).await?;
    let v5 = step(v4).await?;
    let v6 = step(v5).await?;
    let v7 = step(v6).await?;
    let v8 = step(v7).await?;
    let v9 = step(v8).await?;
    let v10 = step(v9).await?;
    let v11 = step(v10).await?;
    let v12 = step(v11).await?;
    let v13 = step(v12).await?;
    let v14 = step(v13).await?;
    let v15 = step(v14).await?;
    let v16 = step(v15).await?;
    let v17 = step(v16).await?;
    let v18 = step(v17).await?;
    let v19 = step(v18).await?;
    let v20 = step(v19).await?;
    let v21 = step(v20).await?;
    let v22 = step(v21).await?;
    let v23 = step(v22).await?;
    let v24 = step(v23).await?;
    let v25 = step(v24).await?;
    let v26 = step(v25).await?;
    let v27 = step(v26).await?;
    let v28 = step(v27).await?;
    let v29 = step(v28).await?;
    let v30 = step(v29).await?;
    let v31 = step(v30).await?;
    let v32 = step(v31).await?;
    let v33 = step(v32).await?;
    let v34 = step(v33).await?;
    let v35 = step(v34).await?;
    let v36 = step(v35).await?;
    let v37 = step(v36).await?;
    let v38 = step(v37).await?;
    let v39 = step(v38).await?;
    Ok(v0 + v39)
}

/// A future that runs `work` when the semaphore lets it.
macro_rules! limited {
    ($semaphore:ident, $work:expr) => {
        async {
            let _permit = $semaphore.acquire().await.map_err(|_| Failed)?;
            $work.await
        }
    };
}

/// Sixteen ready children, four at a time.
pub async fn par16() -> Result<u64, Failed> {
    let limit = Semaphore::new(4);
    #[rustfmt::skip]
    let (a, .., p) = tokio::try_join!(
        limited!(limit, step(0)), limited!(limit, step(1)), limited!(limit, step(2)), limited!(limit, step(3)),
        limited!(limit, step(4)), limited!(limit, step(5)), limited!(limit, step(6)), limited!(limit, step(7)),
        limited!(limit, step(8)), limited!(limit, step(9)), limited!(limit, step(10)), limited!(limit, step(11)),
        limited!(limit, step(12)), limited!(limit, step(13)), limited!(limit, step(14)), limited!(limit, step(15)),
    )?;
    Ok(a + p)
}

/// Sixteen children that yield once, four at a time.
pub async fn par16_yield() -> Result<u64, Failed> {
    let limit = Semaphore::new(4);
    #[rustfmt::skip]
    let (a, .., p) = tokio::try_join!(
        limited!(limit, yield_once(0)), limited!(limit, yield_once(1)), limited!(limit, yield_once(2)), limited!(limit, yield_once(3)),
        limited!(limit, yield_once(4)), limited!(limit, yield_once(5)), limited!(limit, yield_once(6)), limited!(limit, yield_once(7)),
        limited!(limit, yield_once(8)), limited!(limit, yield_once(9)), limited!(limit, yield_once(10)), limited!(limit, yield_once(11)),
        limited!(limit, yield_once(12)), limited!(limit, yield_once(13)), limited!(limit, yield_once(14)), limited!(limit, yield_once(15)),
    )?;
    Ok(a + p)
}

/// Sixty-four children that yield sixteen times each.
pub async fn par64_wake() -> Result<u64, Failed> {
    #[rustfmt::skip]
    let (first, .., last) = tokio::try_join!(
        yield_16(0), yield_16(1), yield_16(2), yield_16(3), yield_16(4), yield_16(5), yield_16(6), yield_16(7),
        yield_16(8), yield_16(9), yield_16(10), yield_16(11), yield_16(12), yield_16(13), yield_16(14), yield_16(15),
        yield_16(16), yield_16(17), yield_16(18), yield_16(19), yield_16(20), yield_16(21), yield_16(22), yield_16(23),
        yield_16(24), yield_16(25), yield_16(26), yield_16(27), yield_16(28), yield_16(29), yield_16(30), yield_16(31),
        yield_16(32), yield_16(33), yield_16(34), yield_16(35), yield_16(36), yield_16(37), yield_16(38), yield_16(39),
        yield_16(40), yield_16(41), yield_16(42), yield_16(43), yield_16(44), yield_16(45), yield_16(46), yield_16(47),
        yield_16(48), yield_16(49), yield_16(50), yield_16(51), yield_16(52), yield_16(53), yield_16(54), yield_16(55),
        yield_16(56), yield_16(57), yield_16(58), yield_16(59), yield_16(60), yield_16(61), yield_16(62), yield_16(63),
    )?;
    Ok(first + last)
}

/// Sixty-four children that pass one baton; the best known join for it, futures-buffered's.
pub async fn par64_baton(ring: &Arc<Ring>) -> Result<u64, Failed> {
    ring.rewind();
    let turns =
        futures_buffered::try_join_all((0..Ring::PLAYERS).map(|player| pass_baton(ring.clone(), player)))
            .await?;
    Ok(turns.iter().sum())
}

/// A breaker of consecutive failures on atomics: what a careful service has in a corner of its own. Like the library's,
/// it tells those that it turns away how long to wait and what went wrong.
pub struct Breaker {
    fail_max: u32,
    reset_timeout: Duration,
    born: Instant,
    failures: AtomicU32,
    /// Nanoseconds after `born` until which runs are rejected; zero is closed.
    open_until: AtomicU64,
    /// The failure that opened it, formatted once.
    last_failure: Mutex<Option<Arc<str>>>,
}

/// Why a guarded call gave nothing.
#[derive(Debug)]
pub enum Guarded {
    /// The call's own error.
    Call(Failed),
    /// The circuit is open for so long, because of that.
    Open(Duration, Option<Arc<str>>),
}

impl Breaker {
    /// A closed breaker.
    pub fn new(fail_max: u32, reset_timeout: Duration) -> Self {
        Breaker {
            fail_max,
            reset_timeout,
            born: Instant::now(),
            failures: AtomicU32::new(0),
            open_until: AtomicU64::new(0),
            last_failure: Mutex::new(None),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.born.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// Calls if the circuit is closed, or if it is time to probe.
    pub async fn call<T>(&self, work: impl Future<Output = Result<T, Failed>>) -> Result<T, Guarded> {
        let open_until = self.open_until.load(Ordering::Acquire);
        if open_until != 0 {
            let now = self.now();
            if now < open_until {
                return Err(Guarded::Open(
                    Duration::from_nanos(open_until - now),
                    self.last_failure.lock().unwrap().clone(),
                ));
            }
            // One caller wins the probe, the others wait for another window.
            let next = now + u64::try_from(self.reset_timeout.as_nanos()).unwrap_or(u64::MAX);
            if self
                .open_until
                .compare_exchange(open_until, next, Ordering::AcqRel, Ordering::Acquire)
                .is_err()
            {
                return Err(Guarded::Open(self.reset_timeout, self.last_failure.lock().unwrap().clone()));
            }
        }
        match work.await {
            Ok(value) => {
                if self.failures.load(Ordering::Relaxed) != 0 {
                    self.failures.store(0, Ordering::Relaxed);
                }
                if open_until != 0 {
                    self.open_until.store(0, Ordering::Release);
                }
                Ok(value)
            }
            Err(error) => {
                if self.failures.fetch_add(1, Ordering::AcqRel) + 1 >= self.fail_max {
                    let until = self.now() + u64::try_from(self.reset_timeout.as_nanos()).unwrap_or(u64::MAX);
                    *self.last_failure.lock().unwrap() = Some(error.to_string().into());
                    self.open_until.store(until, Ordering::Release);
                }
                Err(Guarded::Call(error))
            }
        }
    }
}

/// A step, four at once by two, a guarded step, a step.
pub async fn nest(breaker: &Breaker, x: u64) -> Result<u64, Guarded> {
    let x = step(x).await.map_err(Guarded::Call)?;
    let limit = Semaphore::new(2);
    let (a, b, c, d) = tokio::try_join!(
        limited!(limit, step(x)),
        limited!(limit, step(x)),
        limited!(limit, step(x)),
        limited!(limit, step(x)),
    )
    .map_err(Guarded::Call)?;
    let x = breaker.call(step(a + b + c + d)).await?;
    step(x).await.map_err(Guarded::Call)
}

/// The first of four that succeeds, which yields once; the others would yield sixteen times.
pub async fn race4(x: u64) -> Result<u64, Failed> {
    tokio::select! {
        biased;
        Ok(out) = yield_16(x) => Ok(out),
        Ok(out) = yield_16(x) => Ok(out),
        Ok(out) = yield_once(x) => Ok(out),
        Ok(out) = yield_16(x) => Ok(out),
        else => Err(Failed),
    }
}

/// Ten thousand items that yield once each, sixty-four at a time, in order; futures-buffered's ordered buffer.
pub async fn each10k() -> Result<Vec<u64>, Failed> {
    let mut outputs = Vec::with_capacity(10_000);
    let mut items = futures::stream::iter(0..10_000).map(yield_once).buffered_ordered(64);
    while let Some(output) = items.next().await {
        outputs.push(output?);
    }
    Ok(outputs)
}

/// A hundred rounds of a step, each with its turn of the scheduler.
pub async fn repeat100(mut x: u64) -> Result<u64, Failed> {
    loop {
        x = step(x).await?;
        if x.is_multiple_of(100) {
            return Ok(x);
        }
        tokio::task::coop::consume_budget().await;
    }
}

/// A step, and once more after 50 ms or a failure: what `select!` makes of it. The timer is made where the step has to wait.
pub async fn hedge_idle(x: u64) -> Result<u64, Failed> {
    let mut first = pin!(step(x));
    match futures::poll!(first.as_mut()) {
        Poll::Ready(Ok(out)) => return Ok(out),
        Poll::Ready(Err(_)) => return step(x).await,
        Poll::Pending => {}
    }
    let in_time = tokio::select! {
        biased;
        result = first.as_mut() => Some(result),
        () = tokio::time::sleep(Duration::from_millis(50)) => None,
    };
    match in_time {
        Some(Ok(out)) => Ok(out),
        Some(Err(_)) => step(x).await,
        None => match futures::future::select_ok([first as Pin<&mut dyn Future<Output = _>>, pin!(step(x))])
            .await
        {
            Ok((out, _)) => Ok(out),
            Err(error) => Err(error),
        },
    }
}

/// One of three steps, by what a number is.
pub async fn choose3(x: u64) -> Result<u64, Failed> {
    match x % 3 {
        0 => step(x).await,
        1 => yield_once(x).await,
        _ => step(x).await,
    }
}

/// A step while a permit of a semaphore is held.
pub async fn bulkhead_free(places: &Semaphore, x: u64) -> Result<u64, Failed> {
    let _permit = places.acquire().await.map_err(|_| Failed)?;
    step(x).await
}

/// A token bucket by hand: a moment at which it is full, in nanoseconds since it was made.
pub struct Bucket {
    start: Instant,
    full: Mutex<u64>,
    every: u64,
    burst: u64,
}

impl Bucket {
    pub fn new(every: Duration, burst: u64) -> Self {
        let every = u64::try_from(every.as_nanos()).unwrap();
        Bucket { start: Instant::now(), full: Mutex::new(0), every, burst: burst * every }
    }

    /// How long to wait for a token, which is taken.
    fn take(&self) -> Duration {
        let now = u64::try_from(self.start.elapsed().as_nanos()).unwrap();
        let mut full = self.full.lock().unwrap();
        *full = (*full).max(now) + self.every;
        Duration::from_nanos(full.saturating_sub(now + self.burst))
    }
}

/// A step when a token is there.
pub async fn throttle_free(bucket: &Bucket, x: u64) -> Result<u64, Failed> {
    let wait = bucket.take();
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
    step(x).await
}

/// A step under tokio's timeout.
pub async fn timeout_ready(x: u64) -> Result<u64, Failed> {
    tokio::time::timeout(Duration::from_secs(1), step(x)).await.map_err(|_| Failed)?
}

/// What came of the latest hundred calls.
#[derive(Default)]
pub struct Recent(Mutex<(u128, u32)>);

impl Recent {
    /// Counts a call, and says whether a half of them failed.
    fn record(&self, failed: bool) -> bool {
        let mut recent = self.0.lock().unwrap();
        let (bits, next) = &mut *recent;
        *bits = *bits & !(1 << *next) | u128::from(failed) << *next;
        *next = if *next == 99 { 0 } else { *next + 1 };
        bits.count_ones() >= 50
    }
}

/// A step that is counted in a window.
pub async fn circuit_rate(breaker: &Breaker, recent: &Recent, x: u64) -> Result<u64, Guarded> {
    let result = breaker.call(step(x)).await;
    if recent.record(result.is_err()) {
        return Err(Guarded::Open(breaker.reset_timeout, None));
    }
    result
}
