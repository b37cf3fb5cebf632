//! futures-buffered: joins and buffers without an allocation for each child. (Its baton and its ten thousand items are
//! what the hand-written side does.)

use futures::stream::{self, StreamExt, TryStreamExt};
use futures_buffered::{BufferedStreamExt, try_join_all};

use crate::shapes::tasks::{Failed, step, yield_16, yield_once};

/// Sixteen ready children, four at a time, in order.
pub async fn par16() -> Result<u64, Failed> {
    let outputs: Vec<u64> = stream::iter(0..16).map(step).buffered_ordered(4).try_collect().await?;
    Ok(outputs[0] + outputs[15])
}

/// Sixteen ready children, four at a time, as they end.
pub async fn par16_unordered() -> Result<u64, Failed> {
    stream::iter(0..16).map(step).buffered_unordered(4).try_fold(0, async |sum, x| Ok(sum + x)).await
}

/// Sixteen children that yield once, four at a time, in order.
pub async fn par16_yield() -> Result<u64, Failed> {
    let outputs: Vec<u64> = stream::iter(0..16).map(yield_once).buffered_ordered(4).try_collect().await?;
    Ok(outputs[0] + outputs[15])
}

/// Sixteen children that yield once, four at a time, as they end.
pub async fn par16_yield_unordered() -> Result<u64, Failed> {
    stream::iter(0..16).map(yield_once).buffered_unordered(4).try_fold(0, async |sum, x| Ok(sum + x)).await
}

/// Sixty-four children that yield sixteen times each.
pub async fn par64_wake() -> Result<u64, Failed> {
    let outputs = try_join_all((0..64).map(yield_16)).await?;
    Ok(outputs[0] + outputs[63])
}
