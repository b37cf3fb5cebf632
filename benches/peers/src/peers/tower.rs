//! tower: services, their combinators and its layers.

use std::future::{Ready, ready};
use std::time::Duration;

use futures::stream::{self, TryStreamExt};
use tower::retry::Policy;
use tower::{BoxError, Service, ServiceBuilder, ServiceExt, service_fn};

use crate::shapes::tasks::{Failed, step, yield_once};

/// Ten steps, one after another.
pub fn seq10() -> impl Service<u64, Response = u64, Error = Failed> + Clone {
    service_fn(step)
        .and_then(step)
        .and_then(step)
        .and_then(step)
        .and_then(step)
        .and_then(step)
        .and_then(step)
        .and_then(step)
        .and_then(step)
        .and_then(step)
}

/// A step, at most four at a time.
pub fn limited_step() -> impl Service<u64, Response = u64, Error = Failed> + Clone {
    ServiceBuilder::new().concurrency_limit(4).service(service_fn(step))
}

/// A step, at most ten at a time.
pub fn bulkhead_free() -> impl Service<u64, Response = u64, Error = Failed> + Clone {
    ServiceBuilder::new().concurrency_limit(10).service(service_fn(step))
}

/// A step that yields once, at most so many at a time.
pub fn limited_yield(limit: usize) -> impl Service<u64, Response = u64, Error = Failed> + Clone {
    ServiceBuilder::new().concurrency_limit(limit).service(service_fn(yield_once))
}

/// Sixteen calls of a service, in order.
pub async fn par16(service: impl Service<u64, Response = u64, Error = Failed>) -> Result<u64, Failed> {
    let outputs: Vec<u64> = service.call_all(stream::iter(0..16)).try_collect().await?;
    Ok(outputs[0] + outputs[15])
}

/// Ten thousand calls of a service, in order.
pub async fn each10k(service: impl Service<u64, Response = u64, Error = Failed>) -> Result<Vec<u64>, Failed> {
    service.call_all(stream::iter(0..10_000)).try_collect().await
}

/// The policy of the documentation of [`Policy`].
#[derive(Clone)]
struct Attempts(usize);

impl<Response, Error> Policy<u64, Response, Error> for Attempts {
    type Future = Ready<()>;

    fn retry(&mut self, _: &mut u64, result: &mut Result<Response, Error>) -> Option<Self::Future> {
        if result.is_ok() || self.0 == 0 {
            return None;
        }
        self.0 -= 1;
        Some(ready(()))
    }

    fn clone_request(&mut self, request: &u64) -> Option<u64> {
        Some(*request)
    }
}

/// A step that a retry runs once.
pub fn retry_first_try() -> impl Service<u64, Response = u64, Error = Failed> + Clone {
    ServiceBuilder::new().retry(Attempts(2)).service(service_fn(step))
}

/// A step that is ready before its timeout.
pub fn timeout_ready() -> impl Service<u64, Response = u64, Error = BoxError> + Clone {
    ServiceBuilder::new().timeout(Duration::from_secs(1)).service(service_fn(step))
}
