use async_orch::pipeline;

fn main() {
    let _ = pipeline! { |_: u32| |a, b, cx| { a } };
}
//~     let _ = pipeline! { |_: u32| |a, b, cx| { a } };
//~                                    ^
