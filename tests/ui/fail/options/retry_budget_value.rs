use async_orch::{pipeline, task};

#[task]
async fn number(n: u32) -> Result<u32, String> {
    Ok(n)
}

fn main() {
    let _p = pipeline! { |_: u32| retry(budget = 0.1) < number > };
}
//~     let _p = pipeline! { |_: u32| retry(budget = 0.1) < number > };
//~                                                  ^^^
