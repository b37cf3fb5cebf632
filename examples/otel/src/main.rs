//! Spans of a pipeline in OpenTelemetry: from `tracing` through `tracing-opentelemetry` and OTLP into a collector, which here is one on
//! loopback that keeps what arrives.
//!
//! `cargo run --manifest-path examples/otel/Cargo.toml`; it checks what has arrived.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use async_orch::tracing::TracingBus;
use async_orch::{BoxError, Context, pipeline, task};
use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tracing::Instrument;
use tracing_subscriber::layer::SubscriberExt;

#[task]
async fn fetch(cx: &Context<'_>, id: u32) -> io::Result<u32> {
    tracing::info!("asks for {id}");
    if id == 2 && cx.attempt() == 1 {
        return Err(io::Error::other("connection reset"));
    }
    Ok(id)
}

/// Its own span hangs under its step, although it is on another thread.
#[task(blocking)]
fn compress(records: Vec<u32>) -> usize {
    let _span = tracing::info_span!("deflate", records = records.len() as i64).entered();
    records.len()
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let (collector, address) = collector().await?;

    // Where the spans go: this is what a program has, with the address of its collector.
    let client = Client::builder(TokioExecutor::new()).build_http();
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Http { client, runtime: Handle::current() })
        .with_protocol(Protocol::HttpJson)
        .with_endpoint(format!("http://{address}/v1/traces"))
        .build()?;
    let provider = SdkTracerProvider::builder()
        .with_resource(Resource::builder().with_service_name("shop").build())
        .with_batch_exporter(exporter)
        .build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("shop"));
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer))?;

    let records = pipeline! {
        |_: Vec<u32>|
        seq(name = "records") <
            each(limit = 2) < retry(max_attempts = 3, backoff = constant(1ms)) < fetch > >
            compress
        >
    };
    let records = records.with_bus(TracingBus::new());
    assert_eq!(records.run(vec![1, 2]).instrument(tracing::info_span!("request")).await?, 2);

    // What waits to be sent is sent by a thread of the provider's.
    tokio::task::spawn_blocking(move || provider.shutdown()).await??;
    let spans = collector.spans();
    print_below(&spans, "", 0);
    check(&spans);
    Ok(())
}

/// That the tree that has arrived is the one of the pipeline.
fn check(spans: &[Span]) {
    let below = |parent: &Span| spans.iter().filter(|span| span.parent == parent.id).collect::<Vec<_>>();
    let only = |parent: &Span, name: &str| {
        let found: Vec<&Span> = below(parent).into_iter().filter(|span| span.name == name).collect();
        assert_eq!(found.len(), 1, "`{name}` under `{}`", parent.name);
        found[0].clone()
    };
    let request = spans.iter().find(|span| span.parent.is_empty()).expect("there is an outermost span");
    assert_eq!((request.name.as_str(), request.service.as_str()), ("request", "shop"));
    let records = only(request, "records");
    assert_eq!(records.attribute("outcome"), Some("succeeded".into()));
    assert!(
        records
            .attribute("elapsed_ms")
            .and_then(|elapsed| elapsed.as_f64())
            .is_some_and(|elapsed| elapsed >= 1.0)
    );

    let mut retries = below(&only(&records, "each"));
    assert_eq!(retries.len(), 2);
    retries.sort_by_key(|retry| retry.attribute("item").and_then(|item| item.as_i64()));
    let attempts = below(retries[1]);
    assert_eq!(attempts.len(), 2, "the second record was asked for twice");
    let failed =
        attempts.iter().find(|span| span.attribute("attempt") == Some(1.into())).expect("a first attempt");
    assert_eq!((failed.attribute("outcome"), failed.status), (Some("failed".into()), 2));
    assert_eq!(failed.attribute("error"), Some("connection reset".into()));
    assert_eq!(failed.events, ["asks for 2"], "its own log");
    let again =
        attempts.iter().find(|span| span.attribute("attempt") == Some(2.into())).expect("a second attempt");
    assert_eq!((again.attribute("outcome"), again.status), (Some("succeeded".into()), 0));
    assert!(
        retries[1].events.iter().any(|event| event.starts_with("retrying `fetch` in ")),
        "{:?}",
        retries[1].events
    );

    let compress = only(&records, "compress");
    assert_eq!(only(&compress, "deflate").attribute("records"), Some(2.into()));
}

/// A span as it has arrived.
#[derive(Clone, Debug)]
struct Span {
    service: String,
    id: String,
    parent: String,
    name: String,
    attributes: Value,
    events: Vec<String>,
    /// 2 for an error.
    status: i64,
}

impl Span {
    fn attribute(&self, key: &str) -> Option<Value> {
        attribute(&self.attributes, key)
    }
}

/// OTLP writes attributes as a list of keys and values with a type, and 64-bit numbers as texts.
fn attribute(attributes: &Value, key: &str) -> Option<Value> {
    let attributes = attributes.as_array()?;
    let value = attributes.iter().find(|attribute| attribute["key"] == key)?["value"].as_object()?;
    let (kind, value) = value.iter().next()?;
    match (kind.as_str(), value) {
        ("intValue", Value::String(number)) => number.parse::<i64>().ok().map(Value::from),
        _ => Some(value.clone()),
    }
}

/// What a collector is to who sends: it takes traces.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<Value>>>);

async fn collector() -> io::Result<(Collector, std::net::SocketAddr)> {
    let collector = Collector::default();
    let take = async |State(Collector(taken)): State<Collector>, Json(body): Json<Value>| {
        taken.lock().unwrap().push(body);
        Json(serde_json::json!({}))
    };
    let app = Router::new().route("/v1/traces", post(take)).with_state(collector.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok((collector, address))
}

impl Collector {
    fn spans(&self) -> Vec<Span> {
        let mut spans = Vec::new();
        let bodies = self.0.lock().unwrap();
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        for resource in bodies.iter().flat_map(|body| list(&body["resourceSpans"])) {
            let service = attribute(&resource["resource"]["attributes"], "service.name");
            for span in list(&resource["scopeSpans"]).iter().flat_map(|scope| list(&scope["spans"])) {
                let text = |key: &str| span[key].as_str().unwrap_or_default().to_owned();
                spans.push(Span {
                    service: service.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned(),
                    id: text("spanId"),
                    parent: text("parentSpanId"),
                    name: text("name"),
                    attributes: span["attributes"].clone(),
                    events: list(&span["events"])
                        .iter()
                        .filter_map(|event| Some(event["name"].as_str()?.to_owned()))
                        .collect(),
                    status: span["status"]["code"].as_i64().unwrap_or_default(),
                });
            }
        }
        spans
    }
}

fn print_below(spans: &[Span], parent: &str, depth: usize) {
    for span in spans.iter().filter(|span| span.parent == parent) {
        let of = |key: &str| span.attribute(key).map_or(String::new(), |value| format!("  {key}={value}"));
        println!("{}{}{}{}{}", "  ".repeat(depth), span.name, of("attempt"), of("outcome"), of("elapsed_ms"));
        for event in &span.events {
            println!("{}- {event}", "  ".repeat(depth + 1));
        }
        print_below(spans, &span.id, depth + 1);
    }
}

/// The exporter sends from a thread of its own, and hyper sends on a runtime.
#[derive(Debug)]
struct Http {
    client: Client<HttpConnector, Full<Bytes>>,
    runtime: Handle,
}

impl HttpClient for Http {
    fn send_bytes<'s, 'f>(
        &'s self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'f>>
    where
        's: 'f,
        Self: 'f,
    {
        let sent = self.client.request(request.map(Full::new));
        let sent = self.runtime.spawn(async move {
            let (head, body) = sent.await?.into_parts();
            Ok(Response::from_parts(head, body.collect().await?.to_bytes()))
        });
        Box::pin(async move { sent.await? })
    }
}
