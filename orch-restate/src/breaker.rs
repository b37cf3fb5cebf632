//! The circuits of all machines: one keyed object of the server's for each, which answers one question after the other.

use std::time::{Duration, Instant, SystemTime};

use orch_core::__engines::{Asked, KeptCircuit, answer};
use orch_core::{BreakerState, ErrorKind, Report};
use restate_sdk::discovery;
use restate_sdk::endpoint::{ContextInternal, Error as EndpointError};
use restate_sdk::errors::{HandlerResult, TerminalError};
use restate_sdk::serde::Json;
use restate_sdk::service::macro_support::{ServiceBoxFuture, service_definition};
use restate_sdk::service::{Service, ServiceDefinition};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::http::{Http, HttpError};
use crate::runtime::Arrived;
use crate::serve::handler;

/// The name of the object.
pub(crate) const BREAKER: &str = "OrchBreaker";
/// A question that is asked again, as its answer was lost, is answered as it was. Nobody asks again after so long.
const RETENTION: Duration = Duration::from_secs(600);
/// How long to wait before a circuit that cannot be reached is asked again: at first, and at most.
const AGAIN: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));
/// How long that goes on before the run gives up its place.
const PATIENCE: Duration = Duration::from_secs(10);
/// The shortest and the longest wait of a run that the circuit lets wait for a probe.
const LOOK: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(500));

#[derive(Serialize, Deserialize)]
struct Admit {
    settings: Value,
    /// Since 1970.
    now: Duration,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Admitted {
    Pass(u64),
    Wait(Duration),
    /// As a mailbox reads it.
    Reject(String),
}

#[derive(Serialize, Deserialize)]
struct Ended {
    settings: Value,
    now: Duration,
    permit: u64,
    report: Kind,
    failure: String,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Succeeded,
    Failed,
    Ignored,
    Cancelled,
}

/// What is kept of a circuit.
#[derive(Serialize, Deserialize)]
struct Kept {
    circuit: Value,
    /// The latest time that was given: those of two machines differ, and it does not go back.
    now: Duration,
    /// In words, for who looks at it.
    state: String,
}

/// The object itself.
struct Breaker;

impl Service for Breaker {
    type Future = ServiceBoxFuture;

    fn handle(&self, ctx: ContextInternal) -> Self::Future {
        Box::pin(async move {
            let result = match ctx.handler_name() {
                "admit" => {
                    let (Json(Admit { settings, now }), _) = ctx.input().await;
                    admit(&ctx, &settings, now)
                        .await
                        .map(|admitted| serde_json::to_vec(&admitted).unwrap_or_default())
                }
                "report" => {
                    let (Json(ended), _) = ctx.input().await;
                    report(&ctx, ended).await.map(|()| Vec::new())
                }
                other => return Err(EndpointError::unknown_handler(ctx.service_name(), other)),
            };
            ctx.handle_handler_result(result);
            ctx.end();
            Ok(())
        })
    }
}

async fn load(
    ctx: &ContextInternal,
    settings: &Value,
    now: Duration,
) -> HandlerResult<(KeptCircuit, Duration)> {
    let kept: Option<Json<Kept>> = ctx.get("kept").await?;
    let kept = kept.map(|Json(kept)| kept);
    let now = now.max(kept.as_ref().map_or(Duration::ZERO, |kept| kept.now));
    let saved = kept.map(|kept| kept.circuit.to_string());
    let circuit = KeptCircuit::load(&settings.to_string(), saved.as_deref());
    Ok((circuit.map_err(|error| TerminalError::new_with_code(400, error.to_string()))?, now))
}

fn save(ctx: &ContextInternal, circuit: &KeptCircuit, now: Duration) {
    let state = circuit.observe(now).kind().to_string();
    ctx.set("kept", Json(Kept { circuit: value(&circuit.save()), now, state }));
}

/// As a part of other JSON, for who looks at it.
fn value(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_default()
}

async fn admit(ctx: &ContextInternal, settings: &Value, now: Duration) -> HandlerResult<Admitted> {
    let (mut circuit, now) = load(ctx, settings, now).await?;
    let admitted = match circuit.admit(now) {
        Asked::Pass(permit) => Admitted::Pass(permit),
        Asked::Wait(time) => Admitted::Wait(time),
        Asked::Reject(kind) => Admitted::Reject(String::from_utf8_lossy(&answer(Err(&kind))).into_owned()),
    };
    save(ctx, &circuit, now);
    Ok(admitted)
}

async fn report(ctx: &ContextInternal, ended: Ended) -> HandlerResult<()> {
    let (mut circuit, now) = load(ctx, &ended.settings, ended.now).await?;
    let report = match ended.report {
        Kind::Succeeded => Report::Succeeded,
        Kind::Failed => Report::Failed,
        Kind::Ignored => Report::Ignored,
        Kind::Cancelled => Report::Cancelled,
    };
    circuit.report(ended.permit, report, &ended.failure, now);
    save(ctx, &circuit, now);
    Ok(())
}

pub(crate) fn definition() -> ServiceDefinition {
    let handlers = ["admit", "report"].map(|name| discovery::Handler {
        ty: Some(discovery::HandlerType::Exclusive),
        idempotency_retention: Some(RETENTION.as_millis() as u64),
        journal_retention: Some(0),
        ..handler(name)
    });
    service_definition(
        Breaker,
        discovery::Service {
            ty: discovery::ServiceType::VirtualObject,
            documentation: Some("The circuits of all machines, by pipeline and path or by name.".to_owned()),
            handlers: handlers.into(),
            ..crate::serve::service(BREAKER)
        },
    )
}

/// What an engine asks.
#[derive(Clone)]
pub(crate) struct Breakers {
    pub(crate) http: Http,
}

/// What a circuit has answered.
pub(crate) struct Answer {
    pub(crate) permit: Option<u64>,
    /// As a mailbox reads it.
    pub(crate) bytes: Vec<u8>,
}

/// That it gives none.
#[derive(Debug, thiserror::Error)]
#[error("the circuit `{key}` cannot be asked: {why}")]
pub(crate) struct AskError {
    key: String,
    why: String,
}

impl Breakers {
    /// Asks a circuit, until it has an answer.
    pub(crate) async fn ask(self, circuit: Arrived, id: String) -> Result<Answer, AskError> {
        // By its handle here one process keeps itself away.
        let here = match circuit.breaker.state() {
            BreakerState::Isolated => Some(ErrorKind::circuit_isolated()),
            BreakerState::Open { retry_after } if !retry_after.is_zero() => {
                Some(ErrorKind::circuit_open(retry_after, None))
            }
            _ => None,
        };
        if let Some(kind) = here {
            return Ok(Answer { permit: None, bytes: answer(Err(&kind)) });
        }
        let settings = value(&KeptCircuit::settings(&circuit.breaker));
        for look in 0_u32.. {
            let admit = Admit { settings: settings.clone(), now: now() };
            match self.call(&circuit.key, "admit", &format!("{id}/{look}"), &admit).await? {
                Admitted::Pass(permit) => {
                    return Ok(Answer { permit: Some(permit), bytes: answer(Ok(())) });
                }
                Admitted::Reject(answer) => return Ok(Answer { permit: None, bytes: answer.into_bytes() }),
                Admitted::Wait(time) => tokio::time::sleep(time.clamp(LOOK.0, LOOK.1)).await,
            }
        }
        unreachable!("it is asked without end")
    }

    /// Tells it how a run has ended that it had let through.
    pub(crate) async fn report(
        &self,
        circuit: Arrived,
        id: String,
        permit: u64,
        report: Report,
        failure: String,
    ) -> Result<(), AskError> {
        let settings = value(&KeptCircuit::settings(&circuit.breaker));
        let report = match report {
            Report::Succeeded => Kind::Succeeded,
            Report::Failed => Kind::Failed,
            Report::Ignored => Kind::Ignored,
            _ => Kind::Cancelled,
        };
        let ended = Ended { settings, now: now(), permit, report, failure };
        // When the server has it, it comes before whatever the circuit is asked next.
        self.call::<Value>(&circuit.key, "report/send", &id, &ended).await.map(drop)
    }

    async fn call<T: for<'de> Deserialize<'de>>(
        &self,
        key: &str,
        handler: &str,
        id: &str,
        body: &impl Serialize,
    ) -> Result<T, AskError> {
        let (mut wait, since) = (AGAIN.0, Instant::now());
        loop {
            let url = [BREAKER, key];
            match self.http.call(&url, handler, Some(id), body).await {
                Ok(answer) => return Ok(answer),
                Err(HttpError::Answer { status, message })
                    if (400..500).contains(&status) && status != 429 =>
                {
                    return Err(AskError { key: key.to_owned(), why: message });
                }
                // The run is tried again, and the server tells why.
                Err(error) if since.elapsed() > PATIENCE => {
                    let why = format!("{}: {error}", self.http.address());
                    return Err(AskError { key: key.to_owned(), why });
                }
                // The server is down or busy: so is the run.
                Err(_) => tokio::time::sleep(wait).await,
            }
            wait = (wait * 2).min(AGAIN.1);
        }
    }
}

fn now() -> Duration {
    SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default()
}
