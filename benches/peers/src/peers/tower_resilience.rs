//! tower-resilience: a breaker as a layer.

use std::time::Duration;

use tower::{Service, ServiceBuilder, service_fn};
use tower_resilience_circuitbreaker::{CircuitBreakerError, CircuitBreakerLayer};

use crate::shapes::tasks::{Failed, fail, step};

/// A step behind a closed circuit.
pub fn closed() -> impl Service<u64, Response = u64, Error = CircuitBreakerError<Failed>> + Clone {
    let layer = CircuitBreakerLayer::builder()
        .consecutive_failures(5)
        .wait_duration_in_open(Duration::from_secs(60))
        .build()
        .expect("a breaker");
    ServiceBuilder::new().layer(layer).service(service_fn(step))
}

/// A step behind a circuit that the first call opens for an hour.
pub fn open() -> impl Service<u64, Response = u64, Error = CircuitBreakerError<Failed>> + Clone {
    let layer = CircuitBreakerLayer::builder()
        .consecutive_failures(1)
        .wait_duration_in_open(Duration::from_secs(3600))
        .build()
        .expect("a breaker");
    ServiceBuilder::new().layer(layer).service(service_fn(fail))
}
