// A builder, where its `build()` was forgotten.

use async_orch::{Breaker, pipeline, task};

#[task]
async fn fetch(id: u32) -> Result<u32, std::io::Error> {
    Ok(id)
}

fn main() {
    let bank = Breaker::builder().fail_max(3);
    let _ = pipeline! { |_: u32| circuit(breaker = bank) < fetch > };
}
//~     let _ = pipeline! { |_: u32| circuit(breaker = bank) < fetch > };
//~                                                    ^^^^
