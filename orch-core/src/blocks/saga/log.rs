//! What a saga has to undo.

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::PoisonError;

use crate::error::Panicked;
use crate::run::Coords;
use crate::sync::Mutex;

/// The steps of a saga that have succeeded and can be undone, in order of time.
pub struct Log(Mutex<Vec<Entry>>);

/// How long references to names last, as an argument of the closures that give some of them: a closure's result can have no
/// lifetime that is in none of its arguments.
#[derive(Clone, Copy, Debug)]
pub struct Lasting<'e>(PhantomData<&'e ()>);

impl Lasting<'_> {
    pub(super) fn new() -> Self {
        Lasting(PhantomData)
    }
}

/// When a step is undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// If the saga fails.
    Failed,
    /// When it ends.
    Ended,
}

/// A step that has succeeded.
pub struct Entry {
    /// The number of its undo in the text.
    pub(super) undo: u32,
    pub(super) when: When,
    /// Which run of the step it was.
    pub(super) coords: Coords,
    pub(super) kept: Kept,
}

/// What an undo is given, which was kept for it.
pub(super) enum Kept {
    /// Its input, and the values of the names that it uses.
    Values(Box<dyn Any + Send>),
    /// There is nothing: it panicked while it was looked for.
    Nothing(Panicked),
}

impl Log {
    pub(super) fn new() -> Self {
        Log(Mutex::new(Vec::new()))
    }

    fn with<T>(&self, look: impl FnOnce(&mut Vec<Entry>) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Writes down a step that has succeeded, with what `keep` gives for its undo. That may panic: then the step cannot be
    /// undone, which is written down, and the panic goes on.
    pub(super) fn write<T: Send + 'static>(
        &self,
        undo: u32,
        when: When,
        coords: Coords,
        keep: impl FnOnce() -> T,
    ) {
        let (kept, panic) = match catch_unwind(AssertUnwindSafe(keep)) {
            Ok(values) => (Kept::Values(Box::new(values)), None),
            Err(payload) => (Kept::Nothing(Panicked::from_payload(&*payload)), Some(payload)),
        };
        self.with(|entries| entries.push(Entry { undo, when, coords, kept }));
        if let Some(payload) = panic {
            resume_unwind(payload);
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.with(|entries| entries.len())
    }

    /// Takes the last one.
    pub(super) fn last(&self) -> Option<Entry> {
        self.with(Vec::pop)
    }

    /// Takes the last one of those that are undone whatever the end of the saga is.
    pub(super) fn last_to_end(&self) -> Option<Entry> {
        self.with(|entries| {
            let last = entries.iter().rposition(|entry| entry.when == When::Ended)?;
            Some(entries.remove(last))
        })
    }

    /// Hands all of them on to the saga around this one, if there is one.
    pub(super) fn hand_to(&self, outer: Option<&Log>) {
        let entries = self.with(std::mem::take);
        if let Some(outer) = outer {
            outer.with(|outer| outer.extend(entries));
        }
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").field("undo", &self.undo).field("when", &self.when).finish_non_exhaustive()
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log").field("entries", &self.len()).finish_non_exhaustive()
    }
}
