//! The tables, and their version.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension};

use crate::Error;

/// The version that this crate writes: `PRAGMA user_version`.
const VERSION: i64 = 2;
/// "orch": `PRAGMA application_id`.
const APPLICATION: i64 = 0x6f72_6368;

/// How long the log may become before it is copied, in pages of 4 KiB.
const LOG: i64 = 4000;

/// A run has no more entries than this, so that each has a number of its own in the file: see [`entries`].
pub(super) const PER_RUN: i64 = 1 << 28;

/// A number may be used again once its run was purged: to count them all would be a page more to write at each start. Who had the
/// earlier run is told from who has this one by the token.
///
/// There is no index of those that have no end: that would be two pages more to write for each run, and a process that starts looks for
/// them once. What it looks at comes first in a row.
const RUNS: &str = "
    CREATE TABLE runs (
        id INTEGER PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        pipeline TEXT NOT NULL,
        state TEXT NOT NULL,
        session INTEGER NOT NULL,
        until INTEGER NOT NULL,
        token INTEGER NOT NULL,
        owner TEXT NOT NULL,
        started INTEGER NOT NULL,
        ended INTEGER,
        sum INTEGER NOT NULL,
        fault TEXT,
        input TEXT NOT NULL,
        result TEXT
    ) STRICT;
";

/// Each entry is a command that was asked for, or what came of one. What is text is so that it can be read by hand.
///
/// They are numbered by run and then in their order, as [`PER_RUN`] says. With a number SQLite appends to the end of the table; with a
/// key of two columns it would write three pages each time that one is full.
fn entries() -> String {
    format!(
        "CREATE TABLE entries (
            number INTEGER PRIMARY KEY,
            run INTEGER AS (number / {PER_RUN}) VIRTUAL,
            seq INTEGER AS (number % {PER_RUN}) VIRTUAL,
            command INTEGER NOT NULL,
            asked TEXT,
            due INTEGER,
            done ANY,
            at INTEGER NOT NULL,
            sum INTEGER NOT NULL
        ) STRICT;"
    )
}

/// From version 1, whose tables are out of the way, to 2, whose tables are empty.
fn from_1() -> String {
    const RUN: &str =
        "id, key, pipeline, state, session, until, token, owner, started, ended, sum, fault, input, result";
    const ENTRY: &str = "command, asked, due, done, at, sum";
    format!(
        "INSERT INTO runs ({RUN}) SELECT {RUN} FROM runs_1;
        INSERT INTO entries (number, {ENTRY}) SELECT run * {PER_RUN} + seq, {ENTRY} FROM entries_1;
        DROP TABLE runs_1;
        DROP TABLE entries_1;"
    )
}

/// What else is asked of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct How {
    /// Whether all of it is read and checked.
    pub(crate) checked: bool,
    /// The most that it may become, in bytes.
    pub(crate) max_bytes: Option<u64>,
}

/// Whether what is committed next is on the disk then. Else it is when the next one is that has to be, and all other processes see it
/// at once.
pub(super) fn sync(conn: &Connection, is_synced: bool) -> Result<(), rusqlite::Error> {
    conn.execute_batch(if is_synced { "PRAGMA synchronous = 2" } else { "PRAGMA synchronous = 1" })
}

/// Does it in one transaction, which writes nothing if it fails. Its statements are kept, as those in it are.
pub(super) fn transaction<T, E: From<rusqlite::Error>>(
    conn: &Connection,
    work: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    /// Also if the work panics.
    struct Open<'c>(&'c Connection);

    impl Drop for Open<'_> {
        fn drop(&mut self) {
            // Some failures have ended it already.
            if !self.0.is_autocommit() {
                drop(self.0.execute_batch("ROLLBACK"));
            }
        }
    }

    conn.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    let open = Open(conn);
    let done = work()?;
    conn.prepare_cached("COMMIT")?.execute([])?;
    drop(open);
    Ok(done)
}

/// The version of a file and whose it is, unless the version is a later one than this crate's.
fn known_version(conn: &Connection) -> Result<(i64, i64), Error> {
    let version = conn.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version > VERSION {
        return Err(Error::Newer { found: version, known: VERSION });
    }
    Ok((version, conn.pragma_query_value(None, "application_id", |row| row.get(0))?))
}

/// Opens a file that there is, to read it.
pub(super) fn open_to_read(path: &Path, lock_wait: Duration) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(lock_wait)?;
    match known_version(&conn)? {
        (VERSION, APPLICATION) => Ok(conn),
        (found, APPLICATION) => Err(Error::Older { found, known: VERSION }),
        _ => Err(Error::NotAJournal),
    }
}

/// Opens the file, which is made if there is none.
pub(super) fn open(path: &Path, lock_wait: Duration, how: How) -> Result<Connection, Error> {
    let mut conn = Connection::open(path)?;
    conn.busy_timeout(lock_wait)?;
    conn.set_prepared_statement_cache_capacity(64);
    let (version, application) = known_version(&conn)?;
    // Whatever the file was, it is left as it was unless it is a journal.
    let is_empty =
        conn.query_row("SELECT 1 FROM sqlite_schema LIMIT 1", [], |_| Ok(())).optional()?.is_none();
    if !is_empty && application != APPLICATION {
        return Err(Error::NotAJournal);
    }
    conn.pragma_update(None, "journal_mode", "wal")?;
    // What is in the log is copied to its place less often: a run writes to the same few pages as the one before.
    conn.pragma_update(None, "wal_autocheckpoint", LOG)?;
    sync(&conn, true)?;
    // Before it is brought up to date, as what is damaged is left as it was.
    if how.checked {
        let found: String = conn.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
        if found != "ok" {
            return Err(Error::DamagedFile { what: found });
        }
    }
    if version < VERSION {
        let tx = conn.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        // Another process may have been faster.
        let version: i64 = tx.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if version < VERSION {
            if version == 1 {
                tx.execute_batch(
                    "ALTER TABLE runs RENAME TO runs_1; ALTER TABLE entries RENAME TO entries_1",
                )?;
            }
            tx.execute_batch(RUNS)?;
            tx.execute_batch(&entries())?;
            if version == 1 {
                tx.execute_batch(&from_1())?;
            }
            tx.pragma_update(None, "application_id", APPLICATION)?;
            tx.pragma_update(None, "user_version", VERSION)?;
        }
        tx.commit()?;
    }
    if let Some(bytes) = how.max_bytes {
        let page: i64 = conn.pragma_query_value(None, "page_size", |row| row.get(0))?;
        let pages = i64::try_from(bytes).unwrap_or(i64::MAX) / page.max(1);
        // It tells what it has become, and so gives a row.
        conn.pragma_update_and_check(
            None,
            "max_page_count",
            pages.clamp(1, i64::from(u32::MAX - 1)),
            |_| Ok(()),
        )?;
    }
    Ok(conn)
}
