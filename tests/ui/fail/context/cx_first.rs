use async_orch::pipeline;

fn main() {
    let _ = pipeline! { |_: u32| |cx, n| { n + cx.attempt() } };
}
//~     let _ = pipeline! { |_: u32| |cx, n| { n + cx.attempt() } };
//~                                     ^
