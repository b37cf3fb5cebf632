use async_orch::pipeline;

fn main() {
    let _ = pipeline! {
        |Some(n): Option<u32>|
        |()| { *n }
    };
}
//~         |Some(n): Option<u32>|
//~          ^^^^^^^
