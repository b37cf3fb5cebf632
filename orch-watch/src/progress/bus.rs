//! The bus.

use std::fmt;
use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle, TermLike};
use orch_core::bus::Bus;
use orch_core::{Event, TaskState};

use super::model::{Model, Summary, Told};
use super::rows::rows;
use super::terminal::Terminal;
use super::text::{Paint, has_colors};

/// How often it is drawn.
const TICK: Duration = Duration::from_millis(100);

/// Shows how far runs are: see [the module](crate::progress).
///
/// On a terminal it is a tree of what is under way, drawn ten times a second for as long as a run is: an `each` with how many of its
/// items are done, the rate and the time left; tasks with the time that they have taken, their attempt, their
/// [note](orch_core::Context::note) and their [progress](orch_core::Context::progress); what waits for its next attempt; circuits that are
/// open. It is never higher or wider than the terminal. Of a run that is over a line is left.
///
/// Elsewhere it prints lines: when a run starts, for each tenth of an `each`, for what a step tells, and of a run that is over. So logs
/// of a build can be read.
///
/// There are no colours where the variable `NO_COLOR` is set to anything, as <https://no-color.org> says.
///
/// What else writes to the terminal meanwhile belongs into [`suspend`](ProgressBus::suspend).
pub struct ProgressBus {
    shared: Arc<Shared>,
    out: Out,
}

enum Out {
    Tree(Tree),
    Lines(Mutex<Box<dyn Write + Send>>),
}

struct Tree {
    bar: ProgressBar,
    /// `None` if it is drawn when somebody asks for it.
    tick: Option<Duration>,
    /// Whether the tree is drawn; for as long as there is a run.
    drawn: Mutex<bool>,
}

struct Shared {
    model: Mutex<Model>,
    paint: Paint,
    /// Times go on by it between two events.
    clock: Clock,
}

/// A clock that a test may hold.
pub(super) type Clock = Box<dyn Fn() -> Instant + Send + Sync>;

impl ProgressBus {
    /// On standard error: a tree if that is a terminal, else lines.
    #[must_use]
    pub fn new() -> Self {
        let term = Term::buffered_stderr();
        if !term.features().is_attended() {
            return ProgressBus::lines_to(Stderr);
        }
        let var = |name| std::env::var_os(name);
        let colors = has_colors(var("NO_COLOR").as_deref(), var("TERM").as_deref());
        ProgressBus::tree(term, colors, Some(TICK), Box::new(Instant::now))
    }

    /// A tree on any terminal, without colours: on one in memory, in a test.
    pub fn on(term: impl TermLike + 'static) -> Self {
        ProgressBus::tree(term, false, Some(TICK), Box::new(Instant::now))
    }

    /// Lines to a writer. Each is one write; if that fails, the line is lost.
    ///
    /// ```
    /// use async_orch::progress::ProgressBus;
    /// use async_orch::{Run, pipeline};
    /// use std::io::{self, Write};
    /// use std::sync::{Arc, Mutex};
    ///
    /// #[derive(Clone, Default)]
    /// struct Log(Arc<Mutex<Vec<u8>>>);
    ///
    /// impl Write for Log {
    ///     fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
    ///         self.0.lock().unwrap().write(bytes)
    ///     }
    ///     fn flush(&mut self) -> io::Result<()> {
    ///         Ok(())
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), async_orch::Error> {
    /// let log = Log::default();
    /// let copy = pipeline! { |_: Vec<u32>| seq(name = "copy") < each < |n| { n } > > };
    /// copy.with_bus(ProgressBus::lines_to(log.clone())).run((0..20).collect()).await?;
    ///
    /// let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    /// assert_eq!(log.lines().next(), Some("copy: started"));
    /// assert_eq!(log.lines().nth(1), Some("copy/each: 2 of 20"));
    /// assert_eq!(log.lines().last(), Some("✓ copy  0.0s: 20 steps"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn lines_to(writer: impl Write + Send + 'static) -> Self {
        ProgressBus {
            shared: Shared::new(false, Box::new(Instant::now)),
            out: Out::Lines(Mutex::new(Box::new(writer))),
        }
    }

    pub(super) fn tree(
        term: impl TermLike + 'static,
        colors: bool,
        tick: Option<Duration>,
        clock: Clock,
    ) -> Self {
        let shared = Shared::new(colors, clock);
        let term: Arc<dyn TermLike> = Arc::new(term);
        let (seen, drawn_by) = (Arc::clone(&shared), Arc::clone(&term));
        let style = ProgressStyle::with_template("{tree}").expect("the template is well-formed").with_key(
            "tree",
            move |_: &ProgressState, text: &mut dyn fmt::Write| {
                let size = (usize::from(drawn_by.width()), usize::from(drawn_by.height()));
                let rows = rows(&seen.model(), (seen.clock)(), size, seen.paint);
                // A terminal that does not take it has nothing to show.
                let _ = text.write_str(&rows.join("\n"));
            },
        );
        let target = ProgressDrawTarget::term_like_with_hz(Box::new(Terminal::new(term)), 20);
        let bar = ProgressBar::with_draw_target(None, target).with_style(style);
        ProgressBus { shared, out: Out::Tree(Tree { bar, tick, drawn: Mutex::new(false) }) }
    }

    /// Takes the tree off the terminal while `print` runs, and puts it back below what that has printed.
    ///
    /// ```
    /// use async_orch::progress::ProgressBus;
    ///
    /// let progress = ProgressBus::new();
    /// progress.suspend(|| println!("a line of the program's own"));
    /// ```
    pub fn suspend<T>(&self, print: impl FnOnce() -> T) -> T {
        match &self.out {
            Out::Tree(tree) => tree.bar.suspend(print),
            Out::Lines(_) => print(),
        }
    }

    /// Draws at once what is drawn with the next tick otherwise. Where lines are printed it does nothing.
    pub fn draw(&self) {
        if let Out::Tree(tree) = &self.out
            && *tree.drawn.lock().unwrap_or_else(PoisonError::into_inner)
        {
            tree.bar.force_draw();
        }
    }
}

impl Default for ProgressBus {
    fn default() -> Self {
        ProgressBus::new()
    }
}

#[diagnostic::do_not_recommend]
impl Bus for ProgressBus {
    fn emit(&self, event: &Event<'_>) {
        let Told { line, summary } = self.shared.model().take(event, (self.shared.clock)());
        match &self.out {
            Out::Lines(writer) => {
                let summary = summary.map(|summary| self.shared.left(&summary));
                for line in line.into_iter().chain(summary) {
                    let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
                    let _ = writer.write_all(format!("{line}\n").as_bytes());
                }
            }
            Out::Tree(tree) => {
                if event.seq == 0 || summary.is_some() {
                    tree.turn(&self.shared, summary.map(|summary| self.shared.left(&summary)));
                }
            }
        }
    }
}

impl Tree {
    /// A run begins or is over. (What draws asks for the model while it holds the bar, so the model is not held here.)
    fn turn(&self, shared: &Shared, left: Option<String>) {
        let mut drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        let is_busy = !shared.model().runs.is_empty();
        if is_busy && !*drawn {
            self.bar.reset();
            if let Some(tick) = self.tick {
                self.bar.enable_steady_tick(tick);
            }
        }
        if !is_busy && *drawn {
            self.bar.disable_steady_tick();
        }
        if let Some(left) = left {
            self.bar.println(left);
        }
        if !is_busy {
            self.bar.finish_and_clear();
        }
        *drawn = is_busy;
    }
}

impl Shared {
    fn new(colors: bool, clock: Clock) -> Arc<Self> {
        Arc::new(Shared { model: Mutex::new(Model::default()), paint: Paint { colors }, clock })
    }

    fn model(&self) -> MutexGuard<'_, Model> {
        self.model.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The line that is left of a run.
    fn left(&self, Summary { outcome, text, error }: &Summary) -> String {
        let sign = match outcome {
            TaskState::Succeeded => self.paint.good("✓"),
            TaskState::Cancelled => self.paint.dim("–"),
            _ => self.paint.bad("✗"),
        };
        let error = error.as_ref().map_or(String::new(), |error| format!("; {}", self.paint.bad(error)));
        format!("{sign} {text}{error}")
    }
}

/// Standard error by way of [`eprint!`], so that a test's output is captured.
struct Stderr;

impl Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        eprint!("{}", String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl fmt::Debug for ProgressBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProgressBus").field("runs", &self.shared.model().runs.len()).finish_non_exhaustive()
    }
}
