//! Events as lines of JSON.

use std::collections::HashSet;
use std::fmt;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use async_orch::{Bus, Event, Graph};

use crate::schema::{EventLine, GraphLine, Header, Line, Numbers, RunLine, VERSION, nanoseconds};

/// A bus that writes each event as a line of JSON, for [`read`](crate::read) and for other programs.
///
/// `docs/report.md` of the repository describes the lines. They are buffered, and are all there at the end of each run, so that a process which
/// dies leaves a file that can be read: at most its last line is torn.
///
/// A bus cannot fail a run. The first error of the writer is kept, nothing is written after it, and
/// [`finish`](EventWriter::finish) gives it.
///
/// ```
/// use async_orch::{Run, pipeline};
/// use orch_report::{EventWriter, read};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), async_orch::BoxError> {
/// let double = pipeline! { |_: u32| |n| { n * 2 } as "double" };
/// let events = EventWriter::new(Vec::new(), [&double.graph()]);
/// (&double).with_bus(&events).run(2).await?;
///
/// let lines = events.finish()?;
/// let found = read(&lines[..])?;
/// assert_eq!(found.report.step("double").unwrap().succeeded, 1);
/// assert_eq!(found.left_out, 0);
/// # Ok(())
/// # }
/// ```
pub struct EventWriter<W: Write> {
    state: Mutex<State<W>>,
    outputs: bool,
    began: Instant,
}

struct State<W: Write> {
    out: BufWriter<W>,
    numbers: Numbers,
    /// Under way: a run's own line is before its first.
    runs: HashSet<u64>,
    failed: Option<io::Error>,
}

impl EventWriter<File> {
    /// Writes to a file, which is made, or emptied.
    ///
    /// # Errors
    ///
    /// What the file system says.
    pub fn create<'g>(
        path: impl AsRef<Path>,
        graphs: impl IntoIterator<Item = &'g Graph>,
    ) -> io::Result<Self> {
        Ok(EventWriter::new(File::create(path)?, graphs))
    }
}

impl<W: Write> EventWriter<W> {
    /// Writes to a writer. The graphs are those of the pipelines it will watch: they are drawn in reports.
    pub fn new<'g>(out: W, graphs: impl IntoIterator<Item = &'g Graph>) -> Self {
        let mut state = State {
            out: BufWriter::new(out),
            numbers: Numbers::default(),
            runs: HashSet::new(),
            failed: None,
        };
        let began = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let graphs: Vec<&Graph> = graphs.into_iter().collect();
        state.line(&Line::Header(Header {
            version: VERSION,
            began: u64::try_from(began.as_millis()).unwrap_or(u64::MAX),
            graphs: graphs.iter().map(|graph| GraphLine::from(*graph)).collect(),
        }));
        for node in graphs.iter().flat_map(|graph| graph.nodes()) {
            state.step(node);
        }
        EventWriter { state: Mutex::new(state), outputs: true, began: Instant::now() }
    }

    /// Whether the texts of what tasks give are written. They are, if nobody says otherwise.
    #[must_use]
    pub fn outputs(mut self, outputs: bool) -> Self {
        self.outputs = outputs;
        self
    }

    /// Writes what is buffered.
    ///
    /// # Errors
    ///
    /// What the writer says.
    pub fn flush(&self) -> io::Result<()> {
        self.lock().out.flush()
    }

    /// Writes what is buffered, and gives the writer back.
    ///
    /// # Errors
    ///
    /// The first error of the writer, which may be that of an event long before.
    pub fn finish(self) -> io::Result<W> {
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        match state.failed {
            Some(error) => Err(error),
            None => state.out.into_inner().map_err(io::IntoInnerError::into_error),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<W>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<W: Write> State<W> {
    fn line(&mut self, line: &Line<'_>) {
        if self.failed.is_some() {
            return;
        }
        let written = serde_json::to_writer(&mut self.out, line).map_err(io::Error::from);
        self.failed = written.and_then(|()| self.out.write_all(b"\n")).err();
    }

    fn step(&mut self, node: &async_orch::Node) -> u32 {
        let (id, new) = self.numbers.of(node);
        if let Some(line) = new.cloned() {
            self.line(&Line::Step(line));
        }
        id
    }
}

impl<W: Write + Send> Bus for EventWriter<W> {
    fn emit(&self, event: &Event<'_>) {
        let now = self.began.elapsed();
        let mut state = self.lock();
        let run = event.run.number();
        if state.runs.insert(run) {
            let start_ns = nanoseconds(now.saturating_sub(event.elapsed));
            state.line(&Line::Run(RunLine { run, key: event.key.map(str::to_owned), start_ns }));
        }
        let step = state.step(event.node);
        let line = EventLine::of(event, step, self.outputs);
        let is_last =
            event.execution.parent.is_none() && event.state().is_some_and(async_orch::TaskState::is_terminal);
        state.line(&Line::Event(line));
        if is_last {
            state.runs.remove(&run);
            let flushed = state.out.flush().err();
            state.failed = state.failed.take().or(flushed);
        }
    }
}

impl<W: Write> fmt::Debug for EventWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventWriter").field("outputs", &self.outputs).finish_non_exhaustive()
    }
}
