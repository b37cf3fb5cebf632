//! A bus that keeps what runs do.

mod kept;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use async_orch::{Bus, Event, Graph};

pub(crate) use kept::{Kept, NONE, RunKept, State};
#[cfg(feature = "live")]
pub(crate) use kept::{Mark, Span};

use crate::report::Report;
use crate::schema::{EventLine, GraphLine, Numbers, RunLine, nanoseconds};

/// How many executions a record has room for where nobody says.
const ROOM: usize = 500_000;

/// A bus that keeps what runs do, for a [`Report`]. Clones are handles to one record.
///
/// It has room for so many executions, half a million if nobody says, which is a few dozen megabytes. When it is full the
/// oldest run that has ended is forgotten; if none has, what starts is counted and not kept. What was lost is said by the report.
///
/// The times of a run are those of its events. When it began, seen from other runs, is taken from the system's clock, also where a
/// runtime's own time stands still.
///
/// ```
/// use async_orch::pipeline;
/// use orch_report::Record;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), async_orch::Error> {
/// let record = Record::with_room(4);
/// let double = pipeline! { |_: Vec<u32>| each < |n| { n * 2 } as "double" > }.with_bus(&record);
/// double.run(vec![1, 2, 3, 4, 5]).await?;
/// // The `each` and three of its items.
/// assert_eq!(record.report().executions(), 4);
/// assert_eq!(record.report().lost_executions(), 2);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Record {
    shared: Arc<Mutex<Shared>>,
    outputs: bool,
    began: Instant,
}

struct Shared {
    kept: Kept,
    numbers: Numbers,
}

impl Default for Record {
    fn default() -> Self {
        Record::new()
    }
}

impl Record {
    /// For half a million executions.
    #[must_use]
    pub fn new() -> Self {
        Record::with_room(ROOM)
    }

    /// For so many executions.
    #[must_use]
    pub fn with_room(executions: usize) -> Self {
        let began = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let kept = Kept::new(executions, u64::try_from(began.as_millis()).unwrap_or(u64::MAX));
        let shared = Shared { kept, numbers: Numbers::default() };
        Record { shared: Arc::new(Mutex::new(shared)), outputs: true, began: Instant::now() }
    }

    /// Whether this handle keeps the texts of what tasks give. It does, if nobody says otherwise.
    #[must_use]
    pub fn outputs(mut self, outputs: bool) -> Self {
        self.outputs = outputs;
        self
    }

    /// Takes the picture of a pipeline into the report, with the steps that never run.
    pub fn add_graph(&self, graph: &Graph) {
        let line = GraphLine::from(graph);
        let mut shared = self.lock();
        if !shared.kept.graphs.iter().any(|known| known.svg == line.svg) {
            shared.kept.graphs.push(line);
        }
        for node in graph.nodes() {
            shared.step(node);
        }
    }

    /// What it has kept so far. Runs go on meanwhile.
    #[must_use]
    pub fn report(&self) -> Report {
        let kept = self.lock().kept.clone();
        Report::new(kept)
    }

    /// Looks at what is kept, while the runs wait.
    #[cfg(feature = "live")]
    pub(crate) fn look<T>(&self, look: impl FnOnce(&Kept) -> T) -> T {
        look(&self.lock().kept)
    }

    /// Since it was made.
    #[cfg(feature = "live")]
    pub(crate) fn now(&self) -> u64 {
        nanoseconds(self.began.elapsed())
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    fn step(&mut self, node: &async_orch::Node) -> u32 {
        let (id, new) = self.numbers.of(node);
        if let Some(line) = new {
            self.kept.add_step(line.clone());
        }
        id
    }
}

impl Bus for Record {
    fn emit(&self, event: &Event<'_>) {
        let now = self.began.elapsed();
        let mut shared = self.lock();
        let run = event.run.number();
        if !shared.kept.runs.contains_key(&run) && event.seq == 0 {
            let start_ns = nanoseconds(now.saturating_sub(event.elapsed));
            shared.kept.begin(RunLine { run, key: event.key.map(str::to_owned), start_ns });
        }
        let step = shared.step(event.node);
        shared.kept.apply(EventLine::of(event, step, self.outputs));
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shared = self.lock();
        f.debug_struct("Record")
            .field("runs", &shared.kept.runs.len())
            .field("executions", &shared.kept.executions)
            .finish_non_exhaustive()
    }
}
