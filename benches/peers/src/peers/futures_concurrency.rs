//! futures-concurrency: `try_join` of an array, and concurrent streams with a limit. (`try_for_each`, as `collect` does
//! not keep to the limit: sixteen children that yield sixteen times are all under way at once.)

use std::cell::{Cell, RefCell};
use std::num::NonZeroUsize;
use std::sync::Arc;

use futures::stream;
use futures_concurrency::prelude::*;

use crate::shapes::tasks::{Failed, Ring, pass_baton, step, yield_16, yield_once};

/// Sixteen ready children, four at a time, as they end.
pub async fn par16() -> Result<u64, Failed> {
    let sum = Cell::new(0);
    stream::iter(0..16)
        .co()
        .limit(NonZeroUsize::new(4))
        .try_for_each(async |x| {
            sum.set(sum.get() + step(x).await?);
            Ok(())
        })
        .await?;
    Ok(sum.get())
}

/// Sixteen children that yield once, four at a time, as they end.
pub async fn par16_yield() -> Result<u64, Failed> {
    let sum = Cell::new(0);
    stream::iter(0..16)
        .co()
        .limit(NonZeroUsize::new(4))
        .try_for_each(async |x| {
            let x = yield_once(x).await?;
            sum.set(sum.get() + x);
            Ok(())
        })
        .await?;
    Ok(sum.get())
}

/// Sixty-four children that yield sixteen times each.
pub async fn par64_wake() -> Result<u64, Failed> {
    let children: [_; 64] = std::array::from_fn(|child| yield_16(child as u64));
    let outputs = children.try_join().await?;
    Ok(outputs[0] + outputs[63])
}

/// Sixty-four children that pass one baton.
pub async fn par64_baton(ring: &Arc<Ring>) -> Result<u64, Failed> {
    ring.rewind();
    let players: [_; Ring::PLAYERS] = std::array::from_fn(|player| pass_baton(ring.clone(), player));
    Ok(players.try_join().await?.iter().sum())
}

/// The first of four that succeeds.
pub async fn race4(x: u64) -> Result<u64, Failed> {
    (yield_16(x), yield_16(x), yield_once(x), yield_16(x)).race_ok().await.map_err(|_| Failed)
}

/// Ten thousand items that yield once each, sixty-four at a time, put in order by their index.
pub async fn each10k() -> Result<Vec<u64>, Failed> {
    let outputs = RefCell::new(vec![0; 10_000]);
    stream::iter(0..10_000_u64)
        .co()
        .limit(NonZeroUsize::new(64))
        .enumerate()
        .try_for_each(async |(at, x)| {
            let x = yield_once(x).await?;
            outputs.borrow_mut()[at] = x;
            Ok(())
        })
        .await?;
    Ok(outputs.into_inner())
}
