//! futures: `try_join_all`, `select_ok`, and streams that are buffered.

use std::sync::Arc;

use futures::future::{FutureExt, select_ok, try_join_all};
use futures::stream::{self, StreamExt, TryStreamExt};

use crate::shapes::tasks::{Failed, Ring, pass_baton, step, yield_16, yield_once};

/// Sixteen ready children, four at a time, in order.
pub async fn par16() -> Result<u64, Failed> {
    let outputs: Vec<u64> = stream::iter(0..16).map(step).buffered(4).try_collect().await?;
    Ok(outputs[0] + outputs[15])
}

/// Sixteen ready children, four at a time, as they end.
pub async fn par16_unordered() -> Result<u64, Failed> {
    stream::iter(0..16).map(step).buffer_unordered(4).try_fold(0, async |sum, x| Ok(sum + x)).await
}

/// Sixteen children that yield once, four at a time, in order.
pub async fn par16_yield() -> Result<u64, Failed> {
    let outputs: Vec<u64> = stream::iter(0..16).map(yield_once).buffered(4).try_collect().await?;
    Ok(outputs[0] + outputs[15])
}

/// Sixteen children that yield once, four at a time, as they end.
pub async fn par16_yield_unordered() -> Result<u64, Failed> {
    stream::iter(0..16).map(yield_once).buffer_unordered(4).try_fold(0, async |sum, x| Ok(sum + x)).await
}

/// Sixty-four children that yield sixteen times each.
pub async fn par64_wake() -> Result<u64, Failed> {
    let outputs = try_join_all((0..64).map(yield_16)).await?;
    Ok(outputs[0] + outputs[63])
}

/// Sixty-four children that pass one baton.
pub async fn par64_baton(ring: &Arc<Ring>) -> Result<u64, Failed> {
    ring.rewind();
    let turns = try_join_all((0..Ring::PLAYERS).map(|player| pass_baton(ring.clone(), player))).await?;
    Ok(turns.iter().sum())
}

/// Ten thousand items that yield once each, sixty-four at a time, in order.
pub async fn each10k() -> Result<Vec<u64>, Failed> {
    stream::iter(0..10_000).map(yield_once).buffered(64).try_collect().await
}

/// The first of four that succeeds; in boxes, as they are of two types.
pub async fn race4(x: u64) -> Result<u64, Failed> {
    let (out, _) =
        select_ok([yield_16(x).boxed(), yield_16(x).boxed(), yield_once(x).boxed(), yield_16(x).boxed()])
            .await?;
    Ok(out)
}
