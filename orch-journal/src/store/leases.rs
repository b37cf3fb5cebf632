//! Who may write about a run: the one whose token the run has.
//!
//! Each lease that is taken, and each cancellation, counts the token up. A write compares it in its own transaction, so who was taken
//! over from writes nothing more, however late it notices. The first token of a run is any number, as an earlier run may have had the same id.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension};

use super::rows::{self, Entry, Run};
use super::schema;
use super::writer::{Hold, Lease, Leases, Why};
use super::{Owner, millis, now};
use crate::Error;

/// What came of asking for a run.
pub(crate) enum Taken<L = Lease> {
    /// It is this one's now.
    Yes(Box<Begun<L>>),
    /// It has an end.
    Ended(Box<Ended>),
    /// Somebody has it, for so long yet.
    No { owner: String, left: Duration },
}

impl Taken<i64> {
    /// It is committed. Whoever asked for it may be gone by now, and then it is free again.
    pub(crate) fn hold(self, leases: Leases) -> Taken {
        match self {
            Taken::Yes(begun) => {
                let Begun { lease: token, run, entries } = *begun;
                Taken::Yes(Box::new(Begun { lease: leases.hold(run.id, token), run, entries }))
            }
            Taken::Ended(ended) => Taken::Ended(ended),
            Taken::No { owner, left } => Taken::No { owner, left },
        }
    }
}

/// A run that is held, with all that is written of it.
pub(crate) struct Begun<L> {
    /// Its token, before that is committed.
    pub(crate) lease: L,
    pub(crate) run: Run,
    pub(crate) entries: Vec<Entry>,
}

/// A run that has an end. Its entries are needed only to give an error with its type.
pub(crate) struct Ended {
    pub(crate) run: Run,
    pub(crate) entries: Vec<Entry>,
}

/// Begins the run with this key, of this pipeline and with this input, unless there is one with the key.
pub(crate) fn begin(
    conn: &Connection,
    key: &str,
    (pipeline, input): (&str, &str),
    owner: &Owner,
    lease: Duration,
) -> Result<Option<Taken<i64>>, Error> {
    let (now, token) = (now(), any_token());
    let until = now.saturating_add(millis(lease));
    let begun = conn
        .prepare_cached(
            "INSERT INTO runs (key, pipeline, input, state, sum, started, owner, session, until, token)
             VALUES (?1, ?2, ?3, 'running', ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (key) DO NOTHING",
        )?
        .execute((
            key,
            pipeline,
            input,
            rows::sum_of_run(key, pipeline, input, "running", None),
            now,
            &owner.name,
            owner.session,
            until,
            token,
        ))?;
    if begun == 0 {
        return Ok(None);
    }
    let run = Run {
        id: conn.last_insert_rowid(),
        key: key.to_owned(),
        pipeline: pipeline.to_owned(),
        input: input.to_owned(),
        state: "running".to_owned(),
        result: None,
        started: now,
    };
    Ok(Some(Taken::Yes(Box::new(Begun { lease: token, run, entries: Vec::new() }))))
}

/// Asks for a run that there is.
pub(crate) fn take(conn: &Connection, run: Run, owner: &Owner, lease: Duration) -> Result<Taken<i64>, Error> {
    let now = now();
    let until = now.saturating_add(millis(lease));
    if run.state != "running" {
        let entries = if run.state == "failed" { rows::entries(conn, &run)? } else { Vec::new() };
        return Ok(Taken::Ended(Box::new(Ended { run, entries })));
    }
    let (held_by, session, token, held_until): (String, i64, i64, i64) = conn
        .prepare_cached("SELECT owner, session, token, until FROM runs WHERE id = ?1")?
        .query_row([run.id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    // An owner by the same name, of another session, is an earlier process.
    let is_free = held_until <= now || (held_by == owner.name && session != owner.session);
    if !is_free {
        let left = Duration::from_millis((held_until - now).unsigned_abs());
        return Ok(Taken::No { owner: held_by, left });
    }
    // Before anything is written: what is damaged stays free.
    let entries = rows::entries(conn, &run)?;
    conn.prepare_cached(
        "UPDATE runs SET owner = ?2, session = ?3, token = ?4, until = ?5, fault = NULL WHERE id = ?1",
    )?
    .execute((run.id, &owner.name, owner.session, token + 1, until))?;
    Ok(Taken::Yes(Box::new(Begun { lease: token + 1, run, entries })))
}

/// A number that no run has had before, as far as that goes, and that can be counted up.
fn any_token() -> i64 {
    (RandomState::new().hash_one(()) >> 2).cast_signed()
}

/// Why nothing was written about a run, which has another token by now.
pub(crate) fn lost(conn: &Connection, key: &str, run: i64, token: i64) -> Error {
    match standing(conn, run, token) {
        Ok(Some(Why::Cancelled)) => Error::Cancelled { key: key.to_owned() },
        Ok(_) => Error::LeaseLost { key: key.to_owned() },
        Err(error) => error.into(),
    }
}

fn standing(conn: &Connection, run: i64, token: i64) -> Result<Option<Why>, rusqlite::Error> {
    let found: Option<(i64, String)> = conn
        .prepare_cached("SELECT token, state FROM runs WHERE id = ?1")?
        .query_row([run], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(match found {
        Some((found, _)) if found == token => None,
        Some((_, state)) if state == "cancelled" => Some(Why::Cancelled),
        _ => Some(Why::Taken),
    })
}

/// That nobody runs it any more, and why it had to stop.
pub(super) fn free(
    conn: &Connection,
    run: i64,
    token: i64,
    fault: Option<&str>,
) -> Result<(), rusqlite::Error> {
    conn.prepare_cached(
        "UPDATE runs SET until = 0, fault = ?3 WHERE id = ?1 AND token = ?2 AND state = 'running'",
    )?
    .execute((run, token, fault))?;
    Ok(())
}

/// Renews all, and tells which are lost.
pub(super) fn renew<'a>(
    conn: &Connection,
    lease: Duration,
    held: &'a [Arc<Hold>],
) -> Result<Vec<(&'a Arc<Hold>, Why)>, rusqlite::Error> {
    schema::transaction(conn, || {
        let mut lost = Vec::new();
        let until = now().saturating_add(millis(lease));
        let mut update = conn.prepare_cached("UPDATE runs SET until = ?3 WHERE id = ?1 AND token = ?2")?;
        for hold in held {
            if update.execute((hold.run, hold.token, until))? == 0 {
                lost.extend(standing(conn, hold.run, hold.token)?.map(|why| (hold, why)));
            }
        }
        Ok(lost)
    })
}
