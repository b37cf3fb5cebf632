use async_orch::{pipeline, task};

#[task]
fn double(n: u32) -> u32 {
    n * 2
}

fn main() {
    let _ = pipeline! { |_: Vec<u32>| each(8) < double > };
}
//~     let _ = pipeline! { |_: Vec<u32>| each(8) < double > };
//~                                            ^
