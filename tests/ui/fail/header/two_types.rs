use async_orch::pipeline;

fn main() {
    let _ = pipeline! { |n: &mut u32: u32| |_| { *n } };
}
//~     let _ = pipeline! { |n: &mut u32: u32| |_| { *n } };
//~                             ^^^^^^^^^^^^^
