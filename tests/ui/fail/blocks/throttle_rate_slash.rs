use async_orch::{pipeline, task};

#[task]
async fn call(id: u32) -> u32 {
    id
}

fn main() {
    let _ = pipeline! { |_: u32| throttle(rate = 100/s) < call > };
}
//~     let _ = pipeline! { |_: u32| throttle(rate = 100/s) < call > };
//~                                                  ^^^^^
