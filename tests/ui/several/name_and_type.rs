use async_orch::{pipeline, task};

#[task]
fn double(n: u32) -> u32 {
    n * 2
}

#[task]
fn len(text: String) -> usize {
    text.len()
}

fn main() {
    let _ = pipeline! { |_: u32| seq(name = 3) < double len > };
}
//~     let _ = pipeline! { |_: u32| seq(name = 3) < double len > };
//~                                             ^
//~     let _ = pipeline! { |_: u32| seq(name = 3) < double len > };
//~                                                         ^^^
