//! One thread that writes, for all runs: what has gathered while a commit was under way is the next one. A run that is alone need not
//! wake it, and writes by itself as long as the disk is quick.

mod disk;
mod held;
mod work;
mod worker;

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::thread;
use std::time::{Duration, Instant};

use disk::Disk;
pub(crate) use held::{Hold, Lease, Leases, Why};
use rusqlite::Connection;
use tokio::sync::oneshot;
pub(crate) use work::{By, Commit};
use work::{Job, Work};
use worker::Loop;

use crate::error::{Error, StoreError};

/// Of so many runs that begin while there is no other, one lets others go first, who may begin one as well: on a runtime of one thread
/// nobody else could. Not each does, as tokio wakes a further thread then.
const MAKES_WAY: usize = 4;

enum Message {
    Work(Box<dyn Work>),
    /// A run that has not ended is driven no more: that it is free, and why it had to stop.
    Free(Arc<Hold>, Option<String>),
    /// Look after all leases now.
    Look,
    /// To end, after all that was handed over before.
    End,
}

/// What the thread shares with those who hand something over.
struct Shared {
    sender: Sender<Message>,
    /// How much there is that is to be written, and is neither on the disk nor has failed.
    waiting: AtomicUsize,
    /// The runs that are driven here, and since when they are known to be ours.
    held: Mutex<HashMap<i64, (Arc<Hold>, Instant)>>,
    disk: Mutex<Disk>,
    commits: AtomicU64,
    /// How often a run was begun while there was no other.
    begun_alone: AtomicUsize,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("waiting", &self.waiting).finish_non_exhaustive()
    }
}

impl Shared {
    fn send(&self, message: Message) {
        // The thread ends only with the writer, unless it has panicked; then who waits for an answer gets none.
        drop(self.sender.send(message));
    }

    fn held(&self) -> MutexGuard<'_, HashMap<i64, (Arc<Hold>, Instant)>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It is renewed no more, unless it is held anew by now.
    fn let_go(&self, hold: &Arc<Hold>) {
        let mut held = self.held();
        if held.get(&hold.run).is_some_and(|(held, _)| Arc::ptr_eq(held, hold)) {
            held.remove(&hold.run);
        }
    }
}

/// What comes of something that is to be written. It is written whether or not that is waited for.
pub(crate) struct Answer<T> {
    /// What nobody has taken on yet.
    kept: Option<Kept>,
    receiver: oneshot::Receiver<Result<T, Error>>,
}

struct Kept {
    work: Box<dyn Work>,
    /// Others are let go first, who may begin a run as well.
    yields: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    shared: Arc<Shared>,
}

impl Kept {
    fn hand_over(self) {
        self.shared.send(Message::Work(self.work));
    }

    /// Writes it on this thread, if there is nobody to share a transaction with and the disk is quick. If that fails, it is for the
    /// other thread to try again.
    fn write(mut self) {
        let Shared { waiting, disk, commits, .. } = &*self.shared;
        let is_alone = waiting.load(Ordering::Acquire) == 1;
        if !is_alone || !disk.try_lock().is_ok_and(|mut disk| disk.alone(&mut self.work)) {
            return self.hand_over();
        }
        commits.fetch_add(1, Ordering::Relaxed);
        waiting.fetch_sub(1, Ordering::AcqRel);
        self.work.settle(Ok(()));
    }
}

impl<T> Future for Answer<T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(yields) = self.kept.as_mut().and_then(|kept| kept.yields.as_mut()) {
            ready!(yields.as_mut().poll(cx));
        }
        if let Some(kept) = self.kept.take() {
            kept.write();
        }
        Pin::new(&mut self.receiver)
            .poll(cx)
            .map(|answer| answer.unwrap_or_else(|_| Err(StoreError::closed().into())))
    }
}

impl<T> Drop for Answer<T> {
    fn drop(&mut self) {
        if let Some(kept) = self.kept.take() {
            kept.hand_over();
        }
    }
}

/// The thread, for as long as there is somebody with it.
#[derive(Debug)]
pub(crate) struct Writer {
    shared: Arc<Shared>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(conn: Connection, lock_wait: Duration, lease: Duration) -> std::io::Result<Self> {
        let (sender, receiver) = channel();
        let shared = Arc::new(Shared {
            sender,
            waiting: AtomicUsize::new(0),
            held: Mutex::default(),
            disk: Mutex::new(Disk::new(conn, lock_wait)),
            commits: AtomicU64::new(0),
            begun_alone: AtomicUsize::new(0),
        });
        let its = shared.clone();
        let thread = thread::Builder::new()
            .name("orch-journal".into())
            .spawn(move || Loop { shared: its, lease, left: Arc::default() }.run(&receiver))?;
        Ok(Writer { shared, thread: Some(thread) })
    }

    /// Does it in the next transaction of the thread; the answer comes when that is on the disk.
    pub(crate) fn submit<T: Send + 'static>(
        &self,
        mut work: impl FnMut(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Answer<T> {
        self.shared.waiting.fetch_add(1, Ordering::AcqRel);
        let commit = Commit { is_synced: true, is_alone: false };
        let (kept, receiver) = self.kept(commit, move |conn, _| work(conn), |done| done);
        kept.hand_over();
        Answer { kept: None, receiver }
    }

    /// Does what takes no longer than a commit does: at once, if there is nobody to share a transaction with, or in the thread's next one. When
    /// it is committed, something is made of what comes of it.
    pub(crate) fn write<T: Send + 'static, U: Send + 'static>(
        &self,
        commit: Commit,
        work: impl FnMut(&Connection, By) -> Result<T, Error> + Send + 'static,
        then: impl FnOnce(T) -> U + Send + 'static,
    ) -> Answer<U> {
        let runs = self.shared.held().len();
        let is_alone = self.shared.waiting.fetch_add(1, Ordering::AcqRel) == 0 && runs <= 1;
        let (mut kept, receiver) = self.kept(commit, work, then);
        if is_alone {
            if runs == 0 && self.shared.begun_alone.fetch_add(1, Ordering::Relaxed).is_multiple_of(MAKES_WAY)
            {
                kept.yields = Some(Box::pin(tokio::task::yield_now()));
            }
            Answer { kept: Some(kept), receiver }
        } else {
            kept.hand_over();
            Answer { kept: None, receiver }
        }
    }

    fn kept<T: Send + 'static, U: Send + 'static>(
        &self,
        commit: Commit,
        work: impl FnMut(&Connection, By) -> Result<T, Error> + Send + 'static,
        then: impl FnOnce(T) -> U + Send + 'static,
    ) -> (Kept, oneshot::Receiver<Result<U, Error>>) {
        let (reply, receiver) = oneshot::channel();
        let work = Box::new(Job { commit, work, done: None, then, reply });
        (Kept { work, yields: None, shared: self.shared.clone() }, receiver)
    }

    /// Who makes leases of this thread's, which are looked after from then on.
    pub(crate) fn leases(&self) -> Leases {
        Leases(self.shared.clone())
    }

    pub(crate) fn look(&self) {
        self.shared.send(Message::Look);
    }

    pub(crate) fn commits(&self) -> u64 {
        self.shared.commits.load(Ordering::Relaxed)
    }
}

/// What was handed over is written before the last of those who can hand something over is gone.
impl Drop for Writer {
    fn drop(&mut self) {
        self.shared.send(Message::End);
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::schema::{self, How};

    /// What may take long, as a list of many runs does, holds no thread of the runtime, however quick the disk has been.
    #[tokio::test]
    async fn only_what_is_short_is_done_on_the_thread_of_the_caller() {
        let folder = tempfile::tempdir().unwrap();
        let (wait, lease) = (Duration::from_secs(1), Duration::from_secs(10));
        let how = How { checked: false, max_bytes: None };
        let conn = schema::open(&folder.path().join("runs.db"), wait, how).unwrap();
        let writer = Writer::start(conn, wait, lease).unwrap();
        writer.shared.disk().suppose_quick();
        let here = thread::current().id();
        let commit = Commit { is_synced: false, is_alone: false };
        let short = writer.write(commit, |_, by| Ok((by, thread::current().id())), |done| done);
        assert_eq!(short.await.unwrap(), (By::Caller, here));
        let long = writer.submit(|_| Ok(thread::current().id()));
        assert_ne!(long.await.unwrap(), here);
        // What finds out that it is long is done by the thread then.
        let found = |_: &Connection, by| match by {
            By::Caller => Err(StoreError::closed().into()),
            By::Thread => Ok(thread::current().id()),
        };
        assert_ne!(writer.write(commit, found, |done| done).await.unwrap(), here);
        // Who comes while another is under way shares its transaction, or has the next.
        let under_way = writer.write(commit, |_, _| Ok(()), |done| done);
        let other = writer.write(commit, |_, by| Ok(by), |done| done);
        assert_eq!(other.await.unwrap(), By::Thread);
        under_way.await.unwrap();
    }
}
