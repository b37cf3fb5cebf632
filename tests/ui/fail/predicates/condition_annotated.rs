// A head looks at what is piped, and says that it takes it.
use async_orch::{pipeline, task};

#[task]
async fn double(n: u32) -> u32 {
    n * 2
}

fn main() {
    let _ = pipeline! { |_: u32| when(|n: u32| n > 3) < double > };
}
//~     let _ = pipeline! { |_: u32| when(|n: u32| n > 3) < double > };
//~                                           ^^^
