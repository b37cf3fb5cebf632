//! The runs that are driven here, and that they are to be free.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Waker;
use std::thread;
use std::time::Instant;

use rusqlite::Connection;

use super::work::{By, Work};
use super::{Message, Shared};
use crate::error::StoreError;
use crate::store::leases;

/// A lease, and whether it was lost.
#[derive(Debug)]
pub(crate) struct Hold {
    pub(crate) run: i64,
    pub(crate) token: i64,
    state: Mutex<(Option<Why>, Option<Waker>)>,
}

/// Why a lease is no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    Taken,
    Cancelled,
}

impl Hold {
    fn new(run: i64, token: i64) -> Self {
        Hold { run, token, state: Mutex::new((None, None)) }
    }

    pub(crate) fn lose(&self, why: Why) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.0.get_or_insert(why);
        if let Some(waker) = state.1.take() {
            waker.wake();
        }
    }

    /// Why it was lost, if it was; if not, the waker is woken when it is.
    pub(crate) fn lost(&self, waker: &Waker) -> Option<Why> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.0.is_none() && !state.1.as_ref().is_some_and(|known| known.will_wake(waker)) {
            state.1 = Some(waker.clone());
        }
        state.0
    }
}

/// Makes leases. It is no part of the writer, which the thread itself may not be the last to have.
pub(crate) struct Leases(pub(super) Arc<Shared>);

impl Leases {
    /// That a run is ours. It is renewed until it is dropped.
    pub(crate) fn hold(self, run: i64, token: i64) -> Lease {
        let hold = Arc::new(Hold::new(run, token));
        let before = self.0.held().insert(run, (hold.clone(), Instant::now()));
        // It would be renewed no more, and so never be told.
        if let Some((earlier, _)) = before {
            earlier.lose(Why::Taken);
        }
        Lease { shared: self.0, hold, fault: None, is_over: false }
    }
}

/// That a run is ours, for as long as it is driven. Dropped, it is free: somebody else can go on with it at once.
pub(crate) struct Lease {
    shared: Arc<Shared>,
    pub(crate) hold: Arc<Hold>,
    /// Why the run had to stop.
    pub(crate) fault: Option<String>,
    /// Whether it has ended.
    pub(crate) is_over: bool,
}

impl Drop for Lease {
    fn drop(&mut self) {
        if thread::panicking() {
            self.fault.get_or_insert_with(|| "a step that is no task has panicked".to_owned());
        }
        self.shared.let_go(&self.hold);
        if !self.is_over {
            self.shared.waiting.fetch_add(1, Ordering::AcqRel);
            self.shared.send(Message::Free(self.hold.clone(), self.fault.take()));
        }
    }
}

/// To write that a run is free. If that fails it is left, to be tried again.
pub(super) struct Freeing {
    pub(super) hold: Arc<Hold>,
    pub(super) fault: Option<String>,
    pub(super) left: Arc<Mutex<Vec<Freeing>>>,
}

impl Work for Freeing {
    fn perform(&mut self, conn: &Connection, _by: By) -> Result<(), StoreError> {
        Ok(leases::free(conn, self.hold.run, self.hold.token, self.fault.as_deref())?)
    }

    fn settle(self: Box<Self>, committed: Result<(), StoreError>) {
        if committed.is_err() {
            let left = self.left.clone();
            left.lock().unwrap_or_else(PoisonError::into_inner).push(*self);
        }
    }
}
