//! The tree as rows of a terminal.

use std::time::{Duration, Instant};

use console::truncate_str;
use orch_core::{CircuitState, NodeKind, TaskState};

use super::model::{Execution, Model, Running, Says, State};
use super::text::{Paint, count, rate_and_rest, time};

/// How many of the steps inside a block are shown, the more the more room there is.
const MOST: [usize; 7] = [64, 32, 16, 8, 4, 2, 1];

/// What there is, in at most so many columns and rows.
pub(super) fn rows(
    model: &Model,
    now: Instant,
    (columns, height): (usize, usize),
    paint: Paint,
) -> Vec<String> {
    let height = height.max(2) - 1;
    let circuits = circuits(model, paint);
    let room = height.saturating_sub(circuits.len()).max(1);
    let mut rows = Vec::new();
    for (try_number, most) in MOST.iter().enumerate() {
        rows.clear();
        // What is over goes first where there is no room for all.
        let tree = Tree { most: *most, with_over: try_number < 2, paint };
        for running in model.runs.values() {
            tree.run(running, running.now(now), &mut rows);
        }
        if rows.len() <= room {
            break;
        }
    }
    if rows.len() > room {
        let hidden = rows.len() + 1 - room;
        rows.truncate(room - 1);
        rows.push(paint.dim(format!("… {hidden} more")));
    }
    rows.extend(circuits);
    rows.truncate(height);
    rows.iter().map(|row| truncate_str(row, columns, "…").into_owned()).collect()
}

fn circuits(model: &Model, paint: Paint) -> Vec<String> {
    let row = |(path, circuit): (&String, &super::model::Circuit)| {
        let state = if circuit.state == CircuitState::HalfOpen {
            paint.warning(circuit.state.as_str())
        } else {
            paint.bad(circuit.state.as_str())
        };
        let failures = match circuit.failures {
            0 => String::new(),
            failures => format!(", {}", count(failures.into(), "failure in a row", "failures in a row")),
        };
        let rejected = match circuit.rejected {
            0 => String::new(),
            rejected => format!(", {} turned away", count(rejected, "run", "runs")),
        };
        format!("{} {path} is {state}{failures}{rejected}", paint.bad("⚡"))
    };
    model.circuits.iter().map(row).collect()
}

struct Tree {
    most: usize,
    with_over: bool,
    paint: Paint,
}

impl Tree {
    fn run(&self, running: &Running, now: Duration, rows: &mut Vec<String>) {
        self.step(running, running.root, now, ("", ""), running.key.as_deref(), rows);
    }

    /// The row of a step, and below it those of the steps inside.
    fn step(
        &self,
        running: &Running,
        id: u64,
        now: Duration,
        (first, rest): (&str, &str),
        key: Option<&str>,
        rows: &mut Vec<String>,
    ) {
        let Some(mut execution) = running.executions.get(&id) else { return };
        let mut says = execution.says.as_ref();
        // A policy around one step is said at that step's row.
        while let [inside] = execution.children[..]
            && is_policy(execution)
            && let Some(child) = running.executions.get(&inside)
        {
            execution = child;
            says = execution.says.as_ref().or(says);
        }
        let key = key.map_or(String::new(), |key| format!(" {key}"));
        rows.push(format!("{}{}", self.paint.dim(first), self.row(execution, says, now, &key)));
        let is_shown = |child: &&u64| {
            running
                .executions
                .get(child)
                .is_some_and(|child| self.with_over || !matches!(child.state, State::Over { .. }))
        };
        let children: Vec<u64> = execution.children.iter().filter(is_shown).copied().collect();
        let shown = if children.len() > self.most { &children[..self.most] } else { &children[..] };
        let hidden = children.len() - shown.len();
        for (index, child) in shown.iter().enumerate() {
            let is_last = hidden == 0 && index + 1 == shown.len();
            let (branch, below) = if is_last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            let (first, rest) = (format!("{rest}{branch}"), format!("{rest}{below}"));
            self.step(running, *child, now, (&first, &rest), None, rows);
        }
        if hidden > 0 {
            rows.push(self.paint.dim(format!("{rest}└─ … {hidden} more")));
        }
    }

    fn row(&self, execution: &Execution, says: Option<&Says>, now: Duration, key: &str) -> String {
        let paint = self.paint;
        let item = execution.item.map_or(String::new(), |item| format!("[{item}]"));
        if let Some(Says::Retrying { step, attempt, at, reason }) = says {
            let wait = time(at.saturating_sub(now));
            let reason = reason.as_ref().map_or(String::new(), |reason| format!(": {reason}"));
            return format!(
                "{} {step}{item}  {}{reason}",
                paint.warning("↻"),
                paint.warning(format!("attempt {attempt} in {wait}"))
            );
        }
        let name = match execution.kind {
            NodeKind::Block(_) => paint.bold(format!("{}{item}{key}", execution.name)),
            _ => format!("{}{item}{key}", execution.name),
        };
        match &execution.state {
            State::Waiting => format!("{} {name}  {}", paint.dim("◦"), paint.dim("waits")),
            State::Over { outcome, elapsed, reason } => {
                let sign = match outcome {
                    TaskState::Succeeded => paint.good("✓"),
                    TaskState::Cancelled => paint.dim("–"),
                    _ => paint.bad("✗"),
                };
                let reason = reason.as_ref().map_or(String::new(), |reason| format!(": {reason}"));
                format!("{sign} {name}  {}{reason}", paint.dim(time(*elapsed)))
            }
            State::Running => self.running(execution, says, now, &name),
        }
    }

    fn running(&self, execution: &Execution, says: Option<&Says>, now: Duration, name: &str) -> String {
        let paint = self.paint;
        let elapsed = now.saturating_sub(execution.started);
        let mut parts = vec![format!("{} {name}", paint.busy("•"))];
        if execution.is_each() {
            let (done, total) = (execution.items.done(), execution.items.total);
            parts.push(match total {
                Some(total) => format!("{} {done}/{total}", paint.bar(done, total)),
                None => format!("{done} done"),
            });
            parts.push(paint.dim(rate_and_rest(done, total, elapsed)));
            if execution.items.failed > 0 {
                parts.push(paint.bad(format!("{} failed", execution.items.failed)));
            }
        } else if let Some((done, total)) = execution.progress {
            parts.push(format!("{} {done}/{total}", paint.bar(done, total)));
            parts.push(paint.dim(rate_and_rest(done, Some(total), elapsed)));
        } else {
            parts.push(paint.dim(time(elapsed)));
        }
        // Of a block the attempt is that of its steps.
        if execution.attempt > 1 && !execution.kind.is_block() {
            parts.push(paint.warning(format!("attempt {}", execution.attempt)));
        }
        if let Some(Says::Other(text)) = says {
            parts.push(paint.warning(text));
        }
        if let Some(note) = &execution.note {
            parts.push(note.clone());
        }
        parts.retain(|part| !part.is_empty());
        parts.join("  ")
    }
}

/// Whether it is a block around one step that is not worth a row of its own.
fn is_policy(execution: &Execution) -> bool {
    let NodeKind::Block(keyword) = execution.kind else { return false };
    keyword == execution.name
        && matches!(execution.state, State::Running)
        && matches!(
            keyword,
            "retry"
                | "timeout"
                | "circuit"
                | "bulkhead"
                | "throttle"
                | "hedge"
                | "catch"
                | "settle"
                | "when"
                | "with"
        )
}
