use async_orch::{pipeline, task};

#[task]
fn save(path: String, n: u32) -> usize {
    path.len() + n as usize
}

fn main() {
    let _ = pipeline! { |path: String| save(&path) };
}
//~     let _ = pipeline! { |path: String| save(&path) };
//~                                             ^^^^^
//~     let _ = pipeline! { |path: String| save(&path) };
//~                                        ^^^^
