use async_orch::pipeline;

fn main() {
    let _p = pipeline! { |_: u32| |n, context| { n + context.attempt() } };
}
//~     let _p = pipeline! { |_: u32| |n, context| { n + context.attempt() } };
//~                                       ^^^^^^^
