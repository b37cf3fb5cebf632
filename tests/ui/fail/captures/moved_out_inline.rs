use async_orch::pipeline;

fn main() {
    let data = String::new();
    let _ = pipeline! { |()| { data } };
}
//~     let _ = pipeline! { |()| { data } };
//~                                ^^^^
