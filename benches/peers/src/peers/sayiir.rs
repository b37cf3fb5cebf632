//! sayiir: workflows of named tasks, run in the process without a store by `run_once`, with the quicker of its codecs.
//! A run reports a status and keeps the output, so the last task leaves it in [`ANSWER`].

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sayiir_core::task::BranchOutputs;
use sayiir_runtime::prelude::*;

use crate::shapes::tasks::{step as plain_step, yield_once as plain_yield};

static ANSWER: AtomicU64 = AtomicU64::new(0);

async fn step(x: u64) -> Result<u64, BoxError> {
    Ok(plain_step(x).await?)
}

async fn yield_once(x: u64) -> Result<u64, BoxError> {
    Ok(plain_yield(x).await?)
}

fn context(name: &str) -> WorkflowContext<RkyvCodec, ()> {
    WorkflowContext::new(name, Arc::new(RkyvCodec), Arc::new(()))
}

/// Ten steps, one after another.
pub fn seq10() -> Workflow<RkyvCodec, u64, ()> {
    WorkflowBuilder::new(context("seq10"))
        .then("1", step)
        .then("2", step)
        .then("3", step)
        .then("4", step)
        .then("5", step)
        .then("6", step)
        .then("7", step)
        .then("8", step)
        .then("9", step)
        .then("10", async |x| {
            let x = step(x).await?;
            ANSWER.store(x, Ordering::Relaxed);
            Ok(x)
        })
        .build()
        .expect("a workflow")
}

/// Sixteen children, spawned; it has no limit.
pub fn par16() -> Workflow<RkyvCodec, u64, ()> {
    par16_of("par16", step)
}

/// Sixteen children that yield once, spawned; it has no limit.
pub fn par16_yield() -> Workflow<RkyvCodec, u64, ()> {
    par16_of("par16_yield", yield_once)
}

fn par16_of<F>(name: &str, child: fn(u64) -> F) -> Workflow<RkyvCodec, u64, ()>
where
    F: Future<Output = Result<u64, BoxError>> + Send + 'static,
{
    WorkflowBuilder::new(context(name))
        .then("start", async |x: u64| Ok(x))
        .branches(|branches| {
            for at in 0..16 {
                branches.add(&at.to_string(), move |x: u64| child(x + at));
            }
        })
        .join("sum", |outputs: BranchOutputs<RkyvCodec>| async move {
            let (first, last): (u64, u64) = (outputs.get_by_id("0")?, outputs.get_by_id("15")?);
            ANSWER.store(first + last, Ordering::Relaxed);
            Ok(first + last)
        })
        .build()
        .expect("a workflow")
}

/// Runs a workflow in the process.
pub async fn run(workflow: &Workflow<RkyvCodec, u64, ()>, input: u64) -> Option<u64> {
    let status = workflow.run_once(input).await.ok()?;
    matches!(status, WorkflowStatus::Completed).then(|| ANSWER.load(Ordering::Relaxed))
}
