use async_orch::pipeline;

fn main() {
    let _ = pipeline! { seq < > };
}
//~     let _ = pipeline! { seq < > };
//~                             ^
