// What is no task is one error, however many steps name it.
use async_orch::{pipeline, task};

#[task]
fn first(list: &[String]) -> &str {
    &list[0]
}

fn main() {
    let list = vec!["a".to_owned()];
    let p = pipeline! { seq < first(&list) par < first(&list) first(&list) > |(a, b)| { a + b } > };
    drop(p.run(()));
}
//~ fn first(list: &[String]) -> &str {
//~                              ^
