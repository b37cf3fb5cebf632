//! The errors that a step may look back at.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::error::{Error, Failure};

/// What went wrong the time before: in the last attempt of the `retry` around a step, or the alternative of a `fallback` before
/// it.
///
/// ```
/// use async_orch::{BoxError, Run, pipeline};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), async_orch::Error> {
/// // What failed is a part of the next question, as one asks a model.
/// let ask = pipeline! {
///     retry(max_attempts = 3, backoff = constant(0s)) < |_, cx| {
///         match cx.last_error() {
///             None => Err(BoxError::from("no JSON")),
///             Some(error) => Ok(format!("again, since {}", error.reason())),
///         }
///     } >
/// };
/// assert_eq!(ask.run(()).await?, "again, since no JSON");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct LastError(Arc<dyn Remembered>);

impl LastError {
    /// Which step failed: see [`Error::path`].
    #[must_use]
    pub fn path(&self) -> String {
        self.0.path()
    }

    /// Why, without the step: the text of the task's own error, if it is one, or of the [`ErrorKind`](crate::ErrorKind).
    #[must_use]
    pub fn reason(&self) -> String {
        self.0.reason()
    }

    /// Whether a task gave an error of the type `T`, boxed or not.
    #[must_use]
    pub fn is<T: std::error::Error + 'static>(&self) -> bool {
        self.downcast_ref::<T>().is_some()
    }

    /// The error that a task gave, if it is a `T`, boxed or not.
    #[must_use]
    pub fn downcast_ref<T: std::error::Error + 'static>(&self) -> Option<&T> {
        self.0.task()?.downcast_ref()
    }
}

/// An error of whatever type, of which several steps may know.
trait Remembered: Send + Sync {
    fn path(&self) -> String;

    fn reason(&self) -> String;

    fn task(&self) -> Option<&(dyn std::error::Error + 'static)>;

    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

impl<E: Failure> Remembered for Error<E> {
    fn path(&self) -> String {
        Error::path(self)
    }

    fn reason(&self) -> String {
        self.kind().to_string()
    }

    fn task(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause_as_dyn()
    }

    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What one block remembers, for as long as it lasts.
#[derive(Default)]
pub struct Memo(Option<(Arc<Mutex<Option<LastError>>>, MemoAt)>);

/// Where in the memory of its run a step finds what its block remembers.
#[derive(Clone, Copy)]
pub(super) struct MemoAt(u32);

/// What the blocks of a run remember. It grows with the blocks that remember at the same time.
#[derive(Default)]
pub(super) struct Memory(Mutex<Vec<Weak<Mutex<Option<LastError>>>>>);

impl Memory {
    /// Remembers the last error of a block.
    pub(super) fn keep<E: Failure>(&self, memo: &mut Memo, error: Arc<Error<E>>) -> MemoAt {
        let last = LastError(error);
        if let Some((memo, at)) = &memo.0 {
            // Dropped when the lock is free again: that is the user's code.
            let _before = memo.lock().unwrap_or_else(PoisonError::into_inner).replace(last);
            return *at;
        }
        let kept = Arc::new(Mutex::new(Some(last)));
        let at = self.add(Arc::downgrade(&kept));
        memo.0 = Some((kept, at));
        at
    }

    fn add(&self, kept: Weak<Mutex<Option<LastError>>>) -> MemoAt {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Looked for only when there would have to be more room, so that it costs little for each.
        if all.len() == all.capacity()
            && let Some(place) = all.iter().position(|kept| kept.strong_count() == 0)
        {
            all[place] = kept;
            return MemoAt(place as u32);
        }
        all.push(kept);
        MemoAt((all.len() - 1) as u32)
    }

    /// What is remembered there.
    pub(super) fn last(&self, MemoAt(place): MemoAt) -> Option<LastError> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner)[place as usize].upgrade()?;
        kept.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl fmt::Display for LastError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for LastError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Memo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Memo")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BoxError;
    use crate::ErrorKind;
    use crate::node::{Meta, Origin};
    use crate::testing::step;

    static STEP: Meta = step(0, None, "step");

    fn error() -> Arc<Error<BoxError>> {
        Arc::new(Error::new(ErrorKind::TimedOut, Origin::block(&STEP)))
    }

    #[test]
    fn it_grows_with_the_blocks_at_once_and_not_with_all_of_them() {
        let memory = Memory::default();
        let mut longer = Memo::default();
        let first = memory.keep(&mut longer, error());
        for _ in 0..1_000 {
            let mut memo = Memo::default();
            let at = memory.keep(&mut memo, error());
            assert!(memory.last(at).is_some());
            memory.keep(&mut memo, error());
        }
        assert!(memory.0.lock().unwrap().len() <= 8, "{}", memory.0.lock().unwrap().len());
        assert!(memory.last(first).is_some(), "what is in use is not taken");
    }
}
