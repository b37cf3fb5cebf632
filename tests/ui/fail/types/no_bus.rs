// What is no bus.
use async_orch::{pipeline, task};

#[task]
async fn one() -> u32 {
    1
}

fn main() {
    let _ = pipeline! { one() }.with_bus(println);

    fn println(_text: &str) {}
}
//~     let _ = pipeline! { one() }.with_bus(println);
//~                                          ^^^^^^^
