//! One thread that writes, for all runs: what has gathered while a commit was under way is the next one.

use std::collections::HashMap;
use std::mem;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::oneshot;

use super::{leases, schema};
use crate::error::{Error, StoreError, StoreFailure};

/// The most that is written in one transaction, so that who came first does not wait for all.
const AT_ONCE: usize = 1024;

/// What is to be done in a transaction. It writes nothing before it knows that it will succeed, but for a failure of the file.
trait Work: Send {
    /// Whether it has to be on the disk when it is settled. Else it is only safe from the end of this process, until something is that comes after it.
    fn is_synced(&self) -> bool {
        true
    }
    /// Does it, maybe a second time, if the transaction of the first had to be given up.
    fn perform(&mut self, conn: &Connection) -> Result<(), StoreError>;
    /// The transaction is committed, or is not.
    fn settle(self: Box<Self>, committed: Result<(), StoreError>);
}

struct Job<T, U, F, G> {
    is_synced: bool,
    work: F,
    done: Option<Result<T, Error>>,
    /// What is made of it when it is committed.
    then: G,
    reply: oneshot::Sender<Result<U, Error>>,
}

impl<T, U, F, G> Work for Job<T, U, F, G>
where
    T: Send,
    U: Send,
    F: FnMut(&Connection) -> Result<T, Error> + Send,
    G: FnOnce(T) -> U + Send,
{
    fn is_synced(&self) -> bool {
        self.is_synced
    }

    fn perform(&mut self, conn: &Connection) -> Result<(), StoreError> {
        match (self.work)(conn) {
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

enum Message {
    Work(Box<dyn Work>),
    Hold(Arc<Hold>),
    /// A run is driven no more.
    LetGo(Arc<Hold>),
    /// So it is, and has not ended: that it is free, and why it had to stop.
    Free(Arc<Hold>, Option<String>),
    /// Look after all leases now.
    Look,
    /// To end, after all that was handed over before.
    End,
}

/// To write that a run is free. If that fails it is left, to be tried again.
struct Freeing {
    hold: Arc<Hold>,
    fault: Option<String>,
    left: Arc<Mutex<Vec<Freeing>>>,
}

impl Work for Freeing {
    fn perform(&mut self, conn: &Connection) -> Result<(), StoreError> {
        Ok(leases::free(conn, self.hold.run, self.hold.token, self.fault.as_deref())?)
    }

    fn settle(self: Box<Self>, committed: Result<(), StoreError>) {
        if committed.is_err() {
            let left = self.left.clone();
            left.lock().unwrap_or_else(PoisonError::into_inner).push(*self);
        }
    }
}

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
pub(crate) struct Leases(Sender<Message>);

impl Leases {
    /// That a run is ours. It is renewed until it is dropped.
    pub(crate) fn hold(self, run: i64, token: i64) -> Lease {
        let hold = Arc::new(Hold::new(run, token));
        let lease = Lease { sender: self.0, hold: hold.clone(), fault: None, is_over: false };
        lease.send(Message::Hold(hold));
        lease
    }
}

/// That a run is ours, for as long as it is driven. Dropped, it is free: somebody else can go on with it at once.
pub(crate) struct Lease {
    sender: Sender<Message>,
    pub(crate) hold: Arc<Hold>,
    /// Why the run had to stop.
    pub(crate) fault: Option<String>,
    /// Whether it has ended.
    pub(crate) is_over: bool,
}

impl Lease {
    fn send(&self, message: Message) {
        drop(self.sender.send(message));
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if thread::panicking() {
            self.fault.get_or_insert_with(|| "a step that is no task has panicked".to_owned());
        }
        let hold = self.hold.clone();
        let message =
            if self.is_over { Message::LetGo(hold) } else { Message::Free(hold, self.fault.take()) };
        self.send(message);
    }
}

/// What comes of something that was handed over.
pub(crate) struct Answer<T>(oneshot::Receiver<Result<T, Error>>);

impl<T> Future for Answer<T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0)
            .poll(cx)
            .map(|answer| answer.unwrap_or_else(|_| Err(StoreError::closed().into())))
    }
}

/// The thread, for as long as there is somebody with it.
#[derive(Debug)]
pub(crate) struct Writer {
    sender: Sender<Message>,
    thread: Option<thread::JoinHandle<()>>,
    commits: Arc<AtomicU64>,
}

impl Writer {
    pub(super) fn start(conn: Connection, lease: Duration) -> std::io::Result<Self> {
        let (sender, receiver) = channel();
        let commits = Arc::new(AtomicU64::new(0));
        let counted = commits.clone();
        let thread = thread::Builder::new().name("orch-journal".into()).spawn(move || {
            Loop { conn, lease, held: HashMap::new(), left: Arc::default(), commits: counted }.run(&receiver)
        })?;
        Ok(Writer { sender, thread: Some(thread), commits })
    }

    fn send(&self, message: Message) {
        // The thread ends only with this, unless it has panicked; then who waits for an answer gets none.
        drop(self.sender.send(message));
    }

    /// Does it in the next transaction; the answer comes when that is on the disk.
    pub(crate) fn submit<T: Send + 'static>(
        &self,
        work: impl FnMut(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Answer<T> {
        self.submit_then(true, work, |done| done)
    }

    /// The same, and makes something of what comes of it when that is committed; on the disk, if it is to be.
    pub(crate) fn submit_then<T: Send + 'static, U: Send + 'static>(
        &self,
        is_synced: bool,
        work: impl FnMut(&Connection) -> Result<T, Error> + Send + 'static,
        then: impl FnOnce(T) -> U + Send + 'static,
    ) -> Answer<U> {
        let (reply, answer) = oneshot::channel();
        self.send(Message::Work(Box::new(Job { is_synced, work, done: None, then, reply })));
        Answer(answer)
    }

    /// Who makes leases of this thread's, which are looked after from then on.
    pub(crate) fn leases(&self) -> Leases {
        Leases(self.sender.clone())
    }

    pub(crate) fn look(&self) {
        self.send(Message::Look);
    }

    pub(crate) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }
}

/// What was handed over is written before the last of those who can hand something over is gone.
impl Drop for Writer {
    fn drop(&mut self) {
        // A lease may have a sender yet, so it is not enough to drop this one.
        self.send(Message::End);
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

struct Loop {
    conn: Connection,
    lease: Duration,
    held: HashMap<i64, (Arc<Hold>, Instant)>,
    /// What is to be free, and could not be written so far.
    left: Arc<Mutex<Vec<Freeing>>>,
    commits: Arc<AtomicU64>,
}

impl Loop {
    fn run(mut self, receiver: &Receiver<Message>) {
        let each = self.lease / 3;
        let mut next = Instant::now() + each;
        loop {
            let first = if self.held.is_empty() && self.left().is_empty() {
                receiver.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                receiver.recv_timeout(next.saturating_duration_since(Instant::now()))
            };
            let mut is_over = matches!(first, Err(RecvTimeoutError::Disconnected));
            let mut works: Vec<Box<dyn Work>> = Vec::new();
            let mut looks = false;
            for message in first.into_iter().chain(receiver.try_iter().take(AT_ONCE)) {
                match message {
                    Message::Work(work) => works.push(work),
                    Message::Hold(hold) => drop(self.held.insert(hold.run, (hold, Instant::now()))),
                    Message::LetGo(hold) => self.let_go(&hold),
                    Message::Free(hold, fault) => {
                        self.let_go(&hold);
                        works.push(Box::new(Freeing { hold, fault, left: self.left.clone() }));
                    }
                    Message::Look => looks = true,
                    Message::End => is_over = true,
                }
            }
            let is_time = looks || is_over || Instant::now() >= next;
            if is_time {
                let left = mem::take(&mut *self.left());
                works.extend(left.into_iter().map(|work| Box::new(work) as Box<dyn Work>));
            }
            if !works.is_empty() {
                self.commit(works);
            }
            if is_over {
                return;
            }
            if is_time {
                if !self.held.is_empty() {
                    self.renew();
                }
                next = Instant::now() + each;
            }
        }
    }

    fn left(&self) -> MutexGuard<'_, Vec<Freeing>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Unless it is held anew by now.
    fn let_go(&mut self, hold: &Arc<Hold>) {
        if self.held.get(&hold.run).is_some_and(|(held, _)| Arc::ptr_eq(held, hold)) {
            self.held.remove(&hold.run);
        }
    }

    fn commit(&self, mut works: Vec<Box<dyn Work>>) {
        let committed = self.together(&mut works);
        match &committed {
            // One of them may be what does not go, so each is on its own then; but nobody waits for a locked file twice.
            Err(error) if works.len() > 1 && error.failure() != StoreFailure::Locked => {
                for work in works {
                    let mut one = [work];
                    let committed = self.together(&mut one);
                    let [one] = one;
                    one.settle(committed);
                }
            }
            _ => works.into_iter().for_each(|work| work.settle(committed.clone())),
        }
    }

    fn together(&self, works: &mut [Box<dyn Work>]) -> Result<(), StoreError> {
        schema::sync(&self.conn, works.iter().any(|work| work.is_synced()))?;
        let tx = rusqlite::Transaction::new_unchecked(&self.conn, TransactionBehavior::Immediate)?;
        for work in works {
            work.perform(&tx)?;
        }
        tx.commit()?;
        self.commits.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Whatever goes wrong is tried again; only who cannot know that nobody else has taken over gives up.
    fn renew(&mut self) {
        let result = leases::renew(&self.conn, self.lease, self.held.values().map(|(hold, _)| &**hold));
        let now = Instant::now();
        match result {
            Ok(lost) => {
                for (_, since) in self.held.values_mut() {
                    *since = now;
                }
                for (run, why) in lost {
                    if let Some((hold, _)) = self.held.remove(&run) {
                        hold.lose(why);
                    }
                }
            }
            Err(_) => self.held.retain(|_, (hold, since)| {
                let may_be_taken = now.duration_since(*since) >= self.lease;
                if may_be_taken {
                    hold.lose(Why::Taken);
                }
                !may_be_taken
            }),
        }
    }
}
