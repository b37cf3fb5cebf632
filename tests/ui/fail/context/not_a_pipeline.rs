use async_orch::{pipeline, task};

#[task]
async fn double(n: u32) -> u32 {
    n * 2
}

fn main() {
    let _p = pipeline! {
        |_: u32| async |n, cx| { Ok(cx.run(&double, n).await?) }
    };
}
//~         |_: u32| async |n, cx| { Ok(cx.run(&double, n).await?) }
//~                                            ^^^^^^^
