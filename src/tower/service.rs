//! A pipeline as a service.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use orch_core::{BoxFuture, Error, Run};
use tower_service::Service;

/// A pipeline as a [`Service`]: what [`service`] makes.
///
/// A request is an input, a response an output, and the error is the run's [`Error`]. Its clones are one pipeline: its circuits,
/// bulkheads, throttles and bus are one for all of them.
pub struct PipelineService<P> {
    pipeline: Arc<P>,
}

/// A pipeline as a [`Service`], to be put under layers, or where a service is expected.
///
/// It is always ready: what limits its runs stands in the pipeline (`bulkhead`, `throttle`, `circuit`), or is a layer around the
/// service. A request begins when its future is first polled, and is one allocation. The pipeline has to own what it uses:
/// it is written with `move`.
///
/// ```
/// use async_orch::pipeline;
/// use async_orch::tower::service;
/// use tower::{Service, ServiceExt};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let mut parse = service(pipeline! { |_: &'static str| |text| { text.parse::<u16>() } as "parse" });
/// assert_eq!(parse.ready().await.unwrap().call("7").await.unwrap(), 7);
/// let error = parse.ready().await.unwrap().call("seven").await.unwrap_err();
/// assert_eq!(error.path(), "parse");
/// # }
/// ```
///
/// # Errors
///
/// A request fails as the run does. A layer that boxes errors gives that: `downcast_ref::<async_orch::Error>()`.
///
/// # Cancellation
///
/// Dropping the future of a request cancels everything inside of its run, as dropping a run does: this is what a
/// timeout of tower's does, or a server whose client has gone.
pub fn service<P: Run + 'static>(pipeline: P) -> PipelineService<P> {
    PipelineService { pipeline: Arc::new(pipeline) }
}

impl<P: Run + 'static> Service<P::In> for PipelineService<P> {
    type Response = P::Out;
    type Error = Error<P::Error>;
    type Future = BoxFuture<'static, Result<P::Out, Error<P::Error>>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, input: P::In) -> Self::Future {
        let pipeline = Arc::clone(&self.pipeline);
        Box::pin(async move { pipeline.run(input).await })
    }
}

impl<P> Clone for PipelineService<P> {
    fn clone(&self) -> Self {
        PipelineService { pipeline: Arc::clone(&self.pipeline) }
    }
}

impl<P> fmt::Debug for PipelineService<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PipelineService")
    }
}
