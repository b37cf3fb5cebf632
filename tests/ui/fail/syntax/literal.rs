use async_orch::pipeline;

fn main() {
    let _ = pipeline! { seq < 1 > };
}
//~     let _ = pipeline! { seq < 1 > };
//~                               ^
