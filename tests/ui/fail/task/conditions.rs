// Each condition doubles what has to be written.
use async_orch::task;

#[task]
fn many(
    #[cfg(unix)] _a: u32,
    #[cfg(windows)] _b: u32,
    #[cfg(debug_assertions)] _c: u32,
    #[cfg(target_pointer_width = "64")] _d: u32,
    #[cfg(test)] _e: u32,
) {
}

fn main() {}
//~ fn many(
//~    ^^^^
