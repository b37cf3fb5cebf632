//! Which runs there are.

use std::time::{Duration, SystemTime};

use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};

use super::{millis, now};
use crate::Error;

/// Where a run is.
///
/// ```
/// # use orch_journal::{Journal, Status};
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("runs.db");
/// let journal = Journal::open(path)?;
/// let double = async_orch::pipeline! { |_: u32| |n| { n * 2 } as "double" };
/// journal.run("five", &double, 5).await?;
/// let status = journal.status("five").await?;
/// assert!(status == Status::Succeeded && status.is_end());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Status {
    /// Somebody runs it.
    Running,
    /// It has no end, and nobody runs it: its process has ended, or it had to stop.
    Interrupted,
    /// It has given an output.
    Succeeded,
    /// Its pipeline has failed.
    Failed,
    /// It was cancelled.
    Cancelled,
}

impl Status {
    /// Whether there is nothing more to come.
    #[must_use]
    pub fn is_end(self) -> bool {
        !matches!(self, Status::Running | Status::Interrupted)
    }

    /// As a condition on a row; `?1` is the time.
    fn condition(self) -> &'static str {
        match self {
            Status::Running => "state = 'running' AND until > ?1",
            Status::Interrupted => "state = 'running' AND until <= ?1",
            Status::Succeeded => "state = 'succeeded'",
            Status::Failed => "state = 'failed'",
            Status::Cancelled => "state = 'cancelled'",
        }
    }
}

/// As one word: `running`, `succeeded`.
impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Status::Running => "running",
            Status::Interrupted => "interrupted",
            Status::Succeeded => "succeeded",
            Status::Failed => "failed",
            Status::Cancelled => "cancelled",
        })
    }
}

/// What a journal has of one run: see [`Journal::summary`](crate::Journal::summary) and [`list`](crate::Journal::list).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Summary {
    /// Its key.
    pub key: String,
    /// The name of its pipeline.
    pub pipeline: String,
    /// Where it is.
    pub status: Status,
    /// Its input, as JSON.
    pub input: String,
    /// Its output as JSON, or its error as text.
    pub result: Option<String>,
    /// Why who ran it last had to stop, if that was so.
    pub fault: Option<String>,
    /// Who runs it, or did last.
    pub owner: String,
    /// When it was begun.
    pub started: SystemTime,
    /// When it has ended.
    pub ended: Option<SystemTime>,
    /// How many steps and waits in it have ended.
    pub done: u64,
}

/// Some runs of a journal: those that fit all that is asked for.
///
/// ```
/// use orch_journal::{Filter, Status};
/// use std::time::Duration;
///
/// let all = Filter::new();
/// let old_failures = Filter::new().pipeline("order").status(Status::Failed).older_than(Duration::from_secs(86_400));
/// assert_ne!(all, old_failures);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Filter {
    pipeline: Option<String>,
    status: Option<Status>,
    older_than: Option<Duration>,
    limit: Option<usize>,
}

impl Filter {
    /// All runs.
    pub fn new() -> Self {
        Filter::default()
    }

    /// Those of the pipeline with this name.
    pub fn pipeline(mut self, name: impl Into<String>) -> Self {
        self.pipeline = Some(name.into());
        self
    }

    /// Those with this status.
    pub fn status(mut self, status: Status) -> Self {
        self.status = Some(status);
        self
    }

    /// Those that have ended so long ago or longer; of those without an end, that were begun so long ago.
    pub fn older_than(mut self, age: Duration) -> Self {
        self.older_than = Some(age);
        self
    }

    /// No more than so many, the oldest first.
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = Some(limit);
        self
    }

    /// As what stands after `WHERE`, with the values for `?1` and on.
    fn condition(&self) -> (String, Vec<rusqlite::types::Value>) {
        let mut condition = "?1 = ?1".to_owned();
        let mut values = vec![now().into()];
        if let Some(status) = self.status {
            condition += " AND ";
            condition += status.condition();
        }
        if let Some(pipeline) = &self.pipeline {
            values.push(pipeline.clone().into());
            condition += &format!(" AND pipeline = ?{}", values.len());
        }
        if let Some(age) = self.older_than {
            values.push(now().saturating_sub(millis(age)).into());
            condition += &format!(" AND coalesce(ended, started) <= ?{}", values.len());
        }
        (condition, values)
    }

    fn limit_value(&self) -> i64 {
        self.limit.map_or(-1, |limit| i64::try_from(limit).unwrap_or(i64::MAX))
    }
}

const SUMMARY: &str = "SELECT key, pipeline, state, input, result, fault, owner, started, ended, until,
    (SELECT count(*) FROM entries WHERE run = runs.id AND asked IS NULL) FROM runs";

fn summary(row: &Row<'_>) -> Result<Summary, rusqlite::Error> {
    let time = |millis: i64| SystemTime::UNIX_EPOCH + Duration::from_millis(millis.unsigned_abs());
    let (state, until): (String, i64) = (row.get(2)?, row.get(9)?);
    let status = match state.as_str() {
        "succeeded" => Status::Succeeded,
        "failed" => Status::Failed,
        "cancelled" => Status::Cancelled,
        _ if until > now() => Status::Running,
        _ => Status::Interrupted,
    };
    Ok(Summary {
        key: row.get(0)?,
        pipeline: row.get(1)?,
        status,
        input: row.get(3)?,
        result: row.get(4)?,
        fault: row.get(5)?,
        owner: row.get(6)?,
        started: time(row.get(7)?),
        ended: row.get::<_, Option<i64>>(8)?.map(time),
        done: row.get::<_, i64>(10)?.unsigned_abs(),
    })
}

pub(crate) fn one(conn: &Connection, key: &str) -> Result<Summary, Error> {
    conn.prepare_cached(&format!("{SUMMARY} WHERE key = ?1"))?
        .query_row([key], summary)
        .optional()?
        .ok_or_else(|| Error::Unknown { key: key.to_owned() })
}

pub(crate) fn all(conn: &Connection, filter: &Filter) -> Result<Vec<Summary>, Error> {
    let (condition, mut values) = filter.condition();
    values.push(filter.limit_value().into());
    let limit = values.len();
    let mut select =
        conn.prepare_cached(&format!("{SUMMARY} WHERE {condition} ORDER BY id LIMIT ?{limit}"))?;
    let rows = select.query_map(params_from_iter(values), summary)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Removes those that have an end. How many these were.
pub(crate) fn purge(conn: &Connection, filter: &Filter) -> Result<u64, Error> {
    let (condition, mut values) = filter.condition();
    values.push(filter.limit_value().into());
    let limit = values.len();
    let ids: Vec<i64> = conn
        .prepare_cached(&format!(
            "SELECT id FROM runs WHERE {condition} AND state <> 'running' ORDER BY id LIMIT ?{limit}"
        ))?
        .query_map(params_from_iter(values), |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for id in &ids {
        conn.prepare_cached("DELETE FROM entries WHERE run = ?1")?.execute([id])?;
        conn.prepare_cached("DELETE FROM runs WHERE id = ?1")?.execute([id])?;
    }
    Ok(ids.len() as u64)
}

/// The keys of the runs of this pipeline that have no end and are not under way in this session, the oldest first.
pub(crate) fn unfinished(conn: &Connection, pipeline: &str, session: i64) -> Result<Vec<String>, Error> {
    let mut select = conn.prepare_cached(
        "SELECT key FROM runs
         WHERE state = 'running' AND pipeline = ?1 AND (session <> ?2 OR until <= ?3) ORDER BY id",
    )?;
    let keys = select.query_map((pipeline, session, now()), |row| row.get(0))?;
    Ok(keys.collect::<Result<_, _>>()?)
}

/// Something that a run asked for, and what came of it: see [`Journal::steps`](crate::Journal::steps).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Step {
    /// What it asked for: `run order/charge#2`, `wait 2s`, `ask order/circuit`.
    pub asked: String,
    /// When, since its start.
    pub at: Duration,
    /// What came of it: `ok:` and an output, `err:` and an error, `kind:` and an error that is none of a task's, `pass:` of a circuit,
    /// nothing of a wait.
    pub outcome: Option<String>,
    /// When that was, since its start.
    pub ended: Option<Duration>,
    /// Whether the run did not wait for it to end.
    pub is_given_up: bool,
}

pub(crate) fn steps(conn: &Connection, key: &str) -> Result<Vec<Step>, Error> {
    use super::rows::{self, What};

    let run = rows::find(conn, key)?.ok_or_else(|| Error::Unknown { key: key.to_owned() })?;
    let mut steps: Vec<(u64, Step)> = Vec::new();
    for entry in rows::entries(conn, &run)? {
        let at = Duration::from_millis(entry.at);
        // A command has the next number, but for one that gives an earlier one up.
        let known = steps.binary_search_by_key(&entry.command, |(id, _)| *id);
        match (entry.what, known) {
            (What::Asked { text, .. }, Err(_)) => {
                let step = Step { asked: text, at, outcome: None, ended: None, is_given_up: false };
                steps.push((entry.command, step));
            }
            (What::Asked { .. }, Ok(place)) => steps[place].1.is_given_up = true,
            (What::Done(bytes), Ok(place)) => {
                let outcome = String::from_utf8_lossy(&bytes).into_owned();
                (steps[place].1.outcome, steps[place].1.ended) = (Some(outcome), Some(at));
            }
            (What::Done(_), Err(_)) => {}
        }
    }
    Ok(steps.into_iter().map(|(_, step)| step).collect())
}
