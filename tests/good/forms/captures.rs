//! Captures by reference and by value, borrowed and shared, from tasks of every kind.

#![deny(warnings)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_orch::{Run, pipeline, task};

#[task]
fn add(a: u32, b: &u32) -> u32 {
    a + b
}

#[task]
async fn count(seen: &AtomicU32, n: u32) -> u32 {
    seen.fetch_add(n, Ordering::Relaxed) + n
}

#[task]
async fn len(client: Arc<Vec<u32>>, id: usize) -> u32 {
    client[id]
}

fn owned(client: Arc<Vec<u32>>) -> impl Run<In = (), Out = (u32, u32)> + 'static {
    pipeline! {
        let client = client;
        par < len(client.clone(), 0) len(client.clone(), 1) >
    }
}

#[tokio::test]
async fn runs() {
    let (seen, by) = (AtomicU32::new(0), 3);
    let p = pipeline! { |_: u32| seq < add(_, &by) count(&seen, _) |n| { n + by } > };
    assert_eq!(p.run(1).await.unwrap(), 7);
    assert_eq!(p.run(1).await.unwrap(), 11);
    assert_eq!(seen.load(Ordering::Relaxed), 8);
    let (text, times) = ("ab".to_owned(), 2);
    let p = pipeline! { |_: u32| seq < move |n| { n + text.len() as u32 } async move |n| { n * times } > };
    assert_eq!(tokio::spawn(async move { p.run(1).await }).await.unwrap().unwrap(), 6);
    let p = {
        let (by, seen) = (2, vec![1, 2]);
        pipeline! { |n: u32| move |_| { *n + by + seen[0] } }
    };
    assert_eq!(p.run(1).await.unwrap(), 4);
    let p = Arc::new(owned(Arc::new(vec![1, 2])));
    let run = tokio::spawn(async move { p.run(()).await });
    assert_eq!(run.await.unwrap().unwrap(), (1, 2));
}
