//! The bus.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use orch_core::__private_0_1_0::Ambient;
use orch_core::bus::Bus;
use orch_core::{CircuitState, Event, EventKind, FallingBack, Note, RunId, SagaEvent, TaskState};
use tracing::field::Empty;
use tracing::{Level, Span};

/// The target of all spans and events.
const TARGET: &str = "async_orch";

/// Into how many parts what is under way is divided, so that runs on several threads do not wait for each other.
const PARTS: usize = 16;

/// Opens a span for each block and task: see [the module](crate::tracing).
///
/// Spans go to the subscriber of the thread that polls the run, as those of any other code do. One bus can watch any number of pipelines.
pub struct TracingBus {
    open: [Mutex<Open>; PARTS],
}

/// The executions that have not ended.
type Open = HashMap<(u64, u64), Execution, BuildHasherDefault<Numbers>>;

struct Execution {
    /// Its span; where that is not wanted, the one of what is around it.
    span: Arc<InSpan>,
    is_own: bool,
    /// As the run's time.
    started: Duration,
}

/// A span as something to be in.
struct InSpan(Span);

impl Ambient for InSpan {
    fn enter(&self) {
        self.0.with_subscriber(|(id, dispatch)| dispatch.enter(id));
    }

    fn exit(&self) {
        self.0.with_subscriber(|(id, dispatch)| dispatch.exit(id));
    }
}

/// As events of one target, with these fields and the message.
macro_rules! tell {
    ($parent:expr, $level:ident, $told:expr $(, $name:ident = $value:expr)*) => {
        tracing::event!(
            target: TARGET, parent: $parent, Level::$level, about = $told.about() $(, $name = $value)*, "{}", $told
        )
    };
}

/// A span with all its fields. (Each place of the macro's is a static of its own, so a parent, if any, is said by its place.)
macro_rules! open {
    ($event:expr, $name:literal $(, parent: $parent:expr)?) => {{
        let Event { run, key, node, execution, .. } = $event;
        tracing::span!(
            target: TARGET, $(parent: $parent,)? Level::INFO, $name,
            step = node.name(),
            otel.name = node.name(),
            short_path = node.short_path(),
            path = node.path(),
            kind = node.kind().as_str(),
            run = number(run.number()),
            key,
            item = execution.item.map(number),
            attempt = i64::from(execution.attempt),
            round = execution.rounds().next_back().map(i64::from),
            outcome = Empty,
            elapsed_ms = Empty,
            error = Empty,
            error.kind = Empty,
            otel.status_code = Empty,
        )
    }};
}

impl TracingBus {
    /// To the subscriber of the thread, or of the process.
    #[must_use]
    pub fn new() -> Self {
        TracingBus { open: std::array::from_fn(|_| Mutex::default()) }
    }

    fn open(&self, run: RunId) -> MutexGuard<'_, Open> {
        self.open[run.number() as usize % PARTS].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn of(&self, run: RunId, execution: u64) -> Option<Arc<InSpan>> {
        self.open(run).get(&(run.number(), execution)).map(|execution| Arc::clone(&execution.span))
    }

    fn starts(&self, event: &Event<'_>) {
        // Where nothing around it is wanted, it hangs under the span that this thread is in, as the outermost step does.
        let around = event.execution.parent.and_then(|parent| self.of(event.run, parent));
        let parent = around.as_ref().and_then(|around| around.0.id());
        let span = match (parent, event.node.kind().is_block()) {
            (Some(parent), true) => open!(event, "block", parent: parent),
            (Some(parent), false) => open!(event, "task", parent: parent),
            (None, true) => open!(event, "block"),
            (None, false) => open!(event, "task"),
        };
        let is_own = !span.is_disabled();
        let span = around.filter(|_| !is_own).unwrap_or_else(|| Arc::new(InSpan(span)));
        let execution = Execution { span, is_own, started: event.elapsed };
        self.open(event.run).insert((event.run.number(), event.execution.id), execution);
    }

    fn ends(&self, event: &Event<'_>, outcome: TaskState) {
        let closed = self.open(event.run).remove(&(event.run.number(), event.execution.id));
        let Some(Execution { span, is_own: true, started }) = closed else { return };
        let span = &span.0;
        span.record("outcome", outcome.as_str());
        span.record("elapsed_ms", event.elapsed.saturating_sub(started).as_secs_f64() * 1e3);
        if let Some(reason) = event.reason() {
            span.record("error", tracing::field::display(reason));
            span.record("error.kind", reason.kind());
            span.record("otel.status_code", "ERROR");
        }
    }

    fn told(&self, event: &Event<'_>) {
        let EventKind::Told(told) = event.kind else { return };
        let span = self.of(event.run, event.execution.id);
        let parent = span.as_ref().and_then(|span| span.0.id());
        if let Some(retrying) = event.retrying() {
            let delay = retrying.delay.as_secs_f64() * 1e3;
            tell!(
                parent,
                WARN,
                told,
                attempt = i64::from(retrying.attempt),
                delay_ms = delay,
                failed = retrying.step
            );
        } else if let Some(circuit) = event.circuit() {
            macro_rules! circuit {
                ($level:ident) => {
                    tell!(
                        parent,
                        $level,
                        told,
                        old_state = circuit.old_state.as_str(),
                        new_state = circuit.new_state.as_str(),
                        failures = i64::from(circuit.failures),
                        rejected = circuit.rejected
                    )
                };
            }
            if circuit.new_state == CircuitState::Closed { circuit!(INFO) } else { circuit!(WARN) }
        } else if event.told::<Note>().is_some() {
            tell!(parent, INFO, told);
        } else if event.told::<FallingBack>().is_some() || event.told::<SagaEvent>().is_some() {
            tell!(parent, WARN, told);
        } else {
            tell!(parent, DEBUG, told);
        }
    }
}

impl Default for TracingBus {
    fn default() -> Self {
        TracingBus::new()
    }
}

#[diagnostic::do_not_recommend]
impl Bus for TracingBus {
    fn emit(&self, event: &Event<'_>) {
        match (&event.kind, event.state()) {
            (EventKind::Told(_), _) => self.told(event),
            (_, Some(TaskState::Running)) => self.starts(event),
            (_, Some(outcome)) if outcome.is_terminal() => self.ends(event, outcome),
            _ => {}
        }
    }

    #[doc(hidden)]
    fn has_ambients(&self) -> bool {
        true
    }

    #[doc(hidden)]
    fn ambient(&self, run: RunId, execution: u64) -> Option<Arc<dyn Ambient>> {
        self.of(run, execution).map(|span| span as Arc<dyn Ambient>)
    }
}

/// OpenTelemetry has signed numbers, and makes texts of others.
fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Spreads numbers that follow each other over a table. They are the library's own, so nobody can choose them to collide.
#[derive(Default)]
struct Numbers(u64);

impl Hasher for Numbers {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

impl fmt::Debug for TracingBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TracingBus").finish_non_exhaustive()
    }
}
