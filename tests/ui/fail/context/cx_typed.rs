use async_orch::pipeline;

fn main() {
    let _ = pipeline! { |_: u32| |n, cx: &async_orch::Context| { n } };
}
//~     let _ = pipeline! { |_: u32| |n, cx: &async_orch::Context| { n } };
//~                                    ^
