// Nor do other attributes apply to the header.
use async_orch::pipeline;

fn main() {
    let _ = pipeline! {
        #[allow(unused)]
        let n = 3;
        |_: u32|
        |m| { m + n }
    };
}
//~         #[allow(unused)]
//~         ^
