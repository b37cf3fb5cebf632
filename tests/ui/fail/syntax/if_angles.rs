use async_orch::{pipeline, task};

#[task]
fn double(n: u32) -> u32 {
    n * 2
}

#[task]
fn one() -> u32 {
    1
}

fn main() {
    let _ = pipeline! { |flag: bool| seq < one if *flag < double > > };
}
//~     let _ = pipeline! { |flag: bool| seq < one if *flag < double > > };
//~                                                ^^
