//! What each is called, and what it is.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

pub(super) const RUNS: &str = "async_orch_runs_total";
pub(super) const RUNS_ACTIVE: &str = "async_orch_runs_active";
pub(super) const RUN_DURATION: &str = "async_orch_run_duration_seconds";
pub(super) const TASKS: &str = "async_orch_tasks_total";
pub(super) const TASKS_ACTIVE: &str = "async_orch_tasks_active";
pub(super) const TASK_DURATION: &str = "async_orch_task_duration_seconds";
pub(super) const ATTEMPTS: &str = "async_orch_attempts";
pub(super) const RETRIES: &str = "async_orch_retries_total";
pub(super) const FAILURES: &str = "async_orch_failures_total";
pub(super) const CIRCUIT_STATE: &str = "async_orch_circuit_state";
pub(super) const CIRCUIT_CHANGES: &str = "async_orch_circuit_changes_total";
pub(super) const CIRCUIT_REJECTIONS: &str = "async_orch_circuit_rejections_total";
pub(super) const PERMITS: &str = "async_orch_permits_in_use";
pub(super) const QUEUE_WAIT: &str = "async_orch_queue_wait_seconds";

/// Says to the recorder what they are.
pub(super) fn describe() {
    describe_counter!(RUNS, "Runs that are over, by outcome.");
    describe_gauge!(RUNS_ACTIVE, "Runs under way.");
    describe_histogram!(RUN_DURATION, Unit::Seconds, "The time from the start of a run to its end.");
    describe_counter!(TASKS, "Executions of tasks and inline steps that are over, by outcome.");
    describe_gauge!(TASKS_ACTIVE, "Executions of tasks and inline steps under way.");
    describe_histogram!(TASK_DURATION, Unit::Seconds, "The time from the start of a task to its end.");
    describe_histogram!(ATTEMPTS, "Attempts that a retry or a hedge has made when it is over.");
    describe_counter!(RETRIES, "Attempts after the first that a retry has announced.");
    describe_counter!(FAILURES, "Failures where they came from, by kind.");
    describe_gauge!(CIRCUIT_STATE, "Circuits: 0 closed, 1 half-open, 2 open, 3 isolated.");
    describe_counter!(CIRCUIT_CHANGES, "Changes of circuits to a state.");
    describe_counter!(CIRCUIT_REJECTIONS, "Runs that a circuit has turned away.");
    describe_gauge!(PERMITS, "Runs in the body of a bulkhead.");
    describe_histogram!(QUEUE_WAIT, Unit::Seconds, "Waits at a bulkhead, a throttle or a limit.");
}
