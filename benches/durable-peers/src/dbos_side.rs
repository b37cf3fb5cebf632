//! A workflow of three steps, each of which is a row in PostgreSQL.

use dbos::{Config, DBOS, RunOptions, step};

async fn add(n: u64) -> dbos::Result<u64> {
    Ok(n + 1)
}

async fn order(n: u64) -> dbos::Result<u64> {
    let n = step("first", || add(n)).await?;
    let n = step("second", || add(n)).await?;
    step("third", || add(n)).await
}

pub(crate) async fn all(url: &str) {
    let dbos = DBOS::new(Config { app_version: Some("1".to_owned()), ..Config::new("bench", url) });
    let order = dbos.register_workflow("order", order).unwrap();
    dbos.launch().await.unwrap();
    for at_once in [1, 16, 64] {
        crate::measure("dbos", at_once, async |n| {
            let id = format!("order-{at_once}-{n}");
            let options = RunOptions { workflow_id: Some(&id), ..RunOptions::default() };
            assert_eq!(order.run_with(n, options).await.unwrap(), n + 3);
        })
        .await;
    }
    dbos.shutdown().await;
}
