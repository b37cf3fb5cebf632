//! tokio: `try_join!`, and a `JoinSet` that spawns.

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::shapes::tasks::{Failed, Ring, pass_baton, yield_16};

/// Sixty-four children that pass one baton.
pub async fn par64_baton(ring: &Arc<Ring>) -> Result<u64, Failed> {
    ring.rewind();
    macro_rules! all {
        ($($player:literal)*) => { tokio::try_join!($(pass_baton(ring.clone(), $player)),*)? };
    }
    #[rustfmt::skip]
    let (first, .., last) = all!(
         0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
        32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63
    );
    Ok(first + last)
}

/// Sixty-four spawned children that yield sixteen times each.
pub async fn par64_wake_spawned() -> Result<u64, Failed> {
    let mut children: JoinSet<_> = (0..64).map(yield_16).collect();
    let mut sum = 0;
    while let Some(child) = children.join_next().await {
        sum += child.expect("no panic")?;
    }
    Ok(sum)
}

/// Sixty-four spawned children that pass one baton.
pub async fn par64_baton_spawned(ring: &Arc<Ring>) -> Result<u64, Failed> {
    ring.rewind();
    let mut children: JoinSet<_> =
        (0..Ring::PLAYERS).map(|player| pass_baton(ring.clone(), player)).collect();
    let mut sum = 0;
    while let Some(child) = children.join_next().await {
        sum += child.expect("no panic")?;
    }
    Ok(sum)
}
