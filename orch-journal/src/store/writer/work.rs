//! What is done in a transaction.

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::error::{Error, StoreError};

/// Who does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// The thread that writes.
    Thread,
    /// A thread of the runtime, which what takes long must not hold.
    Caller,
}

/// How something is committed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Commit {
    /// Whether it has to be on the disk when it is settled. Else it is only safe from the end of this process, until something is that
    /// comes after it.
    pub(crate) is_synced: bool,
    /// Whether a caller who does it writes by one statement, which is a transaction of its own.
    pub(crate) is_alone: bool,
}

/// What is to be done in a transaction. It writes nothing before it knows that it will succeed, but for a failure of the file.
pub(super) trait Work: Send {
    fn commit(&self) -> Commit {
        Commit { is_synced: true, is_alone: false }
    }
    /// Does it, maybe a second time, if the transaction of the first had to be given up.
    fn perform(&mut self, conn: &Connection, by: By) -> Result<(), StoreError>;
    /// The transaction is committed, or is not.
    fn settle(self: Box<Self>, committed: Result<(), StoreError>);
}

pub(super) struct Job<T, U, F, G> {
    pub(super) commit: Commit,
    pub(super) work: F,
    pub(super) done: Option<Result<T, Error>>,
    /// What is made of it when it is committed.
    pub(super) then: G,
    pub(super) reply: oneshot::Sender<Result<U, Error>>,
}

impl<T, U, F, G> Work for Job<T, U, F, G>
where
    T: Send,
    U: Send,
    F: FnMut(&Connection, By) -> Result<T, Error> + Send,
    G: FnOnce(T) -> U + Send,
{
    fn commit(&self) -> Commit {
        self.commit
    }

    fn perform(&mut self, conn: &Connection, by: By) -> Result<(), StoreError> {
        match (self.work)(conn, by) {
            Err(Error::Store(error)) => Err(error),
            done => {
                self.done = Some(done);
                Ok(())
            }
        }
    }

    fn settle(self: Box<Self>, committed: Result<(), StoreError>) {
        let Job { done, then, reply, .. } = *self;
        let done = match (committed, done) {
            (Ok(()), Some(done)) => done.map(then),
            (Ok(()), None) => Err(StoreError::closed().into()),
            (Err(error), _) => Err(error.into()),
        };
        // Nobody may wait any more: the run was dropped, say.
        drop(reply.send(done));
    }
}
