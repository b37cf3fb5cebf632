use async_orch::{pipeline, task};

#[task]
async fn fetch(id: u32) -> std::io::Result<String> {
    Ok(id.to_string())
}

fn main() {
    let rc = std::rc::Rc::new(3);
    let _ = pipeline! { |_: u32| retry(when = move |e| e.attempts() > *rc) < fetch > };
}
//~     let _ = pipeline! { |_: u32| retry(when = move |e| e.attempts() > *rc) < fetch > };
//~                                               ^^^^
