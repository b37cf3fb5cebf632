use async_orch::pipeline;

async fn once<P: Send + Sync>(pipeline: P) -> bool {
    pipeline.run(1).await.is_ok()
}

fn main() {
    drop(once(pipeline! { |_: u32| |n| { n + 1 } }));
}
//~     pipeline.run(1).await.is_ok()
//~              ^^^
