use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::task::Poll;
use std::time::Duration;

use async_orch::{pipeline, task};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep};

const MS: Duration = Duration::from_millis(1);

#[tokio::test(start_paused = true)]
async fn c1_sleeps() {
    let p = pipeline! { |_: std::ops::Range<u32>| each(settle) < timeout(50ms) < async |_n| { sleep(MS * 50).await } > > };
    let results = p.run(0..2_000).await.unwrap();
    assert_eq!(results.iter().filter(|r| r.is_ok()).count(), 2_000);
}

#[tokio::test]
async fn c1_oneshots() {
    let (txs, rxs): (Vec<_>, Vec<_>) = (0..1_000).map(|_| oneshot::channel::<u32>()).unzip();
    let p = pipeline! { |_: Vec<oneshot::Receiver<u32>>| each(settle) < timeout(100ms) < async |rx| { rx.await.unwrap() } > > };
    let run = tokio::spawn(async move { p.run(rxs).await.unwrap() });
    sleep(MS * 40).await;
    tokio::spawn(async move {
        let begin = Instant::now();
        while begin.elapsed() < MS * 10 {}
        for tx in txs {
            tx.send(1).unwrap();
        }
        while begin.elapsed() < MS * 160 {}
    });
    let results = run.await.unwrap();
    assert_eq!(results.iter().filter(|r| r.is_ok()).count(), 1_000);
}

#[tokio::test]
async fn c2() {
    let (tx, rx) = mpsc::channel::<u32>(1000);
    let rx = Arc::new(tokio::sync::Mutex::new(rx));
    let start = Instant::now();
    let p = pipeline! {
        par <
            async |()| { let mut rx = rx.lock().await; for n in 0..3_000_000u32 { tx.try_send(n).unwrap(); rx.recv().await.unwrap(); } }
            async |()| { sleep(MS * 10).await; start.elapsed() }
        >
    };
    let (_, beat) = p.run(()).await.unwrap();
    println!("beat {beat:?} all {:?}", start.elapsed());
    assert!(beat < MS * 50, "{beat:?}");
}

async fn spin(flag: &AtomicBool, polls: &AtomicUsize) {
    poll_fn(|cx| {
        polls.fetch_add(1, SeqCst);
        if flag.load(SeqCst) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await
}

macro_rules! count {
    ($p:expr, $input:expr, $flag:expr, $polls:expr) => {{
        let flag = $flag.clone();
        let p = $p;
        let run = async {
            p.run($input).await.unwrap();
        };
        let setter = tokio::spawn(async move {
            flag.store(true, SeqCst);
        });
        run.await;
        setter.await.unwrap();
        $flag.store(false, SeqCst);
        $polls.swap(0, SeqCst)
    }};
}

#[tokio::test]
async fn c3() {
    let flag = Arc::new(AtomicBool::new(false));
    let polls = Arc::new(AtomicUsize::new(0));
    let (f, n) = (&*flag, &*polls);
    let one = count!(
        pipeline! { |_: [u32; 1]| each(limit = 1) < async |_x| { spin(f, n).await } > },
        [1],
        flag,
        polls
    );
    let two = count!(
        pipeline! { |_: [[u32; 1]; 1]| each(limit = 1) < each(limit = 1) < async |_x| { spin(f, n).await } > > },
        [[1]],
        flag,
        polls
    );
    let three = count!(
        pipeline! { |_: [[[u32; 1]; 1]; 1]| each(limit = 1) < each(limit = 1) < each(limit = 1) < async |_x| { spin(f, n).await } > > > },
        [[[1]]],
        flag,
        polls
    );
    println!("{one} {two} {three}");
    let p1 = count!(pipeline! { par < async |()| { spin(f, n).await } |()| {} |()| {} > }, (), flag, polls);
    let p2 = count!(
        pipeline! { par < par < async |()| { spin(f, n).await } |()| {} |()| {} > |()| {} |()| {} > },
        (),
        flag,
        polls
    );
    let p3 = count!(
        pipeline! { par < par < par < async |()| { spin(f, n).await } |()| {} |()| {} > |()| {} |()| {} > |()| {} |()| {} > },
        (),
        flag,
        polls
    );
    println!("{p1} {p2} {p3}");
}

#[task]
async fn one() -> u32 {
    1
}

#[task]
async fn polite() {
    for _ in 0..100_000 {
        let begin = std::time::Instant::now();
        while begin.elapsed() < Duration::from_micros(20) {}
        let mut yielded = false;
        poll_fn(|cx| {
            if yielded {
                return Poll::Ready(());
            }
            yielded = true;
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }
}

#[tokio::test]
async fn c3_timeout() {
    let p = pipeline! { timeout(50ms) < par < par < par < polite one() > one() > one() > > };
    let begin = Instant::now();
    assert!(p.run(()).await.is_err());
    println!("par {:?}", begin.elapsed());
    let begin = Instant::now();
    assert!(
        tokio::time::timeout(MS * 50, async {
            tokio::join!(async { tokio::join!(async { tokio::join!(polite(), one()) }, one()) }, one())
        })
        .await
        .is_err()
    );
    println!("hand {:?}", begin.elapsed());
    let p = pipeline! { |_: Vec<Vec<Vec<()>>>| timeout(50ms) < each(limit = 4) < each(limit = 4) < each(limit = 4) < polite > > > > };
    let begin = Instant::now();
    assert!(p.run(vec![vec![vec![()]]]).await.is_err());
    println!("each {:?}", begin.elapsed());
    let begin = Instant::now();
    assert!(p.run(vec![vec![vec![(); 10]; 10]; 10]).await.is_err());
    println!("each {:?}", begin.elapsed());
}
