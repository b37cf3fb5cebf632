use async_orch::{pipeline, task};

#[task]
fn small(n: u32) -> u32 {
    n
}

#[task]
fn large(n: u32) -> u32 {
    n / 2
}

fn main() {
    let _ = pipeline! { |parcel: Option<u32>| seq < if let Some(n) = parcel < small(*n) > |_| { 0 } > };
}
//~     let _ = pipeline! { |parcel: Option<u32>| seq < if let Some(n) = parcel < small(*n) > |_| { 0 } > };
//~                                                     ^^
