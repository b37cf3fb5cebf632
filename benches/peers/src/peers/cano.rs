//! cano: state machines, whose tasks hold what they pass on. (Its store and its resources, looked up by name, would be
//! slower; with either, as here, a workflow has one run at a time.)

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cano::prelude::*;

use crate::shapes::tasks::{Failed, fail, step, yield_once};

/// Where a machine is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    Step(u8),
    Join,
    Done,
}

/// A workflow, and the value that its tasks pass on.
pub struct Machine {
    workflow: Workflow<State>,
    value: Arc<AtomicU64>,
}

impl Machine {
    /// Runs it from its first state.
    pub async fn run(&self, input: u64) -> Result<u64, CanoError> {
        self.value.store(input, Ordering::Relaxed);
        self.workflow.orchestrate(State::Step(0), CancellationToken::disabled()).await?;
        Ok(self.value.load(Ordering::Relaxed))
    }
}

fn failed(Failed: Failed) -> CanoError {
    CanoError::task_execution("failed")
}

struct Step {
    value: Arc<AtomicU64>,
    next: State,
}

#[task(state = State)]
impl Step {
    fn config(&self) -> TaskConfig {
        TaskConfig::minimal()
    }

    async fn run_bare(&self) -> CanoResult<TaskResult<State>> {
        let x = step(self.value.load(Ordering::Relaxed)).await.map_err(failed)?;
        self.value.store(x, Ordering::Relaxed);
        Ok(TaskResult::Single(self.next))
    }
}

/// Ten steps, one after another.
pub fn seq10() -> Machine {
    let value = Arc::new(AtomicU64::new(0));
    let mut workflow = Workflow::bare();
    for at in 0..10 {
        let next = if at == 9 { State::Done } else { State::Step(at + 1) };
        workflow = workflow.register(State::Step(at), Step { value: value.clone(), next });
    }
    Machine { workflow: workflow.add_exit_state(State::Done), value }
}

struct Child {
    input: u64,
    yields: bool,
    outputs: Arc<[AtomicU64; 16]>,
}

#[task(state = State)]
impl Child {
    fn config(&self) -> TaskConfig {
        TaskConfig::minimal()
    }

    async fn run_bare(&self) -> CanoResult<TaskResult<State>> {
        let x = if self.yields { yield_once(self.input).await } else { step(self.input).await };
        self.outputs[self.input as usize].store(x.map_err(failed)?, Ordering::Relaxed);
        Ok(TaskResult::Single(State::Join))
    }
}

struct Join {
    outputs: Arc<[AtomicU64; 16]>,
    value: Arc<AtomicU64>,
}

#[task(state = State)]
impl Join {
    fn config(&self) -> TaskConfig {
        TaskConfig::minimal()
    }

    async fn run_bare(&self) -> CanoResult<TaskResult<State>> {
        let sum = self.outputs[0].load(Ordering::Relaxed) + self.outputs[15].load(Ordering::Relaxed);
        self.value.store(sum, Ordering::Relaxed);
        Ok(TaskResult::Single(State::Done))
    }
}

/// Sixteen children, spawned, four at a time.
pub fn par16(yields: bool) -> Machine {
    let value = Arc::new(AtomicU64::new(0));
    let outputs: Arc<[AtomicU64; 16]> = Arc::default();
    let children = (0..16).map(|input| Child { input, yields, outputs: outputs.clone() });
    let join = JoinConfig::new(JoinStrategy::All, State::Join).with_bulkhead(4);
    let workflow = Workflow::bare()
        .register_split(State::Step(0), children, join)
        .register(State::Join, Join { outputs: outputs.clone(), value: value.clone() })
        .add_exit_state(State::Done);
    Machine { workflow, value }
}

/// A breaker that opens after so many failures in a row, for so long.
pub fn breaker(failures: u32, open: Duration) -> Arc<CircuitBreaker> {
    Arc::new(CircuitBreaker::new(CircuitPolicy {
        failure_threshold: failures,
        reset_timeout: open,
        half_open_max_calls: 1,
    }))
}

/// A step behind a circuit, by its permits.
pub async fn guarded_step(breaker: &Arc<CircuitBreaker>, x: u64) -> Result<u64, CanoError> {
    let permit = breaker.try_acquire()?;
    match step(x).await {
        Ok(x) => {
            breaker.record_success(permit);
            Ok(x)
        }
        Err(error) => {
            breaker.record_failure(permit);
            Err(failed(error))
        }
    }
}

/// A failure behind a circuit, by its permits.
pub async fn guarded_failure(breaker: &Arc<CircuitBreaker>, x: u64) -> Result<u64, CanoError> {
    let permit = breaker.try_acquire()?;
    match fail(x).await {
        Ok(x) => {
            breaker.record_success(permit);
            Ok(x)
        }
        Err(error) => {
            breaker.record_failure(permit);
            Err(failed(error))
        }
    }
}

/// A workflow of one batch, and its outputs.
pub struct Batch {
    workflow: Workflow<State>,
    outputs: Arc<Mutex<Vec<u64>>>,
}

impl Batch {
    /// Runs it once.
    pub async fn run(&self) -> Result<Vec<u64>, CanoError> {
        self.workflow.orchestrate(State::Step(0), CancellationToken::disabled()).await?;
        Ok(std::mem::take(&mut *self.outputs.lock().expect("no panic")))
    }
}

struct Items {
    outputs: Arc<Mutex<Vec<u64>>>,
}

#[task::batch(state = State)]
impl Items {
    fn config(&self) -> TaskConfig {
        TaskConfig::minimal()
    }

    fn concurrency(&self) -> usize {
        64
    }

    async fn load(&self, _resources: &Resources) -> Result<Vec<u64>, CanoError> {
        Ok((0..10_000).collect())
    }

    async fn process_item(&self, item: &u64) -> Result<u64, CanoError> {
        yield_once(*item).await.map_err(failed)
    }

    async fn finish(
        &self,
        _resources: &Resources,
        outputs: Vec<Result<u64, CanoError>>,
    ) -> Result<TaskResult<State>, CanoError> {
        *self.outputs.lock().expect("no panic") = outputs.into_iter().collect::<Result<_, _>>()?;
        Ok(TaskResult::Single(State::Done))
    }
}

/// Ten thousand items that yield once each, sixty-four at a time, in order.
pub fn each10k() -> Batch {
    let outputs = Arc::new(Mutex::new(Vec::new()));
    let workflow = Workflow::bare()
        .register(State::Step(0), Items { outputs: outputs.clone() })
        .add_exit_state(State::Done);
    Batch { workflow, outputs }
}
