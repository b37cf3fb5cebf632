use async_orch::pipeline;

struct Token(u32);

fn main() {
    let _ = pipeline! {
        |_: Token|
        retry < let token = _ |_| { if token.0 > 0 { Ok(token.0) } else { Err("empty") } } >
    };
}
//~         retry < let token = _ |_| { if token.0 > 0 { Ok(token.0) } else { Err("empty") } } >
//~         ^^^^^
