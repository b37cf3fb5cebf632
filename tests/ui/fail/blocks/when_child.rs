use async_orch::{pipeline, task};

#[task]
async fn length(text: String) -> u32 {
    text.len() as u32
}

fn main() {
    let _ = pipeline! {
        |_: u32|
        when(|n| *n > 9) < length >
    };
}
//~         when(|n| *n > 9) < length >
//~                            ^^^^^^
