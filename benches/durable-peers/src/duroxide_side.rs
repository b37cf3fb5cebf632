//! An orchestration of three activities, each of which goes through a queue in SQLite.

use std::sync::Arc;
use std::time::Duration;

use duroxide::providers::sqlite::SqliteProvider;
use duroxide::runtime::registry::ActivityRegistry;
use duroxide::runtime::{Runtime, RuntimeOptions};
use duroxide::{ActivityContext, Client, OrchestrationContext, OrchestrationRegistry, OrchestrationStatus};

pub(crate) async fn all() {
    for at_once in [1, 16, 64] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("runs.db");
        std::fs::File::create(&path).unwrap();
        let store = Arc::new(SqliteProvider::new(&format!("sqlite:{}", path.display()), None).await.unwrap());
        let activities = ActivityRegistry::builder()
            .register("Add", |_: ActivityContext, n: String| async move {
                Ok((n.parse::<u64>().map_err(|error| error.to_string())? + 1).to_string())
            })
            .build();
        let order = |cx: OrchestrationContext, n: String| async move {
            let n = cx.schedule_activity("Add", n).await?;
            let n = cx.schedule_activity("Add", n).await?;
            cx.schedule_activity("Add", n).await
        };
        let orders = OrchestrationRegistry::builder().register("Order", order).build();
        // It looks for work at intervals; these are short enough not to be what is measured.
        let options = RuntimeOptions { dispatcher_min_poll_interval: Duration::from_millis(1), ..RuntimeOptions::default() };
        let runtime = Runtime::start_with_options(store.clone(), activities, orders, options).await;
        let client = Client::new(store);
        crate::measure("duroxide", at_once, async |n| {
            let id = format!("order-{n}");
            client.start_orchestration(&id, "Order", n.to_string()).await.unwrap();
            let status = client.wait_for_orchestration(&id, Duration::from_secs(60)).await.unwrap();
            let OrchestrationStatus::Completed { output, .. } = status else { panic!("{status:?}") };
            assert_eq!(output, (n + 3).to_string());
        })
        .await;
        runtime.shutdown(None).await;
    }
}
