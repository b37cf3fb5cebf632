use async_orch::task;

#[task]
fn first(list: &[String]) -> &str {
    &list[0]
}

fn main() {
    let _ = first(&[]);
}
//~ fn first(list: &[String]) -> &str {
//~                              ^
