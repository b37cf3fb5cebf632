//! A bus that prints.

use std::fmt;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use super::Bus;
use crate::event::{BlockEvent, Event, EventKind};

/// The narrowest column of paths.
const NARROW: usize = 24;

/// How much it grows at once for a longer path, so that it soon stays as it is.
const STEP: usize = 8;

/// The widest column of paths; a longer path moves the rest of its own line only.
const WIDE: usize = 56;

/// Prints one line for each event: the run, the time since it began, the path, and what happened.
///
/// ```text
/// #1         0.000ms  retry                     started
/// #1         0.004ms  retry/fetch               running
/// #1        10.318ms  retry/fetch               failed after 10.3ms: connection refused
/// #1        10.334ms  retry                     retrying `fetch` in 56.6ms, attempt 2
/// #1        67.101ms  retry/fetch               running (attempt 2)
/// #1        81.422ms  retry/fetch               succeeded (attempt 2) in 14.3ms: "page 7"
/// #1        81.425ms  retry                     succeeded in 81.4ms
/// ```
///
/// The line of an event is its `Display`. Outputs and errors are cut after 160 characters, line breaks are written as
/// `\n`. Each line is one write. If that fails, the line is lost.
///
/// ```
/// use async_orch::bus::LogBus;
/// use async_orch::{Run, pipeline};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), async_orch::Error> {
/// let log = LogBus::to(Vec::new());
/// pipeline! { |_: u32| seq < |n| { n * 2 } as "double" > }.with_bus(&log).run(2).await?;
///
/// let lines = String::from_utf8(log.into_inner()).unwrap();
/// let without_run: Vec<&str> = lines.lines().map(|line| &line["#1   ".len()..]).collect();
/// assert_eq!(without_run, [
///     "      0.000ms  seq                       started",
///     "      0.000ms  seq/double                running",
///     "      0.000ms  seq/double                succeeded in 0s: 4",
///     "      0.000ms  seq                       succeeded in 0s",
/// ]);
/// # Ok(())
/// # }
/// ```
pub struct LogBus<W = Stderr> {
    log: Mutex<Log<W>>,
    blocks: bool,
}

struct Log<W> {
    writer: W,
    line: String,
    /// How wide the column of paths is: grows with the paths.
    width: usize,
}

/// Standard error by way of [`eprint!`], so that a test's output is captured: the writer of [`LogBus::new`].
///
/// ```
/// use async_orch::bus::{LogBus, Stderr};
///
/// struct Service {
///     log: LogBus<Stderr>,
/// }
///
/// let service = Service { log: LogBus::new() };
/// # let _ = service.log;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Stderr;

impl LogBus {
    /// Prints to standard error.
    #[must_use]
    pub fn new() -> Self {
        LogBus::to(Stderr)
    }
}

impl Default for LogBus {
    fn default() -> Self {
        LogBus::new()
    }
}

impl<W: Write + Send> LogBus<W> {
    /// Prints to a writer, which is not flushed after each line.
    pub fn to(writer: W) -> Self {
        let log = Log { writer, line: String::new(), width: NARROW };
        LogBus { log: Mutex::new(log), blocks: true }
    }

    /// Whether blocks have lines of their own when they start and end; `true` unless set. Without them the log has the
    /// tasks, retries and circuits, and the blocks that fail by themselves, as a `timeout` does.
    ///
    /// ```
    /// use async_orch::bus::LogBus;
    /// use async_orch::{Run, pipeline};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), async_orch::Error> {
    /// let log = LogBus::to(Vec::new()).blocks(false);
    /// pipeline! { |_: u32| seq < |n| { n * 2 } > }.with_bus(&log).run(2).await?;
    /// assert_eq!(String::from_utf8(log.into_inner()).unwrap().lines().count(), 2);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn blocks(self, blocks: bool) -> Self {
        LogBus { blocks, ..self }
    }

    /// The writer.
    pub fn into_inner(self) -> W {
        self.log.into_inner().unwrap_or_else(PoisonError::into_inner).writer
    }
}

#[diagnostic::do_not_recommend]
impl<W: Write + Send> Bus for LogBus<W> {
    fn emit(&self, event: &Event<'_>) {
        use fmt::Write as _;

        if let EventKind::Block(block) = &event.kind
            && !self.blocks
            && !is_own_failure(event, block)
        {
            return;
        }
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let Log { writer, line, width } = &mut *log;
        *width = event.label_width().next_multiple_of(STEP).clamp(*width, WIDE);
        line.clear();
        if writeln!(line, "{event:width$}", width = *width).is_ok() {
            // There is nobody to tell.
            let _ = writer.write_all(line.as_bytes());
        }
    }
}

/// Whether the block failed by itself, and not because of a step inside.
fn is_own_failure(event: &Event<'_>, block: &BlockEvent<'_>) -> bool {
    matches!(block, BlockEvent::Failed { origin: Some(origin), .. } if event.node.is(*origin))
}

impl Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        eprint!("{}", String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<W> fmt::Debug for LogBus<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogBus").field("blocks", &self.blocks).finish_non_exhaustive()
    }
}
