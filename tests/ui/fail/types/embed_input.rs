// The embedded pipeline takes another input.
use async_orch::{pipeline, task};

#[task]
async fn one() -> u32 {
    1
}

#[task]
async fn shout(text: String) -> String {
    text
}

fn main() {
    let inner = pipeline! { |_: String| shout };
    let _ = pipeline! {
        seq < one { &inner } >
    };
}
//~         seq < one { &inner } >
//~                   ^^^^^^^^^^
