//! A pipeline without an input that is awaited as it is.

use std::future::IntoFuture;

use crate::bus::Bus;
use crate::error::{Error, Failure};
use crate::pipeline::{BoxPipeline, Pipeline, Run};
use crate::runtime::BoxFuture;

/// `.await` on a pipeline that has no input runs it once, as `.run(()).await` does, and drops it then. One allocation.
///
/// The future owns the pipeline, so it borrows nothing: one that does has [`run`](Pipeline::run), or is [`boxed`](Pipeline::boxed)
/// first.
///
/// ```
/// use async_orch::{pipeline, task};
///
/// #[task]
/// async fn one() -> u32 {
///     1
/// }
///
/// #[task]
/// async fn double(n: u32) -> u32 {
///     n * 2
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), async_orch::Error> {
/// assert_eq!(pipeline! { seq < one double > }.await?, 2);
/// # Ok(())
/// # }
/// ```
// What follows the brace is shown to who awaits one that has an input.
#[rustfmt::skip]
impl<T: Run<In = ()> + 'static, B: Bus + 'static> IntoFuture for Pipeline<T, B> { // of one with an input: `.run(input).await`
    type Output = Result<T::Out, Error<T::Error>>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.run(()).await })
    }
}

/// As of a [`Pipeline`]; it may borrow.
impl<'p, Out: Send + 'static, E: Failure> IntoFuture for BoxPipeline<'p, (), Out, E> {
    type Output = Result<Out, Error<E>>;
    type IntoFuture = BoxFuture<'p, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.run(()).await })
    }
}
