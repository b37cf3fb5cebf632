// A step cannot give a borrow of what it is given.
use async_orch::{pipeline, task};

#[task]
async fn text() -> String {
    String::new()
}

fn main() {
    let _ = pipeline! {
        seq < text |text| { text.as_str() } |text| { text.len() } >
    };
}
//~         seq < text |text| { text.as_str() } |text| { text.len() } >
//~                             ^^^^^^^^^^^^^
