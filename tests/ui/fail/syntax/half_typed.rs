// As typed so far.
use async_orch::pipeline;

fn main() {
    let _ = pipeline! { seq < tasks:: > };
}
//~     let _ = pipeline! { seq < tasks:: > };
//~                                     ^
