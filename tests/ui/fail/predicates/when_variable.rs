use async_orch::{pipeline, task};

#[task]
async fn number(n: u32) -> Result<u32, String> {
    Ok(n)
}

fn main() {
    let transient = true;
    let _p = pipeline! { |_: u32| retry(when = transient) < number > };
}
//~     let _p = pipeline! { |_: u32| retry(when = transient) < number > };
//~                                                ^^^^^^^^^
