// Its values are made in an inline step; it is asked for once, with all of its arguments.
use async_orch::{pipeline, task};

struct Pair(u32, String);

#[task]
async fn one() -> u32 {
    1
}

#[task]
async fn sum(pair: Pair) -> usize {
    pair.0 as usize + pair.1.len()
}

fn main() {
    let _ = pipeline! { retry < one > };
    let _ = pipeline! { seq < let n = one Pair(*n, "two".to_owned(),) sum > };
}

//~     let _ = pipeline! { seq < let n = one Pair(*n, "two".to_owned(),) sum > };
//~                                           ^^^^
