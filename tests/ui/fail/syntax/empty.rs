use async_orch::pipeline;

fn main() {
    let _ = pipeline! {};
}
//~     let _ = pipeline! {};
//~             ^^^^^^^^^^^^
