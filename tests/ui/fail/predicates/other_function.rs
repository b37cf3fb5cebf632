use async_orch::{pipeline, task};

#[task]
async fn fetch(id: u32) -> std::io::Result<String> {
    Ok(id.to_string())
}

fn main() {
    fn big(n: u32) -> bool { n > 3 }
    let _ = pipeline! { |_: u32| fallback(when = big) < fetch fetch > };
}
//~     let _ = pipeline! { |_: u32| fallback(when = big) < fetch fetch > };
//~                                                  ^^^
