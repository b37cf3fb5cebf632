// A predicate looks for an error that is none.
use async_orch::{pipeline, task};

struct Oops;

#[task]
async fn one() -> Result<u32, std::fmt::Error> {
    Ok(1)
}

fn main() {
    let _ = pipeline! {
        retry(when = |e| e.is::<Oops>()) < one() >
    };
}
//~         retry(when = |e| e.is::<Oops>()) < one() >
//~                                 ^^^^
