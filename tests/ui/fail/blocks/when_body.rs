use async_orch::{pipeline, task};

#[task]
async fn length(text: String) -> usize {
    text.len()
}

fn main() {
    let _ = pipeline! {
        |_: String|
        seq < when(|text| text.len() > 9) < length > |n| { n + 1 } >
    };
}
//~         seq < when(|text| text.len() > 9) < length > |n| { n + 1 } >
//~                                             ^^^^^^
