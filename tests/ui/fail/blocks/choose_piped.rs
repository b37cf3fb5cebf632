use async_orch::{pipeline, task};

#[task]
async fn number(n: u32) -> u32 {
    n
}

fn main() {
    let _ = pipeline! {
        |_: String|
        choose(|text| text.len()) < 0 => number, _ => |text| { text.len() as u32 } >
    };
}
//~         choose(|text| text.len()) < 0 => number, _ => |text| { text.len() as u32 } >
//~                                          ^^^^^^
