//! What goes on, as far as it is shown.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use orch_core::{
    BlockEvent, CircuitState, Event, EventKind, NextRound, NodeKind, Note, Progress, TaskEvent, TaskState,
    Waiting,
};

use super::text::{count, one_line, rate_and_rest, time};

/// The runs under way, and the circuits that are not closed.
#[derive(Default)]
pub(super) struct Model {
    pub(super) runs: BTreeMap<u64, Running>,
    pub(super) circuits: BTreeMap<String, Circuit>,
}

/// A run under way.
pub(super) struct Running {
    pub(super) root: u64,
    pub(super) key: Option<String>,
    pub(super) executions: HashMap<u64, Execution>,
    /// The time of its last event, and when that was: between two events its clock is thought to go on as ours.
    last: (Duration, Instant),
    /// Tasks and inline steps that are over, each attempt by itself.
    steps: u64,
    failures: u64,
    retries: u64,
    openings: u64,
}

/// One start of a step.
pub(super) struct Execution {
    pub(super) name: &'static str,
    pub(super) kind: NodeKind,
    node: usize,
    parent: Option<u64>,
    pub(super) item: Option<u64>,
    pub(super) attempt: u32,
    pub(super) started: Duration,
    pub(super) state: State,
    /// Those inside it that are under way, and of those that are over the last one of each step, where there are few of them.
    pub(super) children: Vec<u64>,
    pub(super) items: Items,
    /// How far a step says that it is.
    pub(super) progress: Option<(u64, u64)>,
    pub(super) note: Option<String>,
    pub(super) says: Option<Says>,
    /// Why the last one inside it failed.
    reason: Option<String>,
}

/// Of an `each`.
#[derive(Default)]
pub(super) struct Items {
    pub(super) total: Option<u64>,
    started: u64,
    under_way: u64,
    pub(super) failed: u64,
    /// Of which a line has told already.
    told: u64,
}

pub(super) enum State {
    Waiting,
    Running,
    Over { outcome: TaskState, elapsed: Duration, reason: Option<String> },
}

/// What a block says of itself.
pub(super) enum Says {
    /// An attempt at a step follows, at this time.
    Retrying {
        step: &'static str,
        attempt: u32,
        at: Duration,
        reason: Option<String>,
    },
    Other(String),
}

/// A circuit that is not closed.
pub(super) struct Circuit {
    pub(super) state: CircuitState,
    pub(super) failures: u32,
    pub(super) rejected: u64,
}

/// What an event comes to for who prints lines.
#[derive(Default)]
pub(super) struct Told {
    /// Worth a line where nothing is drawn.
    pub(super) line: Option<String>,
    /// The run is over: what is left of it.
    pub(super) summary: Option<Summary>,
}

/// A run that is over.
pub(super) struct Summary {
    pub(super) outcome: TaskState,
    pub(super) text: String,
    pub(super) error: Option<String>,
}

impl Items {
    pub(super) fn done(&self) -> u64 {
        self.started.saturating_sub(self.under_way)
    }
}

impl Execution {
    pub(super) fn is_each(&self) -> bool {
        matches!(self.kind, NodeKind::Block("each"))
    }

    /// Whether what is inside it and over is shown: of a sequence, but not of a thousand items or attempts.
    fn keeps(&self) -> bool {
        self.item.is_none() && !matches!(self.kind, NodeKind::Block("each" | "retry" | "hedge" | "repeat"))
    }
}

impl Running {
    /// The time of the run now.
    pub(super) fn now(&self, now: Instant) -> Duration {
        self.last.0 + now.saturating_duration_since(self.last.1)
    }
}

impl Model {
    pub(super) fn take(&mut self, event: &Event<'_>, now: Instant) -> Told {
        let run = event.run.number();
        let id = event.execution.id;
        if event.execution.parent.is_none() {
            self.runs.entry(run).or_insert_with(|| Running::new(event, now));
        }
        let circuit = self.take_circuit(event);
        let Some(running) = self.runs.get_mut(&run) else { return Told::default() };
        running.last = (event.elapsed, now);
        let line = circuit.or_else(|| running.take(event));
        let over = (id == running.root).then(|| running.executions.get(&id)).flatten();
        let summary = match over.map(|root| (root.name, &root.state)) {
            Some((name, State::Over { outcome, elapsed, .. })) => {
                Some(running.summary(event, name, *outcome, *elapsed))
            }
            _ => None,
        };
        if summary.is_some() {
            self.runs.remove(&run);
        }
        Told { line, summary }
    }

    fn take_circuit(&mut self, event: &Event<'_>) -> Option<String> {
        let told = event.circuit()?;
        let path = event.node.path();
        let line = format!("{path}: {told}");
        if told.new_state == CircuitState::Closed {
            return self.circuits.remove(path).map(|_| line);
        }
        let circuit = self.circuits.entry(path.to_owned()).or_insert(Circuit {
            state: told.new_state,
            failures: told.failures,
            rejected: 0,
        });
        (circuit.state, circuit.failures) = (told.new_state, told.failures);
        circuit.rejected += u64::from(told.rejected);
        if told.tripped
            && let Some(running) = self.runs.get_mut(&event.run.number())
        {
            running.openings += 1;
        }
        // One line for the first that is turned away; the others are counted.
        (!told.rejected || circuit.rejected == 1).then_some(line)
    }
}

impl Running {
    fn new(event: &Event<'_>, now: Instant) -> Self {
        Running {
            root: event.execution.id,
            key: event.key.map(one_line),
            executions: HashMap::new(),
            last: (event.elapsed, now),
            steps: 0,
            failures: 0,
            retries: 0,
            openings: 0,
        }
    }

    /// What an event changes; as a line, if it is worth one.
    fn take(&mut self, event: &Event<'_>) -> Option<String> {
        let id = event.execution.id;
        match &event.kind {
            EventKind::Task(TaskEvent::Pending) | EventKind::Block(BlockEvent::Pending) => {
                self.start(event, State::Waiting, None);
                None
            }
            EventKind::Task(TaskEvent::Running) => {
                self.start(event, State::Running, None);
                None
            }
            EventKind::Block(BlockEvent::Started { items, .. }) => {
                self.start(event, State::Running, *items);
                (id == self.root).then(|| format!("{}: started", event.node.path()))
            }
            EventKind::Task(TaskEvent::Succeeded { elapsed, .. } | TaskEvent::Failed { elapsed, .. })
            | EventKind::Block(
                BlockEvent::Succeeded { elapsed, .. }
                | BlockEvent::Skipped { elapsed, .. }
                | BlockEvent::Failed { elapsed, .. },
            ) => self.end(event, Some(*elapsed)),
            EventKind::Task(TaskEvent::Cancelled) | EventKind::Block(BlockEvent::Cancelled) => {
                self.end(event, None)
            }
            EventKind::Told(_) => self.told(event),
            _ => None,
        }
    }

    fn start(&mut self, event: &Event<'_>, state: State, items: Option<u64>) {
        let (node, execution) = (event.node, event.execution);
        if let Some(waited) = self.executions.get_mut(&execution.id) {
            waited.state = state;
            waited.started = event.elapsed;
            waited.items.total = items;
            return;
        }
        if let Some(around) = execution.parent.and_then(|parent| self.executions.get_mut(&parent)) {
            around.children.push(execution.id);
            around.says = None;
            if around.is_each() {
                around.items.under_way += 1;
                around.items.started = around.items.started.max(execution.item.map_or(0, |item| item + 1));
            }
        }
        self.executions.insert(
            execution.id,
            Execution {
                name: node.name(),
                kind: node.kind(),
                node: node.index(),
                parent: execution.parent,
                item: execution.item,
                attempt: execution.attempt,
                started: event.elapsed,
                state,
                children: Vec::new(),
                items: Items { total: items, ..Items::default() },
                progress: None,
                note: None,
                says: None,
                reason: None,
            },
        );
    }

    fn end(&mut self, event: &Event<'_>, elapsed: Option<Duration>) -> Option<String> {
        let id = event.execution.id;
        let outcome = event.state().unwrap_or(TaskState::Succeeded);
        let reason = event.reason().map(|reason| one_line(&reason.to_string()));
        let execution = self.executions.get_mut(&id)?;
        let elapsed = elapsed.unwrap_or_else(|| event.elapsed.saturating_sub(execution.started));
        let is_task = !execution.kind.is_block();
        execution.state = State::Over { outcome, elapsed, reason: reason.clone() };
        let (parent, node) = (execution.parent, execution.node);
        for child in std::mem::take(&mut execution.children) {
            self.executions.remove(&child);
        }
        if is_task {
            self.steps += u64::from(outcome != TaskState::Cancelled);
            self.failures += u64::from(outcome == TaskState::Failed);
        }
        let parent = parent?;
        self.forget(parent, id, node);
        let last = self.last.0;
        let around = self.executions.get_mut(&parent)?;
        around.reason = reason;
        if !around.is_each() {
            return None;
        }
        around.items.under_way = around.items.under_way.saturating_sub(1);
        around.items.failed += u64::from(outcome == TaskState::Failed);
        let (done, total) = (around.items.done(), around.items.total);
        if !is_worth_a_line(done, total, around.items.told) {
            return None;
        }
        around.items.told = done;
        let elapsed = last.saturating_sub(around.started);
        let path = event.node.path();
        // That of the `each` itself.
        let path = path.strip_suffix(event.node.name()).map_or(path, |path| path.trim_end_matches('/'));
        Some(how_far(path, done, total, elapsed))
    }

    /// One inside `parent` is over: it is kept to be shown, in the place of the last one of the same step, or not.
    fn forget(&mut self, parent: u64, id: u64, node: usize) {
        let Some(around) = self.executions.get(&parent) else { return };
        let is_of = |child: &u64| self.executions.get(child).is_some_and(|child| child.is_over_of(node));
        let gone = if around.keeps() {
            around.children.iter().copied().find(|child| *child != id && is_of(child))
        } else {
            Some(id)
        };
        if let Some(gone) = gone {
            self.executions.remove(&gone);
            if let Some(around) = self.executions.get_mut(&parent) {
                around.children.retain(|child| *child != gone);
            }
        }
    }

    fn told(&mut self, event: &Event<'_>) -> Option<String> {
        let path = Where(event).text();
        let last = self.last.0;
        let execution = self.executions.get_mut(&event.execution.id)?;
        if let Some(retrying) = event.retrying() {
            let reason = execution.reason.take();
            let at = event.elapsed.saturating_add(retrying.delay);
            let line = format!(
                "{path}: attempt {} at `{}` in {}{}",
                retrying.attempt,
                retrying.step,
                time(retrying.delay),
                reason.as_ref().map_or(String::new(), |reason| format!(", after: {reason}"))
            );
            execution.says =
                Some(Says::Retrying { step: retrying.step, attempt: retrying.attempt, at, reason });
            self.retries += 1;
            return Some(line);
        }
        if let Some(note) = event.told::<Note>() {
            let note = one_line(&note.text);
            let line = format!("{path}: {note}");
            execution.note = Some(note);
            return Some(line);
        }
        if let Some(Progress { done, total, .. }) = event.told::<Progress>().copied() {
            let told = &mut execution.items.told;
            execution.progress = Some((done, total));
            if !is_worth_a_line(done, Some(total), *told) {
                return None;
            }
            *told = done;
            return Some(how_far(&path, done, Some(total), last.saturating_sub(execution.started)));
        }
        let EventKind::Told(told) = event.kind else { return None };
        let text = one_line(&told.to_string());
        let line = format!("{path}: {text}");
        // What ends without an event of its own is no state; and each round of a loop is no news.
        let is_news = event.told::<Waiting>().is_none() && event.told::<NextRound>().is_none();
        execution.says = Some(Says::Other(text));
        is_news.then_some(line)
    }

    fn summary(&self, event: &Event<'_>, name: &str, outcome: TaskState, elapsed: Duration) -> Summary {
        let key = self.key.as_ref().map_or(String::new(), |key| format!(" {key}"));
        let mut text = format!("{name}{key}  {}: {}", time(elapsed), count(self.steps, "step", "steps"));
        for (number, one, many) in [
            (self.failures, "failure", "failures"),
            (self.retries, "retry", "retries"),
            (self.openings, "circuit opened", "circuits opened"),
        ] {
            if number > 0 {
                text += ", ";
                text += &count(number, one, many);
            }
        }
        if outcome == TaskState::Cancelled {
            text += ", cancelled";
        }
        let error = event.error().map(|error| one_line(&error.to_string()));
        Summary { outcome, text, error }
    }
}

impl Execution {
    fn is_over_of(&self, node: usize) -> bool {
        self.node == node && matches!(self.state, State::Over { .. })
    }
}

/// A line in ten of a known number, and at ten, a hundred, a thousand, … of an unknown one.
fn is_worth_a_line(done: u64, total: Option<u64>, told: u64) -> bool {
    match total {
        Some(total) => done == total || (done > told && done - told >= total.div_ceil(10)),
        None => done >= 10 && done >= told.saturating_mul(10),
    }
}

fn how_far(path: &str, done: u64, total: Option<u64>, elapsed: Duration) -> String {
    let of = total.map_or(String::new(), |total| format!(" of {total}"));
    let pace = rate_and_rest(done, total, elapsed);
    let pace = if pace.is_empty() { pace } else { format!(", {}", pace.replace("  ", ", ")) };
    format!("{path}: {done}{of}{pace}")
}

/// Which start of which step, as the lines of a log say it.
struct Where<'e>(&'e Event<'e>);

impl Where<'_> {
    fn text(&self) -> String {
        let item = self.0.execution.item.map_or(String::new(), |item| format!("[{item}]"));
        format!("{}{item}", self.0.node.path())
    }
}
