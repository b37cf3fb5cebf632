//! The file: its tables, who may write about a run, and the thread that does.

pub(crate) mod leases;
pub(crate) mod list;
pub(crate) mod rows;
mod schema;
mod writer;

use std::path::Path;
use std::time::{Duration, SystemTime};

pub(crate) use schema::How;
pub(crate) use writer::{Answer, By, Commit, Hold, Lease, Why, Writer};

use crate::{Error, StoreError};

/// Who runs something: a name, and which of the processes that have had it.
#[derive(Clone, Debug)]
pub(crate) struct Owner {
    pub(crate) name: String,
    pub(crate) session: i64,
}

pub(crate) fn open(path: &Path, lock_wait: Duration, lease: Duration, how: How) -> Result<Writer, Error> {
    let conn = schema::open(path, lock_wait, how)?;
    Writer::start(conn, lock_wait, lease).map_err(|error| StoreError::no_thread(&error.to_string()).into())
}

/// Opens a file that there is, to read it.
pub(crate) fn open_to_read(path: &Path, lock_wait: Duration) -> Result<rusqlite::Connection, Error> {
    schema::open_to_read(path, lock_wait)
}

/// The time of day, in milliseconds since 1970.
pub(crate) fn now() -> i64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, millis)
}

pub(crate) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
