//! The bus.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use metrics::{counter, gauge, histogram};
use orch_core::bus::Bus;
use orch_core::{BlockEvent, CircuitState, Event, EventKind, Node, NodeKind, TaskState};

use super::names::{
    ATTEMPTS, CIRCUIT_CHANGES, CIRCUIT_REJECTIONS, CIRCUIT_STATE, FAILURES, PERMITS, QUEUE_WAIT, RETRIES,
    RUN_DURATION, RUNS, RUNS_ACTIVE, TASK_DURATION, TASKS, TASKS_ACTIVE, describe,
};

/// Into how many parts what is under way is divided, so that runs on several threads do not wait for each other.
const PARTS: usize = 16;

/// Records metrics of runs: see [the module](crate::metrics) for their names.
///
/// It records to the recorder that is installed, of the process or of the thread; make the bus after that, since it describes the metrics
/// to it. One bus can watch any number of pipelines.
///
/// What a durable run goes through once more has been counted in the process that is gone, and is not counted again.
pub struct MetricsBus {
    under_way: [Mutex<UnderWay>; PARTS],
}

type UnderWay = HashMap<(u64, u64), Execution>;

/// A start of a step that has not ended.
struct Execution {
    is_pending: bool,
    /// When it began to wait or to run, as the run's time.
    since: Duration,
    /// How many attempts at what is inside were started.
    attempts: u32,
    gate: Option<Gate>,
}

/// Of a block that lets some runs through.
struct Gate {
    step: String,
    /// Whether a run that is let through holds a place until it is over.
    has_places: bool,
    is_passed: bool,
}

impl MetricsBus {
    /// To the recorder that is installed.
    #[must_use]
    pub fn new() -> Self {
        describe();
        MetricsBus { under_way: std::array::from_fn(|_| Mutex::default()) }
    }

    fn under_way(&self, event: &Event<'_>) -> MutexGuard<'_, UnderWay> {
        let part = &self.under_way[event.run.number() as usize % PARTS];
        part.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn waits(&self, event: &Event<'_>) {
        let execution = Execution { is_pending: true, since: event.elapsed, attempts: 0, gate: None };
        self.under_way(event).insert(key(event), execution);
    }

    fn starts(&self, event: &Event<'_>) {
        let (node, now) = (event.node, event.elapsed);
        let gate = matches!(node.kind(), NodeKind::Block("bulkhead" | "throttle")).then(|| Gate {
            step: step(node),
            has_places: node.kind() == NodeKind::Block("bulkhead"),
            is_passed: false,
        });
        let mut under_way = self.under_way(event);
        let waited = under_way
            .insert(key(event), Execution { is_pending: false, since: now, attempts: 0, gate })
            .filter(|before| before.is_pending);
        let mut passed = None;
        if let Some(parent) = event.execution.parent
            && let Some(around) = under_way.get_mut(&(event.run.number(), parent))
        {
            around.attempts = around.attempts.max(event.execution.attempt);
            if let Some(gate) = around.gate.as_mut().filter(|gate| !gate.is_passed) {
                gate.is_passed = true;
                passed = Some((gate.step.clone(), gate.has_places, around.since));
            }
        }
        drop(under_way);
        if let (Some(Execution { since, .. }), false) = (waited, event.replayed) {
            histogram!(QUEUE_WAIT, "step" => step(node)).record(now.saturating_sub(since));
        }
        if let Some((step, has_places, since)) = passed {
            if has_places {
                gauge!(PERMITS, "step" => step.clone()).increment(1.0);
            }
            if !event.replayed {
                histogram!(QUEUE_WAIT, "step" => step).record(now.saturating_sub(since));
            }
        }
        if event.execution.parent.is_none() {
            gauge!(RUNS_ACTIVE, "pipeline" => step(node)).increment(1.0);
        }
        if !node.kind().is_block() {
            gauge!(TASKS_ACTIVE, "step" => step(node)).increment(1.0);
        }
    }

    fn ends(&self, event: &Event<'_>, outcome: TaskState) {
        let Some(execution) = self.under_way(event).remove(&key(event)) else { return };
        let Execution { is_pending, since, attempts, gate } = execution;
        // What was dropped while it waited has never been under way.
        if is_pending {
            return;
        }
        let (node, outcome) = (event.node, outcome.as_str());
        let elapsed = event.elapsed.saturating_sub(since);
        if let Some(Gate { step, has_places: true, is_passed: true }) = gate {
            gauge!(PERMITS, "step" => step).decrement(1.0);
        }
        if event.execution.parent.is_none() {
            gauge!(RUNS_ACTIVE, "pipeline" => step(node)).decrement(1.0);
        }
        if !node.kind().is_block() {
            gauge!(TASKS_ACTIVE, "step" => step(node)).decrement(1.0);
        }
        if event.replayed {
            return;
        }
        if event.execution.parent.is_none() {
            counter!(RUNS, "pipeline" => step(node), "outcome" => outcome).increment(1);
            histogram!(RUN_DURATION, "pipeline" => step(node), "outcome" => outcome).record(elapsed);
        }
        match node.kind() {
            NodeKind::Block("retry" | "hedge") => {
                histogram!(ATTEMPTS, "step" => step(node)).record(f64::from(attempts));
            }
            NodeKind::Block(_) => {}
            _ => {
                counter!(TASKS, "step" => step(node), "outcome" => outcome).increment(1);
                histogram!(TASK_DURATION, "step" => step(node), "outcome" => outcome).record(elapsed);
            }
        }
        if let Some(reason) = event.reason().filter(|_| is_its_own(event)) {
            counter!(FAILURES, "step" => step(node), "kind" => reason.kind()).increment(1);
        }
    }

    fn told(&self, event: &Event<'_>) {
        let step = || step(event.node);
        if let Some(circuit) = event.circuit() {
            let state = match circuit.new_state {
                CircuitState::Closed => 0.0,
                CircuitState::HalfOpen => 1.0,
                CircuitState::Open => 2.0,
                // Isolated.
                _ => 3.0,
            };
            gauge!(CIRCUIT_STATE, "step" => step()).set(state);
            if circuit.rejected {
                counter!(CIRCUIT_REJECTIONS, "step" => step()).increment(1);
            } else {
                counter!(CIRCUIT_CHANGES, "step" => step(), "state" => circuit.new_state.as_str())
                    .increment(1);
            }
        } else if event.retrying().is_some() {
            counter!(RETRIES, "step" => step()).increment(1);
        }
    }
}

impl Default for MetricsBus {
    fn default() -> Self {
        MetricsBus::new()
    }
}

#[diagnostic::do_not_recommend]
impl Bus for MetricsBus {
    fn emit(&self, event: &Event<'_>) {
        match (&event.kind, event.state()) {
            (EventKind::Told(_), _) if !event.replayed => self.told(event),
            (EventKind::Told(_), _) => {}
            (_, Some(TaskState::Pending)) => self.waits(event),
            (_, Some(TaskState::Running)) => self.starts(event),
            (_, Some(outcome)) if outcome.is_terminal() => self.ends(event, outcome),
            _ => {}
        }
    }
}

fn key(event: &Event<'_>) -> (u64, u64) {
    (event.run.number(), event.execution.id)
}

/// Whether a failure comes from the step itself, and not from one inside it.
fn is_its_own(event: &Event<'_>) -> bool {
    match event.kind {
        EventKind::Task(_) => true,
        // A panic was told by the task, whether it is on its way out or a `catch` has made an error of it.
        EventKind::Block(BlockEvent::Failed { origin, reason, .. }) => {
            origin.is_some_and(|origin| event.node.is(origin)) && reason.kind() != "panicked"
        }
        _ => false,
    }
}

/// What a step is called: see [the module](crate::metrics).
fn step(node: &Node) -> String {
    let (short_path, name) = (node.short_path(), node.name());
    match (node.is_named(), short_path.is_empty()) {
        (true, _) => short_path.to_owned(),
        (false, true) => name.to_owned(),
        (false, false) => format!("{short_path}/{name}"),
    }
}

impl fmt::Debug for MetricsBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetricsBus").finish_non_exhaustive()
    }
}
