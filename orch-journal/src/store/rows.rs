//! What is in the tables.
//!
//! SQLite does not notice a byte that changed inside of a value, so each row has a sum of what is in it.

use std::ops::RangeInclusive;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};

use super::schema::PER_RUN;
use crate::Error;

/// A run, as it was begun and has ended.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) id: i64,
    pub(crate) key: String,
    pub(crate) pipeline: String,
    pub(crate) input: String,
    pub(crate) state: String,
    pub(crate) result: Option<String>,
    /// In milliseconds since 1970, as all times in the file.
    pub(crate) started: i64,
}

/// What happened in a run.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) command: u64,
    /// In milliseconds since the run's start.
    pub(crate) at: u64,
    pub(crate) what: What,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum What {
    /// It asked for this. A wait has a time at which it is over, in milliseconds since the start.
    Asked { text: String, due: Option<u64> },
    /// What came of it.
    Done(Vec<u8>),
}

/// FNV-1a, 64 bits: it stays what it is, as it is written down.
#[derive(Clone, Copy)]
pub(crate) struct Sum(u64);

impl Sum {
    pub(crate) fn new() -> Self {
        Sum(0xcbf2_9ce4_8422_2325)
    }

    /// Each part with its length, so that nothing can pass from one to the next.
    pub(crate) fn and(self, part: &[u8]) -> Self {
        let length = (part.len() as u64).to_le_bytes();
        Sum(length
            .iter()
            .chain(part)
            .fold(self.0, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)))
    }

    pub(crate) fn finish(self) -> u64 {
        self.0
    }
}

pub(super) fn sum_of_run(key: &str, pipeline: &str, input: &str, state: &str, result: Option<&str>) -> i64 {
    let sum = [key, pipeline, input, state].iter().fold(Sum::new(), |sum, part| sum.and(part.as_bytes()));
    result.map_or(sum, |result| sum.and(result.as_bytes())).finish().cast_signed()
}

fn sum_of_entry(run: i64, seq: i64, entry: &Entry) -> i64 {
    let sum = Sum::new()
        .and(&run.to_le_bytes())
        .and(&seq.to_le_bytes())
        .and(&entry.command.to_le_bytes())
        .and(&entry.at.to_le_bytes());
    let sum = match &entry.what {
        What::Asked { text, due } => {
            let sum = sum.and(b"asked").and(text.as_bytes());
            due.map_or(sum, |due| sum.and(&due.to_le_bytes()))
        }
        What::Done(bytes) => sum.and(b"done").and(bytes),
    };
    sum.finish().cast_signed()
}

/// The numbers in the file that the entries of a run may have. None if there are none left.
pub(super) fn numbers(run: i64) -> Option<RangeInclusive<i64>> {
    let first = run.checked_mul(PER_RUN)?;
    Some(first..=first.checked_add(PER_RUN - 1)?)
}

fn damaged(key: &str, what: impl Into<String>) -> Error {
    Error::Damaged { key: key.to_owned(), what: what.into() }
}

/// The run with this key.
pub(crate) fn find(conn: &Connection, key: &str) -> Result<Option<Run>, Error> {
    let found: Option<(Run, i64)> = conn
        .prepare_cached(
            "SELECT id, key, pipeline, input, state, result, started, sum FROM runs WHERE key = ?1",
        )?
        .query_row([key], |row| {
            let run = Run {
                id: row.get(0)?,
                key: row.get(1)?,
                pipeline: row.get(2)?,
                input: row.get(3)?,
                state: row.get(4)?,
                result: row.get(5)?,
                started: row.get(6)?,
            };
            Ok((run, row.get(7)?))
        })
        .optional()?;
    let Some((run, sum)) = found else { return Ok(None) };
    if sum_of_run(&run.key, &run.pipeline, &run.input, &run.state, run.result.as_deref()) != sum {
        return Err(damaged(key, "the run itself"));
    }
    Ok(Some(run))
}

/// All that happened in a run, in order.
pub(crate) fn entries(conn: &Connection, run: &Run) -> Result<Vec<Entry>, Error> {
    let mut entries = Vec::new();
    each_entry(conn, run, 0, |entry| {
        entries.push(entry);
        true
    })?;
    Ok(entries)
}

/// What happened in a run from this number on, in order, for as long as more is wanted.
pub(crate) fn each_entry(
    conn: &Connection,
    run: &Run,
    first: usize,
    mut take: impl FnMut(Entry) -> bool,
) -> Result<(), Error> {
    let mut select = conn.prepare_cached(
        "SELECT seq, command, asked, due, done, at, sum FROM entries WHERE number BETWEEN ?1 AND ?2 ORDER BY number",
    )?;
    let Some(numbers) = numbers(run.id) else { return Ok(()) };
    let from = i64::try_from(first).unwrap_or(i64::MAX).saturating_add(*numbers.start());
    let mut rows = select.query((from, numbers.end()))?;
    let mut number = first;
    while let Some(row) = rows.next()? {
        let place = || format!("entry {number}");
        let (seq, entry, sum) = read(row)?.ok_or_else(|| damaged(&run.key, place()))?;
        let is_next = usize::try_from(seq).is_ok_and(|seq| seq == number);
        if !is_next || sum_of_entry(run.id, seq, &entry) != sum {
            return Err(damaged(&run.key, place()));
        }
        if !take(entry) {
            break;
        }
        number += 1;
    }
    Ok(())
}

fn read(row: &Row<'_>) -> Result<Option<(i64, Entry, i64)>, rusqlite::Error> {
    let (seq, command, at): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(5)?);
    let asked: Option<String> = row.get(2)?;
    let due: Option<i64> = row.get(3)?;
    let done = match row.get_ref(4)? {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(bytes.to_vec()),
        _ => None,
    };
    let what = match (asked, done) {
        (Some(text), None) => What::Asked { text, due: due.map(i64::cast_unsigned) },
        (None, Some(bytes)) => What::Done(bytes),
        _ => return Ok(None),
    };
    let entry = Entry { command: command.cast_unsigned(), at: at.cast_unsigned(), what };
    Ok(Some((seq, entry, row.get(6)?)))
}

/// So many entries at most are written by one statement: mostly a command, and what came of it.
pub(crate) const PER_STATEMENT: usize = 2;

/// A failure ends the transaction: else SQLite would keep what a page was before, to take back the statement alone.
const APPEND: &str = "INSERT OR ROLLBACK INTO entries (number, command, asked, due, done, at, sum)
     SELECT ?3, ?4, ?5, ?6, ?7, ?8, ?9 FROM runs WHERE id = ?1 AND token = ?2";
const APPEND_BOTH: &str = "INSERT OR ROLLBACK INTO entries (number, command, asked, due, done, at, sum)
     SELECT ?3, ?4, ?5, ?6, ?7, ?8, ?9 FROM runs WHERE id = ?1 AND token = ?2 UNION ALL
     SELECT ?10, ?11, ?12, ?13, ?14, ?15, ?16 FROM runs WHERE id = ?1 AND token = ?2";

/// Writes what happened next, from this number on, as long as the run has this token. Whether it has: else nothing is written.
pub(crate) fn append(
    conn: &Connection,
    run: &Run,
    token: i64,
    first: usize,
    entries: &[Entry],
) -> Result<bool, Error> {
    let past = first.checked_add(entries.len()).and_then(|past| i64::try_from(past).ok());
    // Before any of it is written.
    let Some(numbers) = numbers(run.id).filter(|_| past.is_some_and(|past| past <= PER_RUN)) else {
        return Err(Error::TooLong { key: run.key.clone(), most: PER_RUN.unsigned_abs() });
    };
    let mut seq = first as i64;
    for entries in entries.chunks(PER_STATEMENT) {
        let statement = if entries.len() == PER_STATEMENT { APPEND_BOTH } else { APPEND };
        let values = (seq..)
            .zip(entries)
            .flat_map(|(seq, entry)| row(numbers.start() + seq, entry, sum_of_entry(run.id, seq, entry)));
        let token = [run.id, token].map(ValueRef::Integer);
        let values = token.into_iter().chain(values).map(ToSqlOutput::Borrowed);
        if conn.prepare_cached(statement)?.execute(params_from_iter(values))? == 0 {
            return Ok(false);
        }
        seq += entries.len() as i64;
    }
    Ok(true)
}

/// The columns of an entry, as [`APPEND`] has them. What came of a command is text where it can be one: to be read by hand.
fn row(number: i64, entry: &Entry, sum: i64) -> [ValueRef<'_>; 7] {
    use ValueRef::{Blob, Integer, Null, Text};
    let (asked, due, done) = match &entry.what {
        What::Asked { text, due } => {
            (Text(text.as_bytes()), due.map_or(Null, |due| Integer(due.cast_signed())), Null)
        }
        What::Done(bytes) if std::str::from_utf8(bytes).is_ok() => (Null, Null, Text(bytes)),
        What::Done(bytes) => (Null, Null, Blob(bytes)),
    };
    let (command, at) = (entry.command.cast_signed(), entry.at.cast_signed());
    [Integer(number), Integer(command), asked, due, done, Integer(at), Integer(sum)]
}

/// The end of a run: what it is, and what it has given. It is written if the run has this token, or whatever token it has. Whether it is.
pub(crate) fn end(
    conn: &Connection,
    run: &Run,
    token: Option<i64>,
    state: &str,
    result: Option<&str>,
    now: i64,
) -> Result<bool, Error> {
    let sum = sum_of_run(&run.key, &run.pipeline, &run.input, state, result);
    // A run that was cancelled is nobody's any more.
    let more = i64::from(state == "cancelled");
    let ended = conn
        .prepare_cached(
            "UPDATE runs SET state = ?3, result = ?4, sum = ?5, ended = ?6, until = 0, fault = NULL, token = token + ?7
             WHERE id = ?1 AND token = ifnull(?2, token)",
        )?
        .execute((run.id, token, state, result, sum, now, more))?;
    Ok(ended > 0)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::store::Owner;
    use crate::store::leases::{self, Taken};

    /// It is written down, and read by another version.
    #[test]
    fn a_sum_stays_what_it_is() {
        assert_eq!(Sum::new().and(b"order-17").finish(), STAYS);
    }

    const STAYS: u64 = 0x2144_2815_8f3d_9d56;

    #[test]
    fn nothing_passes_from_one_part_to_the_next() {
        let sums = [
            sum_of_run("ab", "c", "1", "running", None),
            sum_of_run("a", "bc", "1", "running", None),
            sum_of_run("a", "b", "c1", "running", None),
            sum_of_run("ab", "c", "1", "running", Some("")),
        ];
        let distinct: std::collections::BTreeSet<_> = sums.iter().collect();
        assert_eq!(distinct.len(), sums.len());
    }

    /// A new file, with as many runs.
    fn file(folder: &tempfile::TempDir, runs: u32) -> (Connection, Vec<(Run, i64)>) {
        let how = super::super::schema::How { checked: false, max_bytes: None };
        let path = folder.path().join("runs.db");
        let conn = super::super::schema::open(&path, std::time::Duration::ZERO, how).unwrap();
        let owner = Owner { name: "here".to_owned(), session: 1 };
        let begun = (1..=runs).map(|id| {
            let new = ("order", "1");
            let begun = leases::begin(&conn, &format!("order-{id}"), new, &owner, Duration::from_secs(9));
            let Some(Taken::Yes(begun)) = begun.unwrap() else { panic!("there was none with this key") };
            (begun.run, begun.lease)
        });
        let begun = begun.collect();
        (conn, begun)
    }

    fn entry(command: u64) -> Entry {
        Entry { command, at: 0, what: What::Done(b"ok:1".to_vec()) }
    }

    /// However many statements it takes.
    #[test]
    fn who_has_another_token_writes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (conn, runs) = file(&folder, 2);
        let (run, token) = &runs[0];
        let all = [entry(1), entry(2), entry(3), entry(4), entry(5)];
        for count in 0..=all.len() {
            let first = entries(&conn, run).unwrap().len();
            let is_written = |token| append(&conn, run, token, first, &all[..count]).unwrap();
            assert!(count == 0 || !is_written(token + 1) && !is_written(runs[1].1), "{count}");
            assert!(is_written(*token), "{count}");
            assert_eq!(entries(&conn, run).unwrap()[first..], all[..count]);
        }
        assert!(!end(&conn, run, Some(token + 1), "succeeded", Some("1"), 1).unwrap());
        assert_eq!(find(&conn, "order-1").unwrap().unwrap().state, "running");
        assert!(end(&conn, run, Some(*token), "succeeded", Some("1"), 1).unwrap());
        assert_eq!(find(&conn, "order-1").unwrap().unwrap().state, "succeeded");
        assert!(entries(&conn, &runs[1].0).unwrap().is_empty());
    }

    /// The numbers of one run end where those of the next begin, and so nothing is written past the last.
    #[test]
    fn a_run_that_is_too_long_writes_nothing_into_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let (conn, runs) = file(&folder, 2);
        let [(one, token), (two, other)] = &runs[..] else { panic!("two were begun") };
        let last = usize::try_from(PER_RUN).unwrap() - 1;
        assert!(append(&conn, one, *token, last, &[entry(7)]).unwrap());
        assert!(append(&conn, two, *other, 0, &[entry(8)]).unwrap());
        let expected = "run `order-1` has more than the 268435456 entries that a journal keeps of one run";
        for (first, entries) in
            [(last + 1, &[entry(9)][..]), (last - 2, &[entry(9), entry(9), entry(9), entry(9)])]
        {
            let error = append(&conn, one, *token, first, entries).unwrap_err();
            assert_eq!(error.to_string(), expected);
        }
        let beyond = Run { id: i64::MAX, ..one.clone() };
        let error = append(&conn, &beyond, *token, 0, &[entry(9)]).unwrap_err();
        assert!(matches!(error, Error::TooLong { .. }), "{error}");
        assert_eq!(entries(&conn, two).unwrap(), [entry(8)]);
        assert!(entries(&conn, &beyond).unwrap().is_empty());
        let mut select = conn.prepare("SELECT run, seq, command FROM entries ORDER BY number").unwrap();
        let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
        let rows: Vec<(i64, i64, i64)> = rows.collect::<Result<_, _>>().unwrap();
        assert_eq!(rows, [(1, PER_RUN - 1, 7), (2, 0, 8)]);
    }
}
