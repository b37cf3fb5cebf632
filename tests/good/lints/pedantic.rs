//! All that clippy has, but for its restrictions. (Clippy runs over the tests too.)
#![deny(clippy::all, clippy::pedantic, clippy::nursery, clippy::cargo)]
#![allow(clippy::cargo_common_metadata, clippy::multiple_crate_versions, clippy::redundant_pub_crate)]

use std::collections::HashMap;
use std::sync::Arc;

use async_orch::{pipeline, task};

use crate::now;

#[task]
async fn fetch(client: Arc<String>, id: u32) -> std::io::Result<String> {
    tokio::task::yield_now().await;
    Ok(format!("{client}{id}"))
}

#[task]
fn count<K: Sync, V: Sync, S: ::std::hash::BuildHasher + Sync>(map: &HashMap<K, V, S>) -> usize {
    map.len()
}

#[task(blocking)]
fn join(parts: Vec<String>, by: impl Fn(usize) -> usize) -> Result<usize, std::fmt::Error> {
    if parts.is_empty() {
        return Err(std::fmt::Error);
    }
    Ok(by(parts.into_iter().map(|part| part.len()).sum()))
}

#[test]
fn nothing_is_reported() {
    let map = HashMap::from([(1, 2)]);
    let p = pipeline! {
        let client = Arc::new("c".to_owned());
        |id: u32|
        seq(collect) <
            par < fetch(client.clone(), *id) fetch(client.clone(), 2) |()| { 1 } >
            |(a, b, _)| { vec![a, b] }
            join(_, |n| n + 1)
            async |n| { tokio::task::yield_now().await; n }
            let n = count(&map)
            |()| { *n }
        >
    };
    assert_eq!(now(p.run(1)).unwrap().4, 1);
}
