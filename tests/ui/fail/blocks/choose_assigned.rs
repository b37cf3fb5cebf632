use async_orch::{pipeline, task};

#[task]
fn double(n: u32) -> u32 {
    n * 2
}

fn main() {
    let n = 3;
    let _ = pipeline! { |_: u32| choose(n = 3) < true => double, false => double(1) > };
}
//~     let _ = pipeline! { |_: u32| choose(n = 3) < true => double, false => double(1) > };
//~                                           ^
