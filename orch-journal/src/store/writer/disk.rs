//! The file, and how quick its disk is.

use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::work::{By, Work};
use crate::error::StoreError;
use crate::store::schema;

/// A commit that takes no longer may be waited for by who has asked for it: to hand it over wakes two threads, which
/// is half as long again on a disk of 0.2 ms.
const QUICK: Duration = Duration::from_micros(500);
/// What a commit takes, as far as is known at the beginning.
const LONG: Duration = Duration::from_millis(1);

/// The file.
pub(super) struct Disk {
    pub(super) conn: Connection,
    /// How long to wait for who has locked it.
    lock_wait: Duration,
    /// What a commit takes that waits for the disk: the last ones most.
    takes: Duration,
    /// Whether what is committed next is on the disk then, as it is set.
    is_synced: bool,
}

impl Disk {
    pub(super) fn new(conn: Connection, lock_wait: Duration) -> Self {
        Disk { conn, lock_wait, takes: LONG, is_synced: true }
    }

    #[cfg(test)]
    pub(super) fn suppose_quick(&mut self) {
        self.takes = Duration::ZERO;
    }

    /// Commits one if that is quick: nobody is waited for who has locked the file. Whether it is committed.
    pub(super) fn alone(&mut self, work: &mut Box<dyn Work>) -> bool {
        if self.takes > QUICK || self.conn.busy_timeout(Duration::ZERO).is_err() {
            return false;
        }
        let committed = self.together(std::slice::from_mut(work), By::Caller);
        // It only fails for a connection that is closed.
        drop(self.conn.busy_timeout(self.lock_wait));
        committed.is_ok()
    }

    /// Commits them in one transaction.
    pub(super) fn together(&mut self, works: &mut [Box<dyn Work>], by: By) -> Result<(), StoreError> {
        let is_synced = works.iter().any(|work| work.commit().is_synced);
        if self.is_synced != is_synced {
            schema::sync(&self.conn, is_synced)?;
            self.is_synced = is_synced;
        }
        let begun = Instant::now();
        match works {
            [work] if by == By::Caller && work.commit().is_alone => work.perform(&self.conn, by)?,
            works => schema::transaction(&self.conn, || {
                works.iter_mut().try_for_each(|work| work.perform(&self.conn, by))
            })?,
        }
        if is_synced {
            self.takes = (self.takes * 7 + begun.elapsed()) / 8;
        }
        Ok(())
    }
}
