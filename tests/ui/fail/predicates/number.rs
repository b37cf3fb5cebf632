// A predicate that gives no `bool`.
use async_orch::{pipeline, task};

#[task]
async fn one() -> Result<u32, std::io::Error> {
    Ok(1)
}

fn main() {
    let _ = pipeline! {
        retry(when = |e| e.attempts()) < one() >
    };
}
//~         retry(when = |e| e.attempts()) < one() >
//~                          ^^^^^^^^^^^^
