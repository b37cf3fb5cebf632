use async_orch::{pipeline, task};

#[task]
fn double(n: u32) -> u32 {
    n * 2
}

fn main() {
    let rc = std::rc::Rc::new(3u32);
    let _ = pipeline! { |_: u32| choose(*rc) < 1 => double, _ => double(1) > };
}
//~     let _ = pipeline! { |_: u32| choose(*rc) < 1 => double, _ => double(1) > };
//~                                         ^
