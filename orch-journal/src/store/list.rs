//! Which runs there are.

use std::ops::Range;
use std::time::{Duration, SystemTime};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};

use super::rows::{self, Entry, What};
use super::schema::PER_RUN;
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
    /// Its number in the file: that of a run that was begun later is higher.
    pub number: u64,
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
    words: Vec<String>,
    after: Option<u64>,
    before: Option<u64>,
    newest_first: bool,
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

    /// Those whose key and pipeline have all words of this text in them, as parts of words too. Small and capital letters of ASCII
    /// are the same.
    ///
    /// There is no index for it: runs are looked at one after the other. A million small ones take about half a second.
    ///
    /// ```
    /// # use orch_journal::{Filter, Journal};
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let journal = Journal::open(folder.path().join("runs.db"))?;
    /// let double = async_orch::pipeline! { |_: u32| |n| { n * 2 } as "double" };
    /// journal.run("order-17", &double, 5).await?;
    /// assert_eq!(journal.list(&Filter::new().containing("Order DOUB")).await?.len(), 1);
    /// assert_eq!(journal.list(&Filter::new().containing("order 18")).await?.len(), 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn containing(mut self, text: &str) -> Self {
        self.words.extend(text.split_whitespace().map(str::to_ascii_lowercase));
        self
    }

    /// Those with a higher [number](Summary::number) than this.
    pub fn after(mut self, number: u64) -> Self {
        self.after = Some(number);
        self
    }

    /// Those with a lower [number](Summary::number) than this: with [`newest_first`](Filter::newest_first) and [`limit`](Filter::limit),
    /// the next page after a run.
    ///
    /// ```
    /// # use orch_journal::{Filter, Journal};
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let journal = Journal::open(folder.path().join("runs.db"))?;
    /// # let double = async_orch::pipeline! { |_: u32| |n| { n * 2 } as "double" };
    /// # for n in 0..5 {
    /// #     journal.run(&format!("order-{n}"), &double, n).await?;
    /// # }
    /// let page = Filter::new().newest_first().limit(2);
    /// let mut keys = Vec::new();
    /// let mut runs = journal.list(&page).await?;
    /// while let Some(last) = runs.last() {
    ///     let next = page.clone().before(last.number);
    ///     keys.extend(runs.into_iter().map(|run| run.key));
    ///     runs = journal.list(&next).await?;
    /// }
    /// assert_eq!(keys, ["order-4", "order-3", "order-2", "order-1", "order-0"]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn before(mut self, number: u64) -> Self {
        self.before = Some(number);
        self
    }

    /// In the order from the newest to the oldest. Without it the oldest come first.
    pub fn newest_first(mut self) -> Self {
        self.newest_first = true;
        self
    }

    /// No more than so many: the first ones in their order.
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
        for (number, sign) in [(self.after, '>'), (self.before, '<')] {
            let Some(number) = number else { continue };
            values.push(i64::try_from(number).unwrap_or(i64::MAX).into());
            condition += &format!(" AND id {sign} ?{}", values.len());
        }
        for word in &self.words {
            values.push(word.clone().into());
            // A word has no space in it, so none goes from the key to the pipeline.
            condition += &format!(" AND instr(lower(key || ' ' || pipeline), ?{}) > 0", values.len());
        }
        (condition, values)
    }

    /// As what stands after the condition; the values are those of the condition, and one more.
    fn order(&self, values: &mut Vec<rusqlite::types::Value>) -> String {
        let limit = self.limit.map_or(-1, |limit| i64::try_from(limit).unwrap_or(i64::MAX));
        values.push(limit.into());
        let direction = if self.newest_first { "DESC" } else { "ASC" };
        format!("ORDER BY id {direction} LIMIT ?{}", values.len())
    }
}

/// What a summary is made of, for the runs that `which` says.
fn summaries(which: &str) -> String {
    format!(
        "SELECT key, pipeline, state, input, result, fault, owner, started, ended, until,
        (SELECT count(*) FROM entries
            WHERE number BETWEEN runs.id * {PER_RUN} AND runs.id * {PER_RUN} + {PER_RUN} - 1 AND asked IS NULL),
        id FROM runs WHERE {which}"
    )
}

/// A text, or the beginning of one that is longer, and an ellipsis.
fn cut(bytes: &[u8], max_text: usize) -> String {
    if bytes.len() <= max_text {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    // Not in the middle of a letter, whose later bytes are 0b10xx_xxxx.
    let end = (0..=max_text).rev().find(|end| bytes[*end] & 0xc0 != 0x80).unwrap_or(0);
    String::from_utf8_lossy(&bytes[..end]).into_owned() + "\u{2026}"
}

fn text(row: &Row<'_>, column: usize, max_text: usize) -> Result<Option<String>, rusqlite::Error> {
    Ok(match row.get_ref(column)? {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(cut(bytes, max_text)),
        _ => None,
    })
}

fn summary(row: &Row<'_>, max_text: usize) -> Result<Summary, rusqlite::Error> {
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
        number: row.get::<_, i64>(11)?.unsigned_abs(),
        key: row.get(0)?,
        pipeline: row.get(1)?,
        status,
        input: text(row, 3, max_text)?.unwrap_or_default(),
        result: text(row, 4, max_text)?,
        fault: text(row, 5, max_text)?,
        owner: row.get(6)?,
        started: time(row.get(7)?),
        ended: row.get::<_, Option<i64>>(8)?.map(time),
        done: row.get::<_, i64>(10)?.unsigned_abs(),
    })
}

pub(crate) fn one(conn: &Connection, key: &str, max_text: usize) -> Result<Summary, Error> {
    conn.prepare_cached(&summaries("key = ?1"))?
        .query_row([key], |row| summary(row, max_text))
        .optional()?
        .ok_or_else(|| Error::Unknown { key: key.to_owned() })
}

pub(crate) fn all(conn: &Connection, filter: &Filter, max_text: usize) -> Result<Vec<Summary>, Error> {
    let (condition, mut values) = filter.condition();
    let order = filter.order(&mut values);
    let mut select = conn.prepare_cached(&summaries(&format!("{condition} {order}")))?;
    let rows = select.query_map(params_from_iter(values), |row| summary(row, max_text))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Removes those that have an end. How many these were.
pub(crate) fn purge(conn: &Connection, filter: &Filter) -> Result<u64, Error> {
    let (condition, mut values) = filter.condition();
    let order = filter.order(&mut values);
    let ids: Vec<i64> = conn
        .prepare_cached(&format!("SELECT id FROM runs WHERE {condition} AND state <> 'running' {order}"))?
        .query_map(params_from_iter(values), |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for id in &ids {
        if let Some(numbers) = rows::numbers(*id) {
            conn.prepare_cached("DELETE FROM entries WHERE number BETWEEN ?1 AND ?2")?
                .execute([numbers.start(), numbers.end()])?;
        }
        conn.prepare_cached("DELETE FROM runs WHERE id = ?1")?.execute([id])?;
    }
    Ok(ids.len() as u64)
}

/// The runs of these pipelines that have no end and are not under way in this session, the oldest first: each with its pipeline and
/// its key. All runs are looked at.
pub(crate) fn unfinished(
    conn: &Connection,
    pipelines: &[String],
    session: i64,
) -> Result<Vec<(String, String)>, Error> {
    let mut select = conn.prepare_cached(
        "SELECT pipeline, key FROM runs WHERE state = 'running' AND (session <> ?1 OR until <= ?2) ORDER BY id",
    )?;
    let runs = select.query_map((session, now()), |row| Ok((row.get(0)?, row.get(1)?)))?;
    let is_asked_for = |run: &Result<(String, String), _>| match run {
        Ok((pipeline, _)) => pipelines.contains(pipeline),
        Err(_) => true,
    };
    Ok(runs.filter(is_asked_for).collect::<Result<_, _>>()?)
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

/// Those steps of a run, counted from 0. Each entry is read and forgotten, so what is held is what is given.
pub(crate) fn steps(
    conn: &Connection,
    key: &str,
    wanted: Range<usize>,
    max_text: usize,
) -> Result<Vec<Step>, Error> {
    let run = rows::find(conn, key)?.ok_or_else(|| Error::Unknown { key: key.to_owned() })?;
    let (first, end) = (wanted.start as u64, wanted.end as u64);
    let mut steps: Vec<Step> = Vec::new();
    let mut open = 0;
    // Commands are numbered from 0 on, each with an entry at least, so the first that is wanted is not among fewer entries.
    rows::each_entry(conn, &run, wanted.start, |entry| {
        let Entry { command, at, what } = entry;
        let at = Duration::from_millis(at);
        let place = command.checked_sub(first).and_then(|place| usize::try_from(place).ok());
        // A command has the next number, but for one that gives an earlier one up.
        let known = place.filter(|place| *place < steps.len());
        match (what, known) {
            (What::Asked { text, .. }, None) if command < end && place == Some(steps.len()) => {
                let asked = cut(text.as_bytes(), max_text);
                steps.push(Step { asked, at, outcome: None, ended: None, is_given_up: false });
                open += 1;
            }
            (What::Asked { .. }, Some(place)) => steps[place].is_given_up = true,
            (What::Done(bytes), Some(place)) => {
                let step = &mut steps[place];
                open -= usize::from(step.ended.is_none());
                (step.outcome, step.ended) = (Some(cut(&bytes, max_text)), Some(at));
            }
            (What::Asked { .. } | What::Done(_), None) => {}
        }
        // What is after the last of them, and what came of each, is not read.
        steps.len() < wanted.len() || open > 0
    })?;
    Ok(steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_letters() {
        let text = "a\u{e9}\u{1f980}z";
        let cuts = ["", "a", "a", "a\u{e9}", "a\u{e9}", "a\u{e9}", "a\u{e9}", "a\u{e9}\u{1f980}"];
        for (max_text, expected) in cuts.into_iter().enumerate() {
            assert_eq!(cut(text.as_bytes(), max_text), format!("{expected}\u{2026}"), "{max_text}");
        }
        assert_eq!(cut(text.as_bytes(), text.len()), text);
        assert_eq!(cut(&[0xff, 0xfe, 0x80], 1), "\u{fffd}\u{2026}", "what is no text either");
    }
}
