//! Attributes of other libraries, above and below.

use async_orch::task;
use good_foreign::{block, enter, same};

/// Below.
#[task]
#[enter]
#[same]
pub async fn below(n: u32) -> Result<u32, std::fmt::Error> {
    Ok(n + 1)
}

/// Above.
#[same]
#[enter]
#[task]
pub fn above(n: u32) -> u32 {
    n + 1
}

/// On either side.
#[block]
#[task(spawn)]
#[enter]
#[inline]
pub async fn between<T: Clone>((a, _): (T, T), n: u32) -> (T, u32) {
    std::future::ready(()).await;
    (a.clone(), n)
}
