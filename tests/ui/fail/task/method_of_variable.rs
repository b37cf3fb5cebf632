use async_orch::{pipeline, task};

#[task]
fn double(n: u32) -> u32 {
    n * 2
}

fn main() {
    let client = String::new();
    let _ = pipeline! { |_: u32| seq < double client.fetch(_) > };
    drop(client);
}
//~     let _ = pipeline! { |_: u32| seq < double client.fetch(_) > };
//~                                                     ^
