use async_orch::{pipeline, task};

#[task]
async fn number(n: u32) -> u32 {
    n
}

fn main() {
    let _ = pipeline! {
        |most: String|
        retry(max_attempts = most.len()) < number(1) >
    };
}
//~         retry(max_attempts = most.len()) < number(1) >
//~                              ^^^^^^^^^^
