//! Durable runs of a journal's file, a page at a time.
//!
//! Everything is read when it is asked for, and nothing is kept. A file can hold very many runs with very long texts, so what one
//! answer holds is bounded: runs and steps by their number, texts by their length, and a search by the time that it takes, after which the
//! page asks for more.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use orch_journal::{Error, Filter, Reader, Status, Step, Summary};
use serde::{Deserialize, Serialize};

use super::Shared;
use crate::page;

/// Runs and steps of one answer.
const RUNS: usize = 50;
const STEPS: usize = 100;

/// Bytes of a text in the list of runs, of a run that is looked at, and of one of its steps.
const LISTED: usize = 200;
const LOOKED_AT: usize = 64 << 10;
const STEP: usize = 4 << 10;

/// A search looks at so many runs at once, and for so long; then it says how far it has come.
const AT_ONCE: u64 = 20_000;
const LONGEST: Duration = Duration::from_millis(250);

/// Bytes of what is looked for.
const MOST_ASKED: usize = 1_000;

/// So many looks go on at once; the others wait.
pub(super) const LOOKS: usize = 4;

/// Which runs are wanted.
#[derive(Deserialize)]
pub(super) struct RunsWanted {
    #[serde(default)]
    journal: usize,
    #[serde(default)]
    status: String,
    #[serde(default)]
    text: String,
    /// Those with a lower number.
    before: Option<u64>,
    limit: Option<usize>,
}

#[derive(Serialize)]
struct Runs {
    runs: Vec<Row>,
    /// There may be more with lower numbers than this.
    next: Option<u64>,
}

#[derive(Serialize)]
struct Row {
    number: u64,
    key: String,
    pipeline: String,
    status: String,
    started: u64,
    ended: Option<u64>,
    done: u64,
    result: Option<String>,
    fault: Option<String>,
}

/// Which run is wanted, and from which of its steps on.
#[derive(Deserialize)]
pub(super) struct RunWanted {
    #[serde(default)]
    journal: usize,
    number: u64,
    #[serde(default)]
    first: usize,
}

#[derive(Serialize)]
struct Run {
    #[serde(flatten)]
    row: Row,
    owner: String,
    input: String,
    first: usize,
    steps: Vec<StepRow>,
    has_more: bool,
    /// Why the steps cannot be read.
    unreadable: Option<String>,
}

#[derive(Serialize)]
struct StepRow {
    asked: String,
    /// Milliseconds since the start of the run.
    at: u64,
    outcome: Option<String>,
    ended: Option<u64>,
    given_up: bool,
}

/// Why there is nothing to show.
struct Refused(StatusCode, String);

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        let code = match error {
            Error::Unknown { .. } => StatusCode::NOT_FOUND,
            _ => StatusCode::SERVICE_UNAVAILABLE,
        };
        Refused(code, error.to_string())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        #[derive(Serialize)]
        struct Why<'a> {
            error: &'a str,
        }
        (self.0, json(&Why { error: &self.1 })).into_response()
    }
}

/// JSON in which nothing can be taken for markup, whoever opens it.
fn json(value: &impl Serialize) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], page::inert_json(&page::json(value))).into_response()
}

pub(super) async fn runs(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Query(wanted): Query<RunsWanted>,
) -> Response {
    if let Some(refused) = super::refuse_other_sites(&headers) {
        return refused;
    }
    match list(&shared, wanted).await {
        Ok(found) => json(&found),
        Err(refused) => refused.into_response(),
    }
}

pub(super) async fn run(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Query(wanted): Query<RunWanted>,
) -> Response {
    if let Some(refused) = super::refuse_other_sites(&headers) {
        return refused;
    }
    match look_at(&shared, wanted).await {
        Ok(found) => json(&found),
        Err(refused) => refused.into_response(),
    }
}

fn reader(shared: &Shared, journal: usize) -> Result<&Reader, Refused> {
    match shared.journals.get(journal) {
        Some((_, reader)) => Ok(reader),
        None => Err(Refused(StatusCode::NOT_FOUND, "there is no such journal".to_owned())),
    }
}

async fn list(shared: &Shared, wanted: RunsWanted) -> Result<Runs, Refused> {
    let reader = reader(shared, wanted.journal)?.clone().max_text(LISTED);
    if wanted.text.len() > MOST_ASKED {
        return Err(Refused(StatusCode::BAD_REQUEST, "that is too long to look for".to_owned()));
    }
    let mut filter = Filter::new().newest_first().containing(&wanted.text);
    if !wanted.status.is_empty() {
        filter = filter.status(status(&wanted.status)?);
    }
    // It is not closed as long as the server is there.
    let _look = shared.looks.acquire().await;
    let began = Instant::now();
    let limit = wanted.limit.unwrap_or(RUNS).clamp(1, RUNS);
    let ends =
        async |filter: Filter| Ok::<_, Error>(reader.list(&filter.limit(1)).await?.first().map(number));
    let newest = ends(Filter::new().newest_first()).await?.unwrap_or(0);
    let oldest = ends(Filter::new()).await?.unwrap_or(0);
    let mut before = wanted.before.unwrap_or(u64::MAX).min(newest + 1);
    let mut runs = Vec::new();
    while before > oldest && runs.len() < limit {
        let after = before.saturating_sub(AT_ONCE);
        let left = limit - runs.len();
        // The number before the first is no number of a run, so this is all that is not below.
        let part = filter.clone().after(after.saturating_sub(1)).before(before).limit(left);
        let found = reader.list(&part).await?;
        before = found.last().filter(|_| found.len() == left).map_or(after, number);
        runs.extend(found.into_iter().map(|run| Row::of(run).listed()));
        if began.elapsed() > LONGEST {
            break;
        }
    }
    Ok(Runs { runs, next: (before > oldest).then_some(before) })
}

fn number(run: &Summary) -> u64 {
    run.number
}

fn status(word: &str) -> Result<Status, Refused> {
    let all = [Status::Running, Status::Interrupted, Status::Succeeded, Status::Failed, Status::Cancelled];
    all.into_iter()
        .find(|status| status.to_string() == word)
        .ok_or_else(|| Refused(StatusCode::BAD_REQUEST, "there is no such state".to_owned()))
}

async fn look_at(shared: &Shared, wanted: RunWanted) -> Result<Run, Refused> {
    let reader = reader(shared, wanted.journal)?;
    let _look = shared.looks.acquire().await;
    let this = Filter::new().after(wanted.number.saturating_sub(1)).before(wanted.number.saturating_add(1));
    let found = reader.clone().max_text(LOOKED_AT).list(&this.limit(1)).await?;
    let Some(summary) = found.into_iter().find(|run| run.number == wanted.number) else {
        let gone = "the run is not in the file any more".to_owned();
        return Err(Refused(StatusCode::NOT_FOUND, gone));
    };
    let (first, end) = (wanted.first, wanted.first.saturating_add(STEPS + 1));
    let read = reader.clone().max_text(STEP).steps(&summary.key, first..end).await;
    let (mut steps, unreadable) = match read {
        Ok(steps) => (steps, None),
        // What is known of the run itself is there all the same.
        Err(error) => (Vec::new(), Some(error.to_string())),
    };
    let has_more = steps.len() > STEPS;
    steps.truncate(STEPS);
    let (owner, input) = (summary.owner.clone(), summary.input.clone());
    let (row, steps) = (Row::of(summary), steps.into_iter().map(StepRow::of).collect());
    Ok(Run { row, owner, input, first, steps, has_more, unreadable })
}

fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    whole(since)
}

fn whole(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl Row {
    fn of(run: Summary) -> Self {
        Row {
            number: run.number,
            key: run.key,
            pipeline: run.pipeline,
            status: run.status.to_string(),
            started: millis(run.started),
            ended: run.ended.map(millis),
            done: run.done,
            result: run.result,
            fault: run.fault,
        }
    }

    /// As the list shows it, in which a key has one line.
    fn listed(mut self) -> Self {
        for text in [&mut self.key, &mut self.pipeline] {
            if let Some((end, _)) = text.char_indices().nth(LISTED) {
                text.truncate(end);
                text.push('\u{2026}');
            }
        }
        self
    }
}

impl StepRow {
    fn of(step: Step) -> Self {
        StepRow {
            asked: step.asked,
            at: whole(step.at),
            outcome: step.outcome,
            ended: step.ended.map(whole),
            given_up: step.is_given_up,
        }
    }
}
