//! Between a run and its engine.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

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
    let mut may_go_on = true;
    poll_fn(|cx| {
        loop {
            mailbox.begin(may_go_on, engine.is_live());
            let polled = run.as_mut().poll(cx);
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
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(None) => return Poll::Ready(Err(Fault::Stalled)),
                }
            }
        }
    })
    .await
}
