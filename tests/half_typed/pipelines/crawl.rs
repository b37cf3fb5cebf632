use std::time::Duration;

use async_orch::{BoxError, Breaker, task};

#[derive(Debug)]
pub enum FetchError {
    Status(u16),
    Lost,
}

impl std::fmt::Display for FetchError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::error::Error for FetchError {}

#[derive(Clone)]
pub struct Host {
    pub breaker: Breaker,
    pub wait: Duration,
}

#[task]
pub async fn get(url: String) -> Result<String, FetchError> {
    if url.is_empty() { Err(FetchError::Lost) } else { Ok(url) }
}

#[task]
pub async fn links(html: String) -> Result<Vec<String>, BoxError> {
    Ok(html.split_whitespace().map(str::to_owned).collect())
}

pub fn build(host: Host) {
    let _ = async_orch::pipeline! {
        let host = host;
        |urls: Vec<String>|
        seq(name = "pages") <
            |_| { urls.clone() } as "urls"
            each(limit = 4, settle) <
                retry(
                    max_attempts = 3,
                    backoff = exponential(50ms),
                    jitter = full,
                    when = |e| e.is_retryable() || e.is::<FetchError>()
                ) <
                    circuit(
                        breaker = &host.breaker,
                        ignore = |e| matches!(e.downcast_ref(), Some(FetchError::Status(404)))
                    ) < timeout(host.wait) < get > >
                    links
                >
            >
            |results| {
                let found: Vec<_> = results.into_iter().filter_map(|page| page.ok()).flatten().collect();
                std::iter::zip(urls.clone(), found).collect::<Vec<_>>()
            } as "pair"
        >
    };
}
