use async_orch::pipeline;

fn main() {
    let _ = pipeline! { |_: u32| |n, cx| { n + cx.attempts() } };
}
//~     let _ = pipeline! { |_: u32| |n, cx| { n + cx.attempts() } };
//~                                                   ^^^^^^^^
