use async_orch::pipeline;

fn main() {
    let _ = pipeline! { seq < println!("x") > };
}
//~     let _ = pipeline! { seq < println!("x") > };
//~                                      ^
