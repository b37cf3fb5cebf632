//! Metrics for Prometheus: a shop that is scraped.
//!
//! `cargo run --example metrics` sells a few things, scrapes itself on loopback, as a Prometheus would, and checks what it finds. With
//! `-- --serve` it goes on selling until Ctrl-C.

use std::io;
use std::time::Duration;

use async_orch::metrics::MetricsBus;
use async_orch::{BoxError, pipeline, task};
use axum::Router;
use axum::routing::get;
use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
use tokio::net::TcpListener;
use tokio::time::{interval, sleep};

/// The card company is slow, and each fifth time busy.
#[task]
async fn charge(order: u64) -> io::Result<u64> {
    sleep(Duration::from_millis(2)).await;
    if order % 5 == 4 { Err(io::Error::other("the line is busy")) } else { Ok(order) }
}

#[task]
async fn ship(order: u64) -> u64 {
    order
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    // The recorder is first, so that the bus can tell it what it records; and durations in buckets, which can be added up over processes.
    let prometheus = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &[0.001, 0.01, 0.1, 1.0, 10.0])?
        .install_recorder()?;
    let metrics = MetricsBus::new();

    let shop = pipeline! {
        |_: u64|
        seq(name = "shop") <
            bulkhead(max = 4, queue = 100) < retry(max_attempts = 2, backoff = constant(1ms)) < charge > >
            ship
        >
    };
    let shop = shop.with_bus(metrics);

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let page = Router::new().route("/metrics", get(async move || prometheus.render()));
    let server = tokio::spawn(async move { axum::serve(listener, page).await });

    for order in 0..10 {
        // What fails is counted.
        let _ = shop.run(order).await;
    }
    let scraped = scrape(&format!("http://{address}/metrics")).await?;
    let lines: Vec<&str> = scraped.lines().filter(|line| !line.starts_with('#')).collect();
    for line in &lines {
        println!("{line}");
    }
    for expected in [
        r#"async_orch_runs_total{pipeline="shop",outcome="succeeded"} 8"#,
        r#"async_orch_runs_total{pipeline="shop",outcome="failed"} 2"#,
        r#"async_orch_runs_active{pipeline="shop"} 0"#,
        r#"async_orch_tasks_total{step="shop/charge",outcome="succeeded"} 8"#,
        r#"async_orch_tasks_total{step="shop/charge",outcome="failed"} 4"#,
        r#"async_orch_failures_total{step="shop/charge",kind="error"} 4"#,
        r#"async_orch_retries_total{step="shop/retry"} 2"#,
        r#"async_orch_permits_in_use{step="shop/bulkhead"} 0"#,
        r#"async_orch_task_duration_seconds_count{step="shop/ship",outcome="succeeded"} 8"#,
        r#"async_orch_queue_wait_seconds_count{step="shop/bulkhead"} 10"#,
    ] {
        assert!(lines.contains(&expected), "{expected} is missing");
    }
    assert!(scraped.contains("# TYPE async_orch_task_duration_seconds histogram"));

    if std::env::args().any(|argument| argument == "--serve") {
        println!("\nhttp://{address}/metrics until Ctrl-C");
        let mut pace = interval(Duration::from_millis(100));
        for order in 10.. {
            tokio::select! {
                _ = pace.tick() => drop(shop.run(order).await),
                _ = tokio::signal::ctrl_c() => break,
            }
        }
    }
    server.abort();
    Ok(())
}

async fn scrape(url: &str) -> Result<String, BoxError> {
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    let body = client.get(url.parse()?).await?.into_body().collect().await?.to_bytes();
    Ok(String::from_utf8(body.to_vec())?)
}
