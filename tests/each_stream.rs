//! `each(stream)`: the rules of docs/semantics.md on streams.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll};
use std::time::Duration;

use async_orch::bus::Recorder;
use async_orch::{BlockChange, Change, Run, pipeline, task};
use futures::channel::mpsc;
use futures::stream::{self, BoxStream, Stream, StreamExt};
use tokio::time::{Instant, sleep};

const SECOND: Duration = Duration::from_secs(1);

#[task]
async fn wait(secs: u64) -> u64 {
    sleep(SECOND * secs as u32).await;
    secs
}

/// An item a second, which counts how many were asked for.
fn ticks(asked: Arc<AtomicUsize>, items: u64) -> BoxStream<'static, u64> {
    stream::iter(1..=items)
        .then(move |n| {
            asked.fetch_add(1, SeqCst);
            async move {
                sleep(SECOND).await;
                n
            }
        })
        .boxed()
}

#[tokio::test(start_paused = true)]
async fn each_8_the_body_runs_for_each_item_as_it_comes() {
    let p = pipeline! { |_: BoxStream<'static, u64>| each(stream, limit = 2) < wait > };
    let began = Instant::now();
    assert_eq!(p.run(ticks(Arc::default(), 3)).await.unwrap(), [1, 2, 3]);
    // Items at 1, 2 and 3 s; the last takes three more.
    assert_eq!(began.elapsed(), SECOND * 6);
}

#[tokio::test(start_paused = true)]
async fn each_8_an_item_is_asked_for_when_there_is_a_place() {
    let asked = Arc::new(AtomicUsize::new(0));
    let p = pipeline! { |_: BoxStream<'static, u64>| each(stream, limit = 1) < |_| { 10 } wait > };
    let items = ticks(asked.clone(), 4);
    let run = tokio::time::timeout(SECOND * 10, p.run(items)).await;
    assert!(run.is_err());
    assert_eq!(asked.load(SeqCst), 1, "the first takes its place until 11 s");
}

#[tokio::test(start_paused = true)]
async fn each_8_a_stream_that_waits_lets_the_runs_go_on() {
    let (sender, receiver) = mpsc::unbounded();
    let p = pipeline! { |_: mpsc::UnboundedReceiver<u64>| each(stream) < wait > };
    let began = Instant::now();
    let feed = async {
        for (at, secs) in [(0, 5), (1, 1), (2, 2)] {
            tokio::time::sleep_until(began + SECOND * at).await;
            sender.unbounded_send(secs).unwrap();
        }
        drop(sender);
    };
    let (result, ()) = tokio::join!(p.run(receiver), feed);
    assert_eq!(result.unwrap(), [5, 1, 2], "in the order of the stream");
    assert_eq!(began.elapsed(), SECOND * 5);
}

/// Tells when it is dropped.
struct Watched<S>(S, Arc<AtomicUsize>);

impl<S: Stream + Unpin> Stream for Watched<S> {
    type Item = S::Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        Pin::new(&mut self.0).poll_next(cx)
    }
}

impl<S> Drop for Watched<S> {
    fn drop(&mut self) {
        self.1.fetch_add(1, SeqCst);
    }
}

#[tokio::test(start_paused = true)]
async fn each_8_a_failure_and_a_drop_end_the_stream() {
    let dropped = Arc::new(AtomicUsize::new(0));
    let p = pipeline! {
        |_: Watched<BoxStream<'static, u64>>|
        each(stream, limit = 4) < |n| { if n == 2 { Err("no") } else { Ok(n) } } wait >
    };
    let items = || Watched(ticks(Arc::default(), 9), dropped.clone());
    let error = p.run(items()).await.unwrap_err();
    assert_eq!(error.to_string(), "step `each[1]/inline` failed: no");
    assert_eq!(dropped.load(SeqCst), 1);
    assert!(tokio::time::timeout(SECOND, p.run(items())).await.is_err());
    assert_eq!(dropped.load(SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn each_8_with_settle_every_item_has_its_result() {
    let p = pipeline! {
        |_: BoxStream<'static, u64>|
        each(stream, settle) < |n| { if n == 2 { Err("no") } else { Ok(n) } } >
    };
    let results = p.run(ticks(Arc::default(), 3)).await.unwrap();
    assert_eq!(results.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
}

#[tokio::test]
async fn each_8_a_stream_without_end_needs_no_memory() {
    let sum = Arc::new(AtomicUsize::new(0));
    let total = sum.clone();
    let p = pipeline! {
        move |_: stream::Iter<std::ops::Range<usize>>|
        each(stream, limit = 4) < |n| { total.fetch_add(n, SeqCst); } >
    };
    let outputs = p.run(stream::iter(0..1_000_000)).await.unwrap();
    assert_eq!(sum.load(SeqCst), 499_999_500_000);
    assert_eq!((outputs.len(), size_of_val(outputs.as_slice())), (1_000_000, 0));
}

#[tokio::test]
async fn each_9_the_start_says_how_many_items_there_are() {
    let started = |recorder: &Recorder| {
        let events = recorder.of("each");
        match events[0].change {
            Change::Block(BlockChange::Started { items, .. }) => items,
            _ => panic!("it begins with its start"),
        }
    };
    let recorder = Recorder::new();
    let p = pipeline! { |_: Vec<u64>| each < |n| { n } > };
    (&p).with_bus(&recorder).run(vec![1, 2, 3]).await.unwrap();
    assert_eq!(started(&recorder), Some(3));
    assert!(recorder.events()[0].to_string().ends_with(" started with 3 items"), "{}", recorder.events()[0]);

    let recorder = Recorder::new();
    let p = pipeline! { |_: BoxStream<'static, u64>| each(stream) < |n| { n } > };
    (&p).with_bus(&recorder).run(stream::iter([1, 2]).filter(|_| async { true }).boxed()).await.unwrap();
    assert_eq!(started(&recorder), None, "nobody knows");
}

#[tokio::test]
async fn each_9_a_collection_that_panics_is_a_start_and_a_failure() {
    struct Grenade;
    impl IntoIterator for Grenade {
        type Item = u64;
        type IntoIter = std::vec::IntoIter<u64>;
        fn into_iter(self) -> Self::IntoIter {
            panic!("oh")
        }
    }
    let recorder = Recorder::new();
    let p = pipeline! { |_: ()| catch < |()| { Grenade } each < |n| { n } > > };
    assert!((&p).with_bus(&recorder).run(()).await.is_err());
    recorder.assert_balanced();
    assert_eq!(recorder.of("catch/each").len(), 2);
}
