//! tower-resilience: a breaker, a bulkhead, a hedge and a rate limiter as layers.

use std::time::Duration;

use tower::{Service, ServiceBuilder, service_fn};
use tower_resilience_bulkhead::{BulkheadLayer, BulkheadServiceError};
use tower_resilience_circuitbreaker::{CircuitBreakerError, CircuitBreakerLayer};
use tower_resilience_hedge::{HedgeError, HedgeLayer};
use tower_resilience_ratelimiter::{RateLimiterLayer, RateLimiterServiceError};

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

/// A step behind a closed circuit that looks at the share of failures.
pub fn rated() -> impl Service<u64, Response = u64, Error = CircuitBreakerError<Failed>> + Clone {
    let layer = CircuitBreakerLayer::builder()
        .failure_rate_threshold(0.5)
        .sliding_window_size(100)
        .wait_duration_in_open(Duration::from_secs(60))
        .build()
        .expect("a breaker");
    ServiceBuilder::new().layer(layer).service(service_fn(step))
}

/// A step with ten places.
pub fn bulkhead_free() -> impl Service<u64, Response = u64, Error = BulkheadServiceError<Failed>> + Clone {
    let layer = BulkheadLayer::builder().max_concurrent_calls(10).build().expect("a bulkhead");
    ServiceBuilder::new().layer(layer).service(service_fn(step))
}

/// A step that a hedge runs once.
pub fn hedge_idle() -> impl Service<u64, Response = u64, Error = HedgeError<Failed>> + Clone {
    let layer = HedgeLayer::builder().delay(Duration::from_millis(50)).max_hedged_attempts(2).build();
    ServiceBuilder::new().layer(layer).service(service_fn(step))
}

/// A step with a bucket of tokens.
pub fn throttle_free() -> impl Service<u64, Response = u64, Error = RateLimiterServiceError<Failed>> + Clone {
    let layer = RateLimiterLayer::burst(1_000_000_000, 1_000_000_000).build().expect("a limiter");
    ServiceBuilder::new().layer(layer).service(service_fn(step))
}
