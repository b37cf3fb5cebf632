use async_orch::{BoxPipeline, pipeline};
use std::sync::LazyLock;

static INNER: LazyLock<BoxPipeline<'static, u32, u32>> = LazyLock::new(|| pipeline! { |_: u32| |n| { n } }.boxed());

fn main() {
    let _p = pipeline! {
        |_: u32|
        async |n, cx| {
            let run = tokio::spawn(async move { cx.run(&*INNER, n).await.is_ok() });
            run.await.is_ok()
        }
    };
}
//~             let run = tokio::spawn(async move { cx.run(&*INNER, n).await.is_ok() });
//~                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
