use async_orch::pipeline;

fn main() {
    let _ = pipeline! { |_: u32| |cx| { cx.attempt() } };
}
//~     let _ = pipeline! { |_: u32| |cx| { cx.attempt() } };
//~                                   ^^
