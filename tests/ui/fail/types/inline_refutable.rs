use async_orch::pipeline;

fn main() {
    let _ = pipeline! { |_: Option<u32>| |Some(n)| { n } };
}
//~     let _ = pipeline! { |_: Option<u32>| |Some(n)| { n } };
//~                                           ^^^^^^^
