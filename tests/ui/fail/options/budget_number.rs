use async_orch::{pipeline, task};

#[task]
async fn fetch(id: u32) -> std::io::Result<String> {
    Ok(id.to_string())
}

fn main() {
    let share = 0.2;
    let _ = pipeline! { |_: u32| retry(budget = share) < fetch > };
}
//~     let _ = pipeline! { |_: u32| retry(budget = share) < fetch > };
//~                                                 ^^^^^
