//! dagx: graphs of tasks. A graph runs once, so each run builds it too.

use dagx::{DagRunner, Task, task};

use crate::shapes::tasks::{Failed, step, yield_once};

struct First(u64);

#[task]
impl First {
    async fn run(&self) -> Result<u64, Failed> {
        step(self.0).await
    }
}

struct Then;

#[task]
impl Then {
    async fn run(x: &Result<u64, Failed>) -> Result<u64, Failed> {
        step((*x)?).await
    }
}

struct Yielding(u64);

#[task]
impl Yielding {
    async fn run(&self) -> Result<u64, Failed> {
        yield_once(self.0).await
    }
}

/// Ten steps, one after another.
pub async fn seq10(x: u64) -> Result<u64, Failed> {
    let dag = DagRunner::new();
    let x = dag.add_task(First(x));
    let x = dag.add_task(Then).depends_on(&x);
    let x = dag.add_task(Then).depends_on(x);
    let x = dag.add_task(Then).depends_on(x);
    let x = dag.add_task(Then).depends_on(x);
    let x = dag.add_task(Then).depends_on(x);
    let x = dag.add_task(Then).depends_on(x);
    let x = dag.add_task(Then).depends_on(x);
    let x = dag.add_task(Then).depends_on(x);
    let x = dag.add_task(Then).depends_on(x);
    run(&dag).await?;
    dag.get(x).map_err(|_| Failed)?
}

/// Sixteen children, spawned; it has no limit.
pub async fn par16() -> Result<u64, Failed> {
    let dag = DagRunner::new();
    let children: [_; 16] = std::array::from_fn(|child| (&dag.add_task(First(child as u64))).into());
    run(&dag).await?;
    sum(&dag, &children)
}

/// Sixteen children that yield once, spawned; it has no limit.
pub async fn par16_yield() -> Result<u64, Failed> {
    let dag = DagRunner::new();
    let children: [_; 16] = std::array::from_fn(|child| (&dag.add_task(Yielding(child as u64))).into());
    run(&dag).await?;
    sum(&dag, &children)
}

async fn run(dag: &DagRunner) -> Result<(), Failed> {
    dag.run(|child| {
        tokio::spawn(child);
    })
    .await
    .map_err(|_| Failed)
}

fn sum(dag: &DagRunner, children: &[dagx::TaskHandle<Result<u64, Failed>>; 16]) -> Result<u64, Failed> {
    let first = dag.get(children[0]).map_err(|_| Failed)??;
    let last = dag.get(children[15]).map_err(|_| Failed)??;
    Ok(first + last)
}
