//! Each form of the attribute, above and below.

use async_orch::task;

#[task]
#[deprecated]
pub(crate) async fn bare(n: u32) -> u32 {
    n
}

#[task]
#[deprecated = "use `bare`"]
pub(crate) fn text(n: u32) -> Result<u32, std::fmt::Error> {
    Ok(n)
}

#[deprecated(since = "1.0.0", note = "use `bare`")]
#[task(blocking, name = "other")]
pub(crate) fn listed(n: u32) -> u32 {
    n
}

#[test]
#[allow(deprecated)]
fn it_is_still_a_function() {
    assert_eq!(text(1), Ok(1));
    assert_eq!(listed(1), 1);
    drop(bare(1));
}
