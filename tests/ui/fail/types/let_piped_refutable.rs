use async_orch::pipeline;

fn main() {
    let _ = pipeline! {
        |_: Vec<Option<u32>>|
        each < let Some(id) = _ |_| { *id } >
    };
}
//~         each < let Some(id) = _ |_| { *id } >
//~                    ^^^^^^^^
