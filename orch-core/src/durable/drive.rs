//! Between a run and its engine.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::wakes::Wakes;
use super::{Engine, Fault, Mailbox};

/// Drives a run whose runtime is `mailbox` to its end, by `engine`.
///
/// The run is polled until it waits; what it has asked for is handed to the engine, in order; then it is given one delivery, and is
/// polled again.
///
/// # Errors
///
/// When the run cannot go on: see [`Fault`]. It can be gone through once more then.
///
/// # Panics
///
/// If the run does. A panic of a task is a result of the task, and none of these.
///
/// # Cancellation
///
/// Dropping the future is as a crash of the process: nothing of it is written down, and the run can be gone through once more.
///
/// ```
/// use async_orch::durable::{Command, Delivery, Engine, Fault, Id, Mailbox, drive};
/// use async_orch::{Run, pipeline, task};
/// use std::collections::{HashMap, VecDeque};
/// use std::sync::atomic::{AtomicU32, Ordering};
/// use std::task::{Context, Poll};
/// use std::time::Duration;
///
/// /// An engine for pipelines without waits, which keeps what it is told in memory: `asked` and `done` are the journal.
/// #[derive(Default)]
/// struct InMemory {
///     asked: Vec<Command>,
///     done: Vec<(Id, Vec<u8>)>,
///     // Of the run that is gone through now.
///     compared: usize,
///     given: usize,
///     to_order: VecDeque<Id>,
/// }
///
/// impl Engine for InMemory {
///     fn command(&mut self, command: Command) -> Result<(), Fault> {
///         match self.asked.get(self.compared) {
///             Some(was) if *was != command => return Err(Fault::changed(was, command)),
///             Some(_) => {}
///             None => self.asked.push(command.clone()),
///         }
///         self.compared += 1;
///         if let Command::Run { id, .. } | Command::Admit { id, .. } = command {
///             self.to_order.push_back(id);
///         }
///         Ok(())
///     }
///
///     fn finished(&mut self, id: Id, bytes: Vec<u8>) -> Result<(), Fault> {
///         self.done.push((id, bytes));
///         Ok(())
///     }
///
///     fn poll_next(&mut self, _cx: &mut Context<'_>) -> Poll<Result<Option<Delivery>, Fault>> {
///         if let Some((id, bytes)) = self.done.get(self.given).cloned() {
///             self.given += 1;
///             self.to_order.retain(|other| *other != id);
///             return Poll::Ready(Ok(Some(Delivery::Done { id, bytes, at: Duration::ZERO })));
///         }
///         match self.to_order.pop_front() {
///             Some(id) => Poll::Ready(Ok(Some(Delivery::Run(id)))),
///             None => Poll::Pending, // the future of the run is woken by what is done in place
///         }
///     }
///
///     fn is_live(&self) -> bool {
///         self.given == self.done.len()
///     }
/// }
///
/// #[task(durable)]
/// async fn count(calls: &AtomicU32) -> u32 {
///     calls.fetch_add(1, Ordering::Relaxed)
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let calls = AtomicU32::new(0);
/// let p = pipeline! { par < count(&calls) count(&calls) > };
///
/// let mut engine = InMemory::default();
/// let mailbox = Mailbox::new(7);
/// assert_eq!(drive(&mailbox, p.on(&mailbox).run(()), &mut engine).await??, (0, 1));
///
/// // Another process goes through it once more: nothing is called again.
/// let mut engine = InMemory { asked: engine.asked, done: engine.done, ..InMemory::default() };
/// let mailbox = Mailbox::new(7);
/// assert_eq!(drive(&mailbox, p.on(&mailbox).run(()), &mut engine).await??, (0, 1));
/// assert_eq!(calls.load(Ordering::Relaxed), 2);
/// # Ok(()) }
/// ```
pub async fn drive<F: Future>(
    mailbox: &Mailbox,
    run: F,
    engine: &mut (impl Engine + ?Sized),
) -> Result<F::Output, Fault> {
    drive_by(mailbox, run, engine, 1).await
}

/// The same with up to so many deliveries between two polls: with more than one a run can go another way when it is gone through
/// once more, which the tests show.
#[doc(hidden)]
pub async fn drive_by<F: Future>(
    mailbox: &Mailbox,
    run: F,
    engine: &mut (impl Engine + ?Sized),
    at_once: u32,
) -> Result<F::Output, Fault> {
    /// What the run waits for when it is dropped is not given up by it.
    struct Closing<'m>(&'m Mailbox);

    impl Drop for Closing<'_> {
        fn drop(&mut self) {
            self.0.close();
        }
    }

    let mut run = pin!(run);
    // Declared later, and so dropped before the run.
    let _closing = Closing(mailbox);
    let wakes = Arc::new(Wakes::new());
    let waker = Waker::from(wakes.clone());
    let mut may_go_on = true;
    poll_fn(|cx| {
        loop {
            mailbox.begin(may_go_on, engine.is_live());
            wakes.polls();
            let polled = run.as_mut().poll(&mut Context::from_waker(&waker));
            let outbox = mailbox.end(polled.is_ready())?;
            for (id, bytes) in outbox.finished {
                engine.finished(id, bytes)?;
            }
            for command in outbox.commands {
                engine.command(command)?;
            }
            if let Poll::Ready(output) = polled {
                return Poll::Ready(Ok(output));
            }
            if outbox.goes_on {
                continue;
            }
            may_go_on = false;
            for given in 0..at_once {
                match engine.poll_next(cx)? {
                    Poll::Ready(Some(delivery)) => may_go_on |= mailbox.deliver(delivery)?,
                    _ if given > 0 => break,
                    Poll::Pending => {
                        wakes.waits(cx.waker());
                        return Poll::Pending;
                    }
                    Poll::Ready(None) => return Poll::Ready(Err(Fault::Stalled)),
                }
            }
        }
    })
    .await
}
