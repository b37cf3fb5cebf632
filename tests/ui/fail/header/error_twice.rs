use async_orch::{pipeline, task};

#[task]
async fn one() -> u32 {
    1
}

fn main() {
    let _ = pipeline! {
        error = async_orch::BoxError;
        error = std::io::Error;
        one()
    };
}
//~         error = std::io::Error;
//~         ^^^^^
