use async_orch::pipeline;

fn main() {
    let data = String::new();
    let _ = pipeline! { move async |()| { data } };
}
//~     let _ = pipeline! { move async |()| { data } };
//~                                           ^^^^
