use async_orch::{pipeline, task};

#[task]
fn double(n: u32) -> u32 {
    n * 2
}

fn main() {
    fn big(n: u32) -> bool { n > 3 }
    let _ = pipeline! { |_: u32| when(big) < double > };
}
//~     let _ = pipeline! { |_: u32| when(big) < double > };
//~                                       ^^^
