use std::sync::Arc;
use std::time::Duration;

use async_orch::{BoxError, Breaker, Bulkhead, task};

#[derive(Clone, Debug)]
pub struct Request {
    pub tenant: String,
    pub item: u64,
}

#[derive(Debug)]
pub struct Upstream {
    pub name: &'static str,
}

#[task]
pub async fn fetch(upstream: Arc<Upstream>, item: u64) -> Result<String, BoxError> {
    Ok(format!("{} {item}", upstream.name))
}

#[task]
pub async fn keep(item: u64, body: String) -> Result<String, BoxError> {
    let _ = item;
    Ok(body)
}

#[task]
pub async fn cached(item: u64) -> Result<String, BoxError> {
    Ok(item.to_string())
}

pub fn build(gate: Bulkhead, breaker: Breaker, upstreams: Arc<[Arc<Upstream>]>, patience: Duration) {
    let _ = async_orch::pipeline! {
        let upstreams = upstreams;
        move |request: Request|
        bulkhead(bulkhead = &gate, name = "serve") <
            throttle(rate = 100, per = 1s, burst = 20, max_wait = patience) <
                let upstream = |_| { Arc::clone(&upstreams[(request.item % 3) as usize]) }
                fallback <
                    seq <
                        circuit(breaker = &breaker) <
                            hedge(40ms, max_attempts = 3) <
                                timeout(250ms) < fetch(upstream.clone(), request.item) >
                            >
                        >
                        keep(request.item, _)
                    >
                    cached(request.item)
                >
            >
        >
    };
}
