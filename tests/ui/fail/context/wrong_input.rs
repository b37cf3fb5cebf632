use async_orch::{pipeline, task};

#[task]
async fn double(n: u32) -> u32 {
    n * 2
}

fn main() {
    let inner = pipeline! { |_: u32| double };
    let _p = pipeline! {
        |_: String| async |text, cx| { Ok(cx.run(&inner, text).await?) }
    };
}
//~         |_: String| async |text, cx| { Ok(cx.run(&inner, text).await?) }
//~                                                          ^^^^
